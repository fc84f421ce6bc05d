import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import type { EntryKind } from '../text/lexicon-entry.js';
import { Lexicons } from './lexicons.service.js';
import { MOST_WORDS, wordFault, type Word, type WordDraft } from './word-list.js';
import { WordListRepository } from './word-list.repository.js';
import type { OwnerTx, WordOwner } from './word-owner.js';
import { WordOwners } from './word-owners.service.js';
import { WordRepository } from './word.repository.js';

export interface WordSearch {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly q?: string | undefined;
  readonly kind?: EntryKind | undefined;
}

/** Keeps the words of lists, one by one. What is changed here holds on every node within moments. */
@Injectable()
export class WordService {
  constructor(private readonly owners: WordOwners, private readonly lists: WordListRepository, private readonly words: WordRepository, private readonly lexicons: Lexicons) {}

  /** Newest first. @throws not_found, invalid_request (param `cursor`) */
  async list(ctx: PlatformContext, owner: WordOwner, listId: string, { cursor, limit, q, kind }: WordSearch): Promise<Page<Word>> {
    const before = decodeCursor(cursor, [ID])?.[0];
    const rows = await this.owners.inside(ctx, owner, async (tx) => {
      await this.owners.find(tx, owner, listId);
      return this.words.list(tx, owner, listId, { q, kind, before, count: limit + 1 });
    });
    return pageOf(rows, limit, ({ id }) => [id]);
  }

  /** @throws not_found */
  async read(ctx: PlatformContext, owner: WordOwner, listId: string, id: string): Promise<Word> {
    return this.owners.inside(ctx, owner, async (tx) => {
      await this.owners.find(tx, owner, listId);
      return this.found(tx, owner, listId, id);
    });
  }

  /** @throws not_found, invalid_request (param `text`: nothing can be searched for by it), conflict (param `text`; or the owner has as many words as it may) */
  async create(ctx: PlatformContext, owner: WordOwner, listId: string, draft: WordDraft): Promise<Word> {
    const id = newId();
    checkWord(draft);
    return this.write(ctx, owner, listId, async (tx, wordsOfAll) => {
      if (wordsOfAll >= MOST_WORDS) throw tooMany();
      await this.words.insert(tx, owner, listId, id, draft);
      return { id, grown: 1, changed: true };
    });
  }

  /** @throws not_found, invalid_request and conflict as `create` */
  async replace(ctx: PlatformContext, owner: WordOwner, listId: string, id: string, draft: WordDraft): Promise<Word> {
    checkWord(draft);
    return this.write(ctx, owner, listId, async (tx) => ({ id, grown: 0, changed: await this.words.update(tx, owner, listId, id, draft) }));
  }

  /** @throws not_found */
  async remove(ctx: PlatformContext, owner: WordOwner, listId: string, id: string): Promise<void> {
    await this.owners.inside(ctx, owner, async (tx) => {
      await this.owners.lock(tx, owner, listId);
      if (!(await this.words.remove(tx, owner, listId, id))) throw missingWord();
      await this.lists.touch(tx, owner, listId, -1);
    });
    await this.lexicons.tell(owner);
  }

  private async write(ctx: PlatformContext, owner: WordOwner, listId: string, work: (tx: OwnerTx, wordsOfAll: number) => Promise<{ readonly id: string; readonly grown: number; readonly changed: boolean }>): Promise<Word> {
    const written = await this.owners.inside(ctx, owner, async (tx) => {
      const { wordsOfAll } = await this.owners.lock(tx, owner, listId);
      const { id, grown, changed } = await work(tx, wordsOfAll);
      if (changed) await this.lists.touch(tx, owner, listId, grown);
      return { word: await this.found(tx, owner, listId, id), changed };
    });
    if (written.changed) await this.lexicons.tell(owner);
    return written.word;
  }

  private async found(tx: OwnerTx, owner: WordOwner, listId: string, id: string): Promise<Word> {
    const word = await this.words.find(tx, owner, listId, id);
    if (word === undefined) throw missingWord();
    return word;
  }
}

export function tooMany(): DomainError {
  return new DomainError('conflict', { message: `all lists together can have at most ${MOST_WORDS} words` });
}

function checkWord({ text }: WordDraft): void {
  const fault = wordFault(text);
  if (fault !== undefined) throw new DomainError('invalid_request', { param: 'text', message: fault });
}

function missingWord(): DomainError {
  return new DomainError('not_found', { param: 'word_id' });
}
