import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { UnreadableFile } from './csv.js';
import { Lexicons } from './lexicons.service.js';
import { ImportReading, type BadLine } from './import-reading.js';
import { csvHeader, csvWord, readWordFile, type WordFileType } from './word-file.js';
import { MOST_WORDS, type WordDraft, type WordList } from './word-list.js';
import { WordListRepository } from './word-list.repository.js';
import type { OwnerTx, WordOwner } from './word-owner.js';
import { WordOwners } from './word-owners.service.js';
import { WordRepository } from './word.repository.js';
import { tooMany } from './word.service.js';

/** Most bytes of a file. */
export const FILE_LIMIT = 8 * 1_024 * 1_024;
/** Words of one statement, and of one page of an export. */
const BATCH = 2_500;
/** Lines that are read before others have their turn. */
const LINES_AT_ONCE = 500;

/** `add`: what the file does not name stays; `replace`: it is removed. */
export const IMPORT_MODES = ['add', 'replace'] as const;
export type ImportMode = (typeof IMPORT_MODES)[number];

export interface ImportReport {
  readonly list: WordList;
  readonly added: number;
  readonly updated: number;
  /** Stood in the list as the file has them. */
  readonly unchanged: number;
  readonly removed: number;
  /** How many lines were skipped; the first of them by what is wrong. */
  readonly badLines: number;
  readonly firstBadLines: readonly BadLine[];
}

/** Takes in and gives out whole lists, as files. */
@Injectable()
export class WordImport {
  constructor(private readonly owners: WordOwners, private readonly lists: WordListRepository, private readonly words: WordRepository, private readonly lexicons: Lexicons) {}

  /**
   * One transaction: all of the file's good lines, or nothing. The same file again changes nothing.
   * @throws not_found; invalid_request (param `body`: not UTF-8, no CSV, or nothing in it); conflict (more words than the owner may have)
   */
  async import(ctx: PlatformContext, owner: WordOwner, listId: string, file: { readonly type: WordFileType; readonly bytes: Uint8Array }, mode: ImportMode): Promise<ImportReport> {
    await this.owners.inside(ctx, owner, (tx) => this.owners.find(tx, owner, listId));
    const reading = await readWords(file);
    const drafts = reading.drafts;
    if (drafts.length === 0 && (mode === 'replace' || reading.badLines === 0)) throw unreadable('the body has no line that could be listed');
    const { before, report } = await this.owners.inside(ctx, owner, async (tx) => {
      const { list, wordsOfAll } = await this.owners.lock(tx, owner, listId);
      const removed = mode === 'replace' ? await this.words.keepOnly(tx, owner, listId, drafts.map(({ text }) => text)) : 0;
      const { added, updated } = await this.put(tx, owner, listId, drafts);
      if (wordsOfAll - removed + added > MOST_WORDS) throw tooMany();
      if (added + updated + removed > 0) await this.lists.touch(tx, owner, listId, added - removed);
      const after = await this.owners.find(tx, owner, listId);
      return { before: list, report: { list: after, added, updated, unchanged: drafts.length - added - updated, removed, badLines: reading.badLines, firstBadLines: reading.firstBadLines } };
    });
    if (report.list.version !== before.version) await this.lexicons.tell(owner);
    return report;
  }

  /** The list as a CSV file that `import` takes: with the mark that spreadsheets want before UTF-8, oldest word first. @throws not_found, before the first line */
  async export(ctx: PlatformContext, owner: WordOwner, listId: string): Promise<AsyncIterable<string>> {
    await this.owners.inside(ctx, owner, (tx) => this.owners.find(tx, owner, listId));
    return this.lines(ctx, owner, listId);
  }

  private async *lines(ctx: PlatformContext, owner: WordOwner, listId: string): AsyncGenerator<string> {
    yield csvHeader();
    for (let after: string | undefined; ; ) {
      const page = await this.owners.inside(ctx, owner, (tx) => this.words.following(tx, owner, listId, after, BATCH));
      if (page.length > 0) yield page.map((word) => csvWord(word)).join('');
      if (page.length < BATCH) return;
      after = page.at(-1)?.id;
    }
  }

  private async put(tx: OwnerTx, owner: WordOwner, listId: string, drafts: readonly WordDraft[]): Promise<{ added: number; updated: number }> {
    const sum = { added: 0, updated: 0 };
    for (let at = 0; at < drafts.length; at += BATCH) {
      const { added, updated } = await this.words.put(tx, owner, listId, drafts.slice(at, at + BATCH));
      sum.added += added;
      sum.updated += updated;
    }
    return sum;
  }
}

/** In steps: a large file must not keep the answers of others waiting. */
async function readWords({ type, bytes }: { readonly type: WordFileType; readonly bytes: Uint8Array }): Promise<ImportReading> {
  const reading = new ImportReading();
  try {
    let lines = 0;
    for (const line of readWordFile(decoded(bytes), type)) {
      if (line !== undefined && reading.take(line) > MOST_WORDS) throw tooMany();
      lines += 1;
      if (lines % LINES_AT_ONCE === 0) await nextTurn();
    }
  } catch (error) {
    throw error instanceof UnreadableFile ? unreadable(error.message) : error;
  }
  return reading;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('the body must be UTF-8 (spreadsheets call it "CSV UTF-8")');
  }
}

function unreadable(message: string): DomainError {
  return new DomainError('invalid_request', { param: 'body', message });
}
