import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { systemContext, systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { newId } from '../../platform/values/index.js';
import { entryOf, type ListedEntry, type WordList } from './word-list.js';
import { WordListRepository } from './word-list.repository.js';
import type { OwnerTx, WordOwner } from './word-owner.js';
import { WordRepository } from './word.repository.js';

/** Words that are read at once. A transaction of its own for each page: nobody's connection is kept for long. */
const PAGE = 2_500;

/** Which lists hold now, as short texts that differ whenever one of them changed. */
export interface ListVersions {
  readonly platform: string;
  /** By tenant; those without any words are not in it. */
  readonly tenants: ReadonlyMap<string, string>;
}

/** Reads the lists for those who search texts. */
@Injectable()
export class WordReading {
  constructor(private readonly database: Database, private readonly lists: WordListRepository, private readonly words: WordRepository) {}

  async versions(): Promise<ListVersions> {
    const { platform, tenants } = await this.database.inPlatform(systemPlatformContext('words', newId()), (tx) => this.lists.prints(tx));
    return { platform: shortDigest(platform), tenants: new Map([...tenants].map(([tenantId, print]) => [tenantId, shortDigest(print)])) };
  }

  /** The words of the enabled lists, at least as new as the versions that were read before. */
  async entries(owner: WordOwner): Promise<readonly ListedEntry[]> {
    const lists = await this.read(owner, (tx) => this.lists.enabled(tx, owner));
    const entries: ListedEntry[] = [];
    for (const list of lists) await this.readList(owner, list, entries);
    return entries;
  }

  private async readList(owner: WordOwner, list: WordList, entries: ListedEntry[]): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page = await this.read(owner, (tx) => this.words.following(tx, owner, list.id, after, PAGE));
      for (const word of page) entries.push(entryOf(word, list));
      if (page.length < PAGE) return;
      after = page.at(-1)?.id;
    }
  }

  private async read<T>(owner: WordOwner, work: (tx: OwnerTx) => Promise<T>): Promise<T> {
    return owner === undefined ? this.database.inPlatform(systemPlatformContext('words', newId()), work) : this.database.inTenant(systemContext(owner, 'words', newId()), work);
  }
}

/** 72 bits: two states of one owner's lists never share them by accident. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
