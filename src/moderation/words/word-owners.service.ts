import { Injectable } from '@nestjs/common';
import { enterTenant, type PlatformContext } from '../../platform/context/index.js';
import { Database, violatedConstraint } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { TenantService } from '../../tenants/index.js';
import type { WordList } from './word-list.js';
import { WordListRepository } from './word-list.repository.js';
import type { OwnerTx, WordOwner } from './word-owner.js';

/** Platform staff's way to the lists of an owner. */
@Injectable()
export class WordOwners {
  constructor(private readonly database: Database, private readonly tenants: TenantService, private readonly lists: WordListRepository) {}

  /** @throws not_found (param `id`: the tenant), conflict (param `name` or `text`, which another list or word of the owner has), and what `work` throws */
  async inside<T>(ctx: PlatformContext, owner: WordOwner, work: (tx: OwnerTx) => Promise<T>): Promise<T> {
    try {
      if (owner === undefined) return await this.database.inPlatform(ctx, work);
      const tenant = await this.tenants.read(ctx, owner);
      return await this.database.inTenant(enterTenant(ctx, tenant.id), work);
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint?.endsWith('word_lists_name_key') === true) throw new DomainError('conflict', { param: 'name', message: 'name is taken by another list', cause: error });
      if (constraint?.endsWith('words_text_key') === true) throw new DomainError('conflict', { param: 'text', message: 'text stands in this list already', cause: error });
      throw error;
    }
  }

  /** @throws not_found */
  async find(tx: OwnerTx, owner: WordOwner, listId: string): Promise<WordList> {
    return foundList(owner, await this.lists.find(tx, owner, listId));
  }

  /** The list, with all of the owner's locked: nobody else changes them or their words until the end of the transaction. @throws not_found */
  async lock(tx: OwnerTx, owner: WordOwner, listId: string): Promise<{ readonly list: WordList; readonly wordsOfAll: number }> {
    const all = await this.lists.lockAll(tx, owner);
    const list = foundList(owner, all.find(({ id }) => id === listId));
    return { list, wordsOfAll: all.reduce((sum, { wordCount }) => sum + wordCount, 0) };
  }
}

/** The name of the id in the path differs: a tenant's stands before it. */
export function foundList<T>(owner: WordOwner, list: T | undefined): T {
  if (list === undefined) throw new DomainError('not_found', { param: owner === undefined ? 'id' : 'list_id' });
  return list;
}
