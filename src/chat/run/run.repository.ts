import { Injectable } from '@nestjs/common';
import { makeContext, type RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { RunEntity } from './run.entity.js';
import type { Outcome, RunRecord } from './run.js';

export interface OpenInput {
  readonly runId: string;
  readonly answerId: string;
  readonly userId: string;
  readonly model: string;
  readonly requestHash: string;
  readonly idempotencyKey: string | undefined;
  /** Absent for a run outside of conversations. */
  readonly conversation?: {
    readonly id: string;
    readonly revision: number;
    /** The new question, or the newest answer that is to be made again. */
    readonly next: { readonly question: { readonly id: string; readonly content: string; readonly tokens: number } } | { readonly regenerates: string };
  };
  readonly tokenizer: string;
  /** What to reserve, as billing wants it. */
  readonly charge: Readonly<Record<string, unknown>>;
}

export type OpenAnswer =
  /** `held`: credits that were reserved. `paid`: there were bought ones left before. */
  | { readonly outcome: 'opened'; readonly run_id: string; readonly held: string; readonly paid: boolean }
  | { readonly outcome: 'insufficient'; readonly available: string }
  | { readonly outcome: 'repeated'; readonly run_id: string; readonly same: boolean }
  | { readonly outcome: 'busy' | 'stale' | 'not_found' | 'not_newest' };

export interface ConcludeInput {
  readonly runId: string;
  readonly generation: number;
  readonly outcome: Outcome;
  readonly answerTokens: number;
  readonly tokenizer: string;
  readonly title: string | undefined;
  /** The title that was made of a question which is taken out: it goes with it. */
  readonly withheldTitle?: string | undefined;
  /** The question was asked before, and perhaps taken out since: then it gives no title. */
  readonly askedAgain?: boolean;
  /** `unjudged`: nobody but its author may see it yet; `judged`: one that was asked again, and has passed by now. */
  readonly question?: 'unjudged' | 'judged' | undefined;
  /** What to collect, as billing wants it. */
  readonly charge: Readonly<Record<string, unknown>>;
}

/** `already`: somebody else concluded it; `fenced`: it belongs to a newer generation. */
export type ConcludeAnswer =
  | { readonly outcome: 'concluded'; readonly charged: string | null; readonly balance: string | null }
  | { readonly outcome: 'already' | 'fenced' | 'not_found' };

/** The rows of runs. Opening and concluding are one SQL function each, shared by many callers: one round trip, atomic, money included. */
@Injectable()
export class RunRepository {
  constructor(private readonly database: Database) {}

  async open(ctx: RequestContext, input: OpenInput): Promise<OpenAnswer> {
    return this.database.call<OpenAnswer>(ctx, 'open_runs', openRow(input));
  }

  async conclude(ctx: RequestContext, input: ConcludeInput): Promise<ConcludeAnswer> {
    return this.database.call<ConcludeAnswer>(ctx, 'conclude_runs', concludeRow(ctx, input));
  }

  /** Both for a run of nobody, undone: the first real one finds everything planned. */
  async rehearse(ctx: RequestContext, opened: OpenInput, concluded: ConcludeInput): Promise<void> {
    await this.database.rehearse(ctx, openRow(opened), concludeRow(ctx, concluded));
  }

  /** Raises the generation of a run that is still open: from here on the former holder can't conclude it. Undefined when it is over. */
  async takeOver(ctx: RequestContext, runId: string): Promise<number | undefined> {
    return this.database.inTenant(ctx, async (tx) => {
      const rows = await tx.query<{ generation: number }>(`UPDATE runs SET generation = generation + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'opened' RETURNING generation`, [ctx.tenantId, runId]);
      return rows[0]?.generation;
    });
  }

  /** From here on the run's idempotency key is as if it had never been used. */
  async freeKey(ctx: RequestContext, runId: string): Promise<void> {
    await this.database.inTenant(ctx, (tx) => tx.query('UPDATE runs SET idempotency_key = NULL WHERE tenant_id = $1 AND id = $2 AND idempotency_key IS NOT NULL', [ctx.tenantId, runId]));
  }

  async find(ctx: RequestContext, runId: string): Promise<RunRecord | undefined> {
    return this.database.readTenant(ctx, async (tx) => (await tx.manager.findOneBy(RunEntity, { tenantId: ctx.tenantId, id: runId })) ?? undefined);
  }

  /** Runs of a user that are not over, such as must end before the user's history can be erased. */
  async openOfUser(tx: TenantTx, userId: string): Promise<readonly string[]> {
    return (await tx.query<{ id: string }>(`SELECT id FROM runs WHERE tenant_id = $1 AND user_id = $2 AND state = 'opened'`, [tx.ctx.tenantId, userId])).map((row) => row.id);
  }

  async openOfConversation(tx: TenantTx, conversationId: string): Promise<readonly string[]> {
    return (await tx.query<{ id: string }>(`SELECT id FROM runs WHERE tenant_id = $1 AND conversation_id = $2 AND state = 'opened'`, [tx.ctx.tenantId, conversationId])).map((row) => row.id);
  }

  /** Open runs of all tenants that are older than `ageMs`, oldest first. For the sweeper. */
  async stale(requestId: string, ageMs: number, limit: number): Promise<readonly { readonly tenantId: string; readonly runId: string }[]> {
    const ctx = makeContext({ actor: { kind: 'system', job: 'sweep' }, requestId, locale: 'zh', client: 'api', platform: 'other' } as const);
    return this.database.inPlatform(ctx, async (tx) => {
      const rows = await tx.query<{ tenant_id: string; id: string }>(
        `SELECT tenant_id, id FROM runs WHERE state = 'opened' AND created_at < now() - make_interval(secs => $1) ORDER BY created_at LIMIT $2`,
        [ageMs / 1000, limit],
      );
      return rows.map((row) => ({ tenantId: row.tenant_id, runId: row.id }));
    });
  }
}

/** As the SQL function takes it. */
function openRow(input: OpenInput): object {
  const { conversation } = input;
  const question = conversation !== undefined && 'question' in conversation.next ? { ...conversation.next.question, tokenizer: input.tokenizer } : null;
  return {
    run_id: input.runId,
    answer_id: input.answerId,
    user_id: input.userId,
    model: input.model,
    request_hash: input.requestHash,
    idempotency_key: input.idempotencyKey ?? null,
    conversation_id: conversation?.id ?? null,
    revision: conversation?.revision ?? null,
    question,
    regenerates: conversation !== undefined && 'regenerates' in conversation.next ? conversation.next.regenerates : null,
    charge: input.charge,
  };
}

/** As the SQL function takes it. */
function concludeRow(ctx: RequestContext, input: ConcludeInput): object {
  const { outcome } = input;
  return {
    run_id: input.runId,
    user_id: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
    generation: input.generation,
    state: outcome.state,
    finish_reason: outcome.finishReason ?? null,
    error_code: outcome.errorCode ?? null,
    content: outcome.content,
    prompt_tokens: outcome.usage.promptTokens,
    completion_tokens: outcome.usage.completionTokens,
    usage_source: outcome.usageSource,
    channel_id: outcome.expense?.channelId ?? null,
    upstream_cost_micro_cny: outcome.expense?.microCny?.toString() ?? null,
    answer_state: outcome.recalled === true ? 'recalled' : null,
    withhold_question: outcome.withholdsQuestion ?? false,
    question: input.question ?? null,
    answer_tokens: input.answerTokens,
    tokenizer: input.tokenizer,
    title: input.title ?? null,
    withheld_title: input.withheldTitle ?? null,
    asked_again: input.askedAgain ?? false,
    charge: input.charge,
  };
}
