import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ReviewService } from '../review/review.service.js';
import { SanctionService } from '../sanctions/sanction.service.js';
import { VerdictLog } from '../verdicts/verdict-log.service.js';
import type { Judgement } from '../verdict.js';

/** What was judged. */
export interface ScreeningSubject {
  readonly runId: string;
  readonly conversationId: string | undefined;
  /** Of the answer. */
  readonly messageId: string;
}

/** What follows from a judgement, whatever becomes of the text: the log, the count that sanctions go by, and a person's look. */
@Injectable()
export class Consequences {
  constructor(private readonly log: VerdictLog, private readonly sanctions: SanctionService, private readonly reviews: ReviewService, @Inject(LOGGER) private readonly logger: Logger) {}

  /** Returns at once, never throws: nobody's answer waits for it. */
  note(ctx: RequestContext, subject: ScreeningSubject, text: string, judgements: readonly Judgement[]): void {
    const { runId, conversationId, messageId } = subject;
    this.log.record(ctx, { texts: [text], runId, messageId, ...(conversationId === undefined ? {} : { conversationId }) }, judgements);
    const blocked = judgements.find(({ action, failure }) => action === 'block' && failure === undefined);
    if (blocked !== undefined) this.behind(ctx, runId, this.offend(ctx, runId, blocked));
    const doubtful = judgements.find(({ action }) => action === 'review');
    if (doubtful !== undefined) this.behind(ctx, runId, this.ask(ctx, subject, text, doubtful));
  }

  /** Of an answer, too: one is the model's own, many are asked for. The ladder weighs them. */
  private async offend(ctx: RequestContext, runId: string, { stage, label, action }: Judgement): Promise<unknown> {
    return ctx.actor.kind === 'user' ? this.sanctions.note(ctx, { userId: ctx.actor.userId, runId, stage, label, action }) : undefined;
  }

  private async ask(ctx: RequestContext, { runId, conversationId, messageId }: ScreeningSubject, text: string, { stage, layer, label }: Judgement): Promise<unknown> {
    const userId = ctx.actor.kind === 'user' ? ctx.actor.userId : undefined;
    return this.reviews.ask(ctx, { key: `run:${runId}:${stage}`, kind: stage, userId, conversationId, runId, messageId, label, reason: `${layer}: review`, excerpt: text });
  }

  private behind(ctx: RequestContext, runId: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.logger.error({ tenant: ctx.tenantId, run: runId, ...errorFields(error) }, 'what follows from a verdict could not be written'));
  }
}
