import type { PlatformTx, TenantTx } from '../../platform/database/index.js';

/** Whose lists: a tenant's, by its id; undefined: the platform's, which hold for every tenant. */
export type WordOwner = string | undefined;

/** A transaction that may see the rows of an owner: the platform's for its own, the tenant's for a tenant's. */
export type OwnerTx = PlatformTx | TenantTx;

/** Where an owner's lists lie. In every statement the owner is $1. */
export interface WordTables {
  readonly lists: string;
  readonly words: string;
  /** The owner's rows; also in statements that join, where both tables have them. */
  readonly mine: string;
  /** Leads the columns of an insert, as `keyValue` leads its values. */
  readonly keyColumn: string;
  readonly keyValue: string;
  /** The condition of an insert: holds always, and lets PostgreSQL know what $1 is. */
  readonly always: string;
}

const OF_PLATFORM: WordTables = { lists: 'word_lists', words: 'words', mine: '$1::uuid IS NULL', keyColumn: '', keyValue: '', always: '$1::uuid IS NULL' };
const OF_TENANT: WordTables = { lists: 'tenant_word_lists', words: 'tenant_words', mine: 'tenant_id = $1', keyColumn: 'tenant_id, ', keyValue: '$1::uuid, ', always: '$1::uuid IS NOT NULL' };

export function tablesOf(owner: WordOwner): WordTables {
  return owner === undefined ? OF_PLATFORM : OF_TENANT;
}
