import { closeSync, createReadStream, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname } from 'node:path';

/** What a line of the journal is about; its value is the whole new state of the thing. */
export const KINDS = ['keys', 'clock', 'merchant', 'balance', 'order', 'refund', 'notice', 'noticed'] as const;
export type Kind = (typeof KINDS)[number];

/** A change as it stands in the file. */
export interface Entry {
  readonly kind: Kind;
  readonly value: unknown;
}

/**
 * An append-only file of JSON lines. A change is written before it is answered, so that a killed
 * process loses nothing that anybody was told. At a start the file is read, the last line of each
 * thing counts, and a shorter one takes its place by renaming; a line that was cut off by the
 * end of a process is left out, because nobody was told about it.
 */
export class Journal {
  #file: number | undefined;

  /** Reads what an earlier process left. Throws for a file that is no journal. */
  static async *read(path: string): AsyncGenerator<Entry> {
    if (!existsSync(path)) return;
    const foreign = (line: string): Error => new Error(`${path} is no state of a WeChat Pay simulator: "${line.slice(0, 40)}".`);
    let isEmpty = true;
    let torn: string | undefined;
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      if (torn !== undefined) throw foreign(torn);
      const entry = parse(line);
      if (entry) {
        isEmpty = false;
        yield entry;
      } else if (line !== '') torn = line;
    }
    // The first lines came by renaming, so they are whole.
    if (torn !== undefined && isEmpty) throw foreign(torn);
  }

  /** Replaces the file by these entries, in one step, and appends to it from now on. */
  replace(path: string, entries: Iterable<Entry>): void {
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.new`;
    // The keys in it are secrets of a sort, though they open nothing real.
    const file = openSync(fresh, 'w', 0o600);
    for (const entry of entries) writeLine(file, entry);
    fsyncSync(file);
    renameSync(fresh, path);
    this.#file = file;
  }

  /** Appends a change; it is with the operating system when this returns. Nothing happens without a file. */
  readonly write = (kind: Kind, value: unknown): void => {
    if (this.#file !== undefined) writeLine(this.#file, { kind, value });
  };

  close(): void {
    if (this.#file === undefined) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#file = undefined;
  }
}

function writeLine(file: number, entry: Entry): void {
  const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

function parse(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Entry;
    return KINDS.includes(entry.kind) ? entry : undefined;
  } catch {
    return undefined;
  }
}
