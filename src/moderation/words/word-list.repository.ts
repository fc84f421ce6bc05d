import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import type { Severity, WordAction } from '../text/lexicon-entry.js';
import type { WordList, WordListDraft } from './word-list.js';
import { tablesOf, type OwnerTx, type WordOwner } from './word-owner.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly severity: Severity;
  readonly action: WordAction;
  readonly enabled: boolean;
  readonly version: string;
  readonly word_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** What tells the lists of one state from those of another: ids, versions, and how they stand. */
const PRINT = `string_agg(id::text || ':' || version::text, ',' ORDER BY id)`;
const ENTERED = ['name', 'category', 'severity', 'action', 'enabled'] as const;
const READ = `id, ${ENTERED.join(', ')}, version, word_count, created_at, updated_at`;

/** The enabled lists with words in them, of everybody, as texts that differ whenever one of them changed. */
export interface ListPrints {
  readonly platform: string;
  /** By tenant; those without any are not in it. */
  readonly tenants: ReadonlyMap<string, string>;
}

/** The tables `word_lists` and `tenant_word_lists`. */
@Injectable()
export class WordListRepository {
  async prints(tx: PlatformTx): Promise<ListPrints> {
    const rows = await tx.query<{ tenant_id: string | null; print: string }>(`
      SELECT NULL::uuid AS tenant_id, ${PRINT} AS print FROM word_lists WHERE enabled AND word_count > 0 HAVING count(*) > 0
      UNION ALL SELECT tenant_id, ${PRINT} FROM tenant_word_lists WHERE enabled AND word_count > 0 GROUP BY tenant_id`);
    return {
      platform: rows.find((row) => row.tenant_id === null)?.print ?? '',
      tenants: new Map(rows.flatMap(({ tenant_id, print }) => (tenant_id === null ? [] : [[tenant_id, print] as const]))),
    };
  }

  async enabled(tx: OwnerTx, owner: WordOwner): Promise<readonly WordList[]> {
    const { lists, mine } = tablesOf(owner);
    return (await tx.query<Row>(`SELECT ${READ} FROM ${lists} WHERE ${mine} AND enabled ORDER BY id`, [owner ?? null])).map(listOf);
  }

  /** Newest first, after the row `before`. */
  async list(tx: OwnerTx, owner: WordOwner, before: string | undefined, count: number): Promise<readonly WordList[]> {
    const { lists, mine } = tablesOf(owner);
    return (await tx.query<Row>(`SELECT ${READ} FROM ${lists} WHERE ${mine} AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`, [owner ?? null, before ?? null, count])).map(listOf);
  }

  async find(tx: OwnerTx, owner: WordOwner, id: string): Promise<WordList | undefined> {
    const { lists, mine } = tablesOf(owner);
    return (await tx.query<Row>(`SELECT ${READ} FROM ${lists} WHERE ${mine} AND id = $2`, [owner ?? null, id])).map(listOf)[0];
  }

  /** All lists of the owner, locked until the end of the transaction: whoever changes words holds them, so that their number is known. */
  async lockAll(tx: OwnerTx, owner: WordOwner): Promise<readonly WordList[]> {
    const { lists, mine } = tablesOf(owner);
    return (await tx.query<Row>(`SELECT ${READ} FROM ${lists} WHERE ${mine} ORDER BY id FOR UPDATE`, [owner ?? null])).map(listOf);
  }

  async insert(tx: OwnerTx, owner: WordOwner, id: string, draft: WordListDraft): Promise<void> {
    const { lists, always, keyColumn, keyValue } = tablesOf(owner);
    await tx.query(`INSERT INTO ${lists} (${keyColumn}id, ${ENTERED.join(', ')}) SELECT ${keyValue}$2::uuid, $3, $4, $5, $6, $7::boolean WHERE ${always}`, [owner ?? null, id, ...valuesOf(draft)]);
  }

  /** Raises the version. */
  async update(tx: OwnerTx, owner: WordOwner, id: string, draft: WordListDraft): Promise<void> {
    const { lists, mine } = tablesOf(owner);
    await tx.query(`UPDATE ${lists} SET ${ENTERED.map((name, at) => `${name} = $${at + 3}`).join(', ')}, version = version + 1, updated_at = clock_timestamp() WHERE ${mine} AND id = $2`, [owner ?? null, id, ...valuesOf(draft)]);
  }

  /** Raises the version for words that changed, `grown` more than before. */
  async touch(tx: OwnerTx, owner: WordOwner, id: string, grown: number): Promise<void> {
    const { lists, mine } = tablesOf(owner);
    await tx.query(`UPDATE ${lists} SET version = version + 1, word_count = word_count + $3, updated_at = clock_timestamp() WHERE ${mine} AND id = $2`, [owner ?? null, id, grown]);
  }

  /** With its words. */
  async remove(tx: OwnerTx, owner: WordOwner, id: string): Promise<boolean> {
    const { lists, mine } = tablesOf(owner);
    return (await tx.query(`DELETE FROM ${lists} WHERE ${mine} AND id = $2 RETURNING id`, [owner ?? null, id])).length === 1;
  }
}

/** In the order of ENTERED. */
function valuesOf({ name, category, severity, action, enabled }: WordListDraft): readonly unknown[] {
  return [name, category, severity, action, enabled];
}

function listOf(row: Row): WordList {
  return {
    id: row.id, name: row.name, category: row.category, severity: row.severity, action: row.action, enabled: row.enabled,
    version: BigInt(row.version), wordCount: row.word_count, createdAt: row.created_at, updatedAt: row.updated_at,
  };
}
