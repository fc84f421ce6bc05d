import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { NotYet, Outbox } from '../../platform/outbox/index.js';
import { now } from '../../platform/values/index.js';
import { AnswerRejected, PolicyService, QuestionRejected } from '../../moderation/index.js';
import { AnswerCache } from '../cache/answer-cache.service.js';
import { HistoryRepository } from '../messages/history.repository.js';
import type { RunRecord } from '../run/run.js';
import { RunRepository } from '../run/run.repository.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { WithdrawRepository } from './withdraw.repository.js';

/** A run that was concluded so long ago has stored its answer and ended its log, or never will. */
const SETTLED_MS = 10_000;

/**
 * People's decisions about words that were shown: what a reviewer rejects leaves history, exports, resumed streams,
 * prompts and stored answers. Every step twice is the same as once; the rows come last, since they alone know what is to
 * be looked for elsewhere.
 */
@Injectable()
export class WithdrawService implements OnModuleInit {
  constructor(
    private readonly outbox: Outbox,
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly rows: WithdrawRepository,
    private readonly log: StreamLogRepository,
    private readonly history: HistoryRepository,
    private readonly answers: AnswerCache,
    private readonly policies: PolicyService,
  ) {}

  onModuleInit(): void {
    this.outbox.subscribe(AnswerRejected, 'chat.withdraw_answer', (ctx, { runId }) => this.withdrawAnswer(ctx, runId));
    this.outbox.subscribe(QuestionRejected, 'chat.withhold_question', (ctx, { runId }) => this.withholdQuestion(ctx, runId));
  }

  /** The tenant's text stands in the answer's place. @throws NotYet while the run goes on. */
  async withdrawAnswer(ctx: RequestContext, runId: string): Promise<void> {
    const run = await this.settled(ctx, runId);
    if (run === undefined) return;
    const { texts } = await this.policies.of(ctx.tenantId);
    const exchange = await this.database.readTenant(ctx, (tx) => this.rows.exchange(tx, run.answerId));
    const shown = exchange?.answer.content ?? (await this.log.words(ctx.tenantId, runId));
    await this.answers.forget(ctx.tenantId, { runId, content: shown === '' ? undefined : shown });
    await this.log.withdraw(ctx.tenantId, runId, texts.recalled);
    if (exchange === undefined || shown === '' || exchange.answer.state === 'refused') return;
    await this.database.inTenant(ctx, (tx) => this.rows.withdrawAnswer(tx, runId, exchange, texts.recalled));
    await this.history.drop(ctx.tenantId, exchange.answer.conversationId);
  }

  /** Nobody is shown the question's words any more, and no model is given them. @throws NotYet while the run goes on. */
  async withholdQuestion(ctx: RequestContext, runId: string): Promise<void> {
    const run = await this.settled(ctx, runId);
    if (run === undefined) return;
    const exchange = await this.database.readTenant(ctx, (tx) => this.rows.exchange(tx, run.answerId));
    const question = exchange?.question;
    if (exchange === undefined || question?.role !== 'user' || question.state === 'refused') return;
    await this.database.inTenant(ctx, (tx) => this.rows.withholdQuestion(tx, question, exchange.answer));
    await this.history.drop(ctx.tenantId, question.conversationId);
  }

  /** The run, once nothing more is written of it; undefined where there is none. */
  private async settled(ctx: RequestContext, runId: string): Promise<RunRecord | undefined> {
    const run = await this.runs.find(ctx, runId);
    if (run === undefined) return undefined;
    const pulse = await this.log.pulse(ctx.tenantId, runId);
    const over = run.concludedAt !== null && (pulse === undefined || pulse.done || now() - run.concludedAt.getTime() > SETTLED_MS);
    if (!over) throw new NotYet('the run goes on');
    return run;
  }
}
