import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/values/index.js';
import type { EntryKind, Severity, WordAction } from '../text/lexicon-entry.js';
import type { Word, WordDraft } from './word-list.js';
import { tablesOf, type OwnerTx, type WordOwner } from './word-owner.js';

interface Row {
  readonly list_id: string;
  readonly id: string;
  readonly text: string;
  readonly kind: EntryKind;
  readonly category: string | null;
  readonly severity: Severity | null;
  readonly action: WordAction | null;
  readonly reply: string | null;
  readonly pinyin: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Which words of a list; `before` is the id of the last one seen. */
export interface WordQuery {
  /** In the text, whatever the case of its letters. */
  readonly q: string | undefined;
  readonly kind: EntryKind | undefined;
  readonly before: string | undefined;
  readonly count: number;
}

const ENTERED = ['text', 'kind', 'category', 'severity', 'action', 'reply', 'pinyin'] as const;
const TYPES = ['text', 'text', 'text', 'text', 'text', 'text', 'boolean'] as const;
const DETAILS = ENTERED.filter((name) => name !== 'text');
const READ = `list_id, id, ${ENTERED.join(', ')}, created_at, updated_at`;

/** The tables `words` and `tenant_words`. */
@Injectable()
export class WordRepository {
  /** Newest first. */
  async list(tx: OwnerTx, owner: WordOwner, listId: string, { q, kind, before, count }: WordQuery): Promise<readonly Word[]> {
    const { words, mine } = tablesOf(owner);
    const rows = await tx.query<Row>(
      `SELECT ${READ} FROM ${words} WHERE ${mine} AND list_id = $2 AND ($3::uuid IS NULL OR id < $3)
         AND ($4::text IS NULL OR strpos(lower(text), lower($4)) > 0) AND ($5::text IS NULL OR kind = $5) ORDER BY id DESC LIMIT $6`,
      [owner ?? null, listId, before ?? null, q ?? null, kind ?? null, count],
    );
    return rows.map(wordOf);
  }

  /** Oldest first, after the word `after`: for reading a list whole, piece by piece. */
  async following(tx: OwnerTx, owner: WordOwner, listId: string, after: string | undefined, count: number): Promise<readonly Word[]> {
    const { words, mine } = tablesOf(owner);
    const rows = await tx.query<Row>(`SELECT ${READ} FROM ${words} WHERE ${mine} AND list_id = $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`, [owner ?? null, listId, after ?? null, count]);
    return rows.map(wordOf);
  }

  async find(tx: OwnerTx, owner: WordOwner, listId: string, id: string): Promise<Word | undefined> {
    const { words, mine } = tablesOf(owner);
    return (await tx.query<Row>(`SELECT ${READ} FROM ${words} WHERE ${mine} AND list_id = $2 AND id = $3`, [owner ?? null, listId, id])).map(wordOf)[0];
  }

  /** False where the word stands there as it is. */
  async update(tx: OwnerTx, owner: WordOwner, listId: string, id: string, draft: WordDraft): Promise<boolean> {
    const { words, mine } = tablesOf(owner);
    const places = ENTERED.map((_, at) => `$${at + 4}`);
    const rows = await tx.query(
      `UPDATE ${words} SET ${ENTERED.map((name, at) => `${name} = ${places[at]}`).join(', ')}, updated_at = clock_timestamp()
       WHERE ${mine} AND list_id = $2 AND id = $3 AND (${ENTERED.join(', ')}) IS DISTINCT FROM (${places.map((place, at) => `${place}::${TYPES[at]}`).join(', ')}) RETURNING id`,
      [owner ?? null, listId, id, ...valuesOf(draft)],
    );
    return rows.length === 1;
  }

  async remove(tx: OwnerTx, owner: WordOwner, listId: string, id: string): Promise<boolean> {
    const { words, mine } = tablesOf(owner);
    return (await tx.query(`DELETE FROM ${words} WHERE ${mine} AND list_id = $2 AND id = $3 RETURNING id`, [owner ?? null, listId, id])).length === 1;
  }

  async insert(tx: OwnerTx, owner: WordOwner, listId: string, id: string, draft: WordDraft): Promise<void> {
    const { words, always, keyColumn, keyValue } = tablesOf(owner);
    const values = ENTERED.map((_, at) => `$${at + 4}::${TYPES[at]}`);
    await tx.query(`INSERT INTO ${words} (${keyColumn}list_id, id, ${ENTERED.join(', ')}) SELECT ${keyValue}$2::uuid, $3::uuid, ${values.join(', ')} WHERE ${always}`, [owner ?? null, listId, id, ...valuesOf(draft)]);
  }

  /** Adds the words whose texts are new to the list, and replaces those that differ. One statement; no text twice in a batch. */
  async put(tx: OwnerTx, owner: WordOwner, listId: string, drafts: readonly WordDraft[]): Promise<{ readonly added: number; readonly updated: number }> {
    const { words, always, keyColumn, keyValue } = tablesOf(owner);
    const columns = drafts.map(valuesOf);
    // A row that the statement itself made has no xmax; one that it found was locked by it.
    const [counts] = await tx.query<{ added: number; updated: number }>(
      `WITH put AS (
         INSERT INTO ${words} AS kept (${keyColumn}list_id, id, ${ENTERED.join(', ')})
         SELECT ${keyValue}$2::uuid, * FROM unnest($3::uuid[], ${TYPES.map((type, at) => `$${at + 4}::${type}[]`).join(', ')}) WHERE ${always}
         ON CONFLICT (${keyColumn}list_id, text) DO UPDATE SET ${DETAILS.map((name) => `${name} = excluded.${name}`).join(', ')}, updated_at = clock_timestamp()
           WHERE (${DETAILS.map((name) => `kept.${name}`).join(', ')}) IS DISTINCT FROM (${DETAILS.map((name) => `excluded.${name}`).join(', ')})
         RETURNING (xmax = 0) AS added)
       SELECT count(*) FILTER (WHERE added)::int AS added, count(*) FILTER (WHERE NOT added)::int AS updated FROM put`,
      [owner ?? null, listId, drafts.map(() => newId()), ...ENTERED.map((_, at) => columns.map((values) => values[at]))],
    );
    return counts ?? { added: 0, updated: 0 };
  }

  /** Removes all words but these. @returns how many. */
  async keepOnly(tx: OwnerTx, owner: WordOwner, listId: string, texts: readonly string[]): Promise<number> {
    const { words, mine } = tablesOf(owner);
    const [counts] = await tx.query<{ removed: number }>(
      `WITH gone AS (
         DELETE FROM ${words} AS kept WHERE ${mine} AND list_id = $2 AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) AS named (text) WHERE named.text = kept.text) RETURNING 1)
       SELECT count(*)::int AS removed FROM gone`,
      [owner ?? null, listId, texts],
    );
    return counts?.removed ?? 0;
  }
}

/** In the order of ENTERED. */
function valuesOf({ text, kind, category, severity, action, reply, pinyin }: WordDraft): readonly unknown[] {
  return [text, kind, category ?? null, severity ?? null, action ?? null, reply ?? null, pinyin];
}

function wordOf(row: Row): Word {
  return {
    id: row.id, text: row.text, kind: row.kind, category: row.category ?? undefined, severity: row.severity ?? undefined, action: row.action ?? undefined,
    reply: row.reply ?? undefined, pinyin: row.pinyin, createdAt: row.created_at, updatedAt: row.updated_at,
  };
}
