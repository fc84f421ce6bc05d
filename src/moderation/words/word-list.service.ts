import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import { Lexicons } from './lexicons.service.js';
import { MOST_LISTS, type WordList, type WordListChange, type WordListDraft } from './word-list.js';
import { WordListRepository } from './word-list.repository.js';
import type { WordOwner } from './word-owner.js';
import { WordOwners, foundList } from './word-owners.service.js';

const FIELDS = ['name', 'category', 'severity', 'action', 'enabled'] as const;

/** Keeps the lists, of the platform and of tenants. What is changed here holds on every node within moments. */
@Injectable()
export class WordListService {
  constructor(private readonly owners: WordOwners, private readonly lists: WordListRepository, private readonly lexicons: Lexicons) {}

  /** Newest first. @throws not_found (param `id`: the tenant), invalid_request (param `cursor`) */
  async list(ctx: PlatformContext, owner: WordOwner, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<WordList>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.owners.inside(ctx, owner, (tx) => this.lists.list(tx, owner, before, query.limit + 1));
    return pageOf(rows, query.limit, ({ id }) => [id]);
  }

  /** @throws not_found */
  async read(ctx: PlatformContext, owner: WordOwner, id: string): Promise<WordList> {
    return this.owners.inside(ctx, owner, (tx) => this.owners.find(tx, owner, id));
  }

  /** Empty, so nothing changes for anybody yet. @throws not_found (the tenant), conflict (param `name`; or the owner has as many lists as it may) */
  async create(ctx: PlatformContext, owner: WordOwner, draft: WordListDraft): Promise<WordList> {
    const id = newId();
    return this.owners.inside(ctx, owner, async (tx) => {
      if ((await this.lists.lockAll(tx, owner)).length >= MOST_LISTS) throw new DomainError('conflict', { message: `there can be at most ${MOST_LISTS} lists` });
      await this.lists.insert(tx, owner, id, draft);
      return this.owners.find(tx, owner, id);
    });
  }

  /** @throws not_found, conflict (param `name`) */
  async update(ctx: PlatformContext, owner: WordOwner, id: string, change: WordListChange): Promise<WordList> {
    const { before, after } = await this.owners.inside(ctx, owner, async (tx) => {
      const { list } = await this.owners.lock(tx, owner, id);
      const draft = changed(list, change);
      if (FIELDS.every((field) => draft[field] === list[field])) return { before: list, after: list };
      await this.lists.update(tx, owner, id, draft);
      return { before: list, after: await this.owners.find(tx, owner, id) };
    });
    if (after !== before) await this.lexicons.tell(owner);
    return after;
  }

  /** With its words. @throws not_found */
  async remove(ctx: PlatformContext, owner: WordOwner, id: string): Promise<void> {
    const removed = await this.owners.inside(ctx, owner, (tx) => this.lists.remove(tx, owner, id));
    foundList(owner, removed ? id : undefined);
    await this.lexicons.tell(owner);
  }
}

function changed(list: WordList, change: WordListChange): WordListDraft {
  return {
    name: change.name ?? list.name, category: change.category ?? list.category, severity: change.severity ?? list.severity,
    action: change.action ?? list.action, enabled: change.enabled ?? list.enabled,
  };
}
