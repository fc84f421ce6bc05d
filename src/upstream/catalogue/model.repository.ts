import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import type { Encoding } from '../tokens/token-counter.js';
import type { ListedModel, ModelDraft } from './model.js';

interface Row {
  readonly name: string;
  readonly context_window: number;
  readonly max_answer_tokens: number;
  readonly tokenizer: Encoding | null;
  readonly enabled: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const READ = 'SELECT name, context_window, max_answer_tokens, tokenizer, enabled, created_at, updated_at FROM models';

/** The table `models`. */
@Injectable()
export class ModelRepository {
  async all(tx: PlatformTx): Promise<readonly ListedModel[]> {
    return (await tx.query<Row>(`${READ} ORDER BY name`)).map(modelOf);
  }

  /** By name, after the row `after`. */
  async list(tx: PlatformTx, after: string | undefined, count: number): Promise<readonly ListedModel[]> {
    return (await tx.query<Row>(`${READ} WHERE ($1::text IS NULL OR name > $1) ORDER BY name LIMIT $2`, [after ?? null, count])).map(modelOf);
  }

  async find(tx: PlatformTx, name: string): Promise<ListedModel | undefined> {
    return (await tx.query<Row>(`${READ} WHERE name = $1`, [name])).map(modelOf)[0];
  }

  /** The model becomes exactly this. */
  async put(tx: PlatformTx, name: string, draft: ModelDraft): Promise<void> {
    await tx.query(
      `INSERT INTO models (name, context_window, max_answer_tokens, tokenizer, enabled) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (name) DO UPDATE SET context_window = excluded.context_window, max_answer_tokens = excluded.max_answer_tokens,
         tokenizer = excluded.tokenizer, enabled = excluded.enabled, updated_at = clock_timestamp()`,
      [name, draft.contextWindow, draft.maxAnswerTokens, draft.tokenizer, draft.enabled],
    );
  }

  async remove(tx: PlatformTx, name: string): Promise<boolean> {
    return (await tx.query('DELETE FROM models WHERE name = $1 RETURNING name', [name])).length === 1;
  }
}

function modelOf(row: Row): ListedModel {
  return {
    name: row.name, contextWindow: row.context_window, maxAnswerTokens: row.max_answer_tokens, tokenizer: row.tokenizer, enabled: row.enabled,
    createdAt: row.created_at, updatedAt: row.updated_at,
  };
}
