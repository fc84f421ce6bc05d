import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What is kept: the newest line of a kind and key is the state of it. */
export interface Entry {
  readonly kind: 'keys' | 'merchant' | 'order' | 'refund';
  readonly value: unknown;
}

/**
 * The simulator's memory over restarts: one JSON line for each change, written before it is answered. Without a file
 * it forgets everything when it ends.
 */
export class Journal {
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  write(entry: Entry): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  /** Everything that was written, oldest first. A last line that was cut by a crash is left out: it was never answered. */
  read(): Entry[] {
    if (this.#file === undefined || !existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    const whole = lines.slice(0, -1);
    if (lines.at(-1) !== '') appendFileSync(this.#file, '\n');
    return whole.flatMap((line) => {
      try {
        return [JSON.parse(line) as Entry];
      } catch {
        return [];
      }
    });
  }
}
