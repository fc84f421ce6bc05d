import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { systemContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId, now } from '../../platform/values/index.js';
import { Dispatcher, TokenCounter } from '../../upstream/index.js';
import { shownText, type RunEvent } from '../stream/run-event.js';
import { StreamLogRepository, type RunPulse } from '../stream/stream-log.repository.js';
import { causeOfStop } from '../produce/active-runs.js';
import { ConcludeRunService } from './conclude-run.service.js';
import { ScreenRun } from '../produce/screen-run.service.js';
import { orderOf, type Hold, type Outcome, type RunPlan } from './run.js';
import { RunRepository } from './run.repository.js';

const EVERY_MS = 4_000;
/** Younger runs are on their normal way. */
const MIN_AGE_MS = 8_000;
/** A holder that gave no sign of life for this long is dead: five missed beats. */
const DEAD_MS = 15_000;
/** A worker that Redis forgot learns so at its next beat and concludes by itself; only then it is the sweeper's turn. */
const GONE_MS = 10_000;
/** The oldest first. Runs that wait in a long queue are among them, so there must be room for the others. */
const BATCH = 20_000;
const AT_ONCE = 50;

/**
 * Finds runs that a crash left open, by their rows, and settles each from its
 * log: produced words stay, the state is named. Several sweepers at once are
 * harmless: each raises the generation, the last one concludes.
 */
@Injectable()
export class SweepJob {
  private timer: NodeJS.Timeout | undefined;
  private readonly goneSince = new Map<string, number>();

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly runs: RunRepository,
    private readonly log: StreamLogRepository,
    private readonly concluder: ConcludeRunService,
    private readonly dispatcher: Dispatcher,
    private readonly tokens: TokenCounter,
    private readonly screens: ScreenRun,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.sweep().catch((error: unknown) => this.logger.warn(errorFields(error), 'a sweep failed'));
    }, EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One sweep. Skipped while another node's is under way. */
  async sweep(): Promise<void> {
    if ((await this.redis.set('sweep:runs', '1', 'PX', EVERY_MS - 500, 'NX')) === null) return;
    const stale = await this.runs.stale(newId(), MIN_AGE_MS, BATCH);
    const ids = new Set(stale.map((run) => run.runId));
    for (const id of this.goneSince.keys()) if (!ids.has(id)) this.goneSince.delete(id);
    const waiting = await this.dispatcher.waiting([...ids]);
    const doubtful = stale.filter(({ runId }) => !waiting.has(runId));
    for (let from = 0; from < doubtful.length; from += AT_ONCE) {
      const looks = await Promise.allSettled(doubtful.slice(from, from + AT_ONCE).map(({ tenantId, runId }) => this.look(tenantId, runId)));
      for (const look of looks) if (look.status === 'rejected') this.logger.warn(errorFields(look.reason), 'a run could not be swept');
    }
  }

  private async look(tenantId: string, runId: string): Promise<void> {
    const pulse = await this.log.pulse(tenantId, runId);
    if (pulse === undefined) {
      const since = this.goneSince.get(runId) ?? now();
      this.goneSince.set(runId, since);
      if (now() - since >= GONE_MS) await this.settle(tenantId, runId);
    } else if (!pulse.taken && !pulse.done) {
      // Its ticket was lost between row and queue, or its channels are gone: submitting again is the same as once.
      await this.submit(tenantId, runId);
    } else if (isDead(pulse)) {
      // Its worker died. Where no word was shown another may begin anew; else the words that were shown are the answer.
      if (pulse.done || pulse.next > 2) await this.settle(tenantId, runId);
      else await this.submit(tenantId, runId);
    }
  }

  private async submit(tenantId: string, runId: string): Promise<void> {
    const plan = await this.log.plan(tenantId, runId);
    if (plan === undefined) return this.settle(tenantId, runId);
    try {
      await this.dispatcher.submit(plan.ctx, orderOf(runId, plan));
    } catch (error) {
      // A full queue may have room at the next sweep; a model that nobody serves any more will not come back.
      if (!DomainError.is(error, 'unavailable')) throw error;
      await this.settle(tenantId, runId);
    }
  }

  private async settle(tenantId: string, runId: string): Promise<void> {
    const ctx = systemContext(tenantId, 'sweep', runId);
    const generation = await this.runs.takeOver(ctx, runId);
    if (generation === undefined) return;
    const taken = await this.log.retake(tenantId, runId, generation);
    const known = taken.kind === 'ok' ? taken : undefined;
    const plan = known?.plan ?? bareplan(ctx, runId);
    const content = shownText(known?.events ?? []);
    const usage = { promptTokens: content === '' ? 0 : plan.promptTokens, completionTokens: content === '' ? 0 : await this.tokens.count(content, 'o200k_base') };
    const seq = (known?.events.at(-1)?.seq ?? 0) + 1;
    const outcome: Outcome = { ...endOf(known), content, usage, usageSource: 'counted', questionJudged: content !== '' };
    // Words that nobody judged to their end, because the process died that did.
    const replace = outcome.recalled === true ? undefined : await this.screens.judgeShown(plan, content);
    if (replace !== undefined) return this.takeBack(plan, { runId, generation }, seq, { ...RECALLED, content: replace, usage, usageSource: 'counted', questionJudged: true });
    if (await this.concluder.conclude(plan, { runId, generation }, seq, outcome)) this.logger.warn({ run: runId, tenant: tenantId, generation }, 'swept a run that was left open');
  }

  private async takeBack(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome): Promise<void> {
    await this.log.recall(plan.ctx.tenantId, hold, { type: 'recall', seq, fromSeq: 1, replace: outcome.content });
    await this.concluder.conclude(plan, hold, seq + 1, outcome);
  }
}

/** An answer that moderation takes back. */
const RECALLED = { state: 'refused', finishReason: 'content_filter', recalled: true } as const;

function isDead(pulse: RunPulse): boolean {
  return pulse.beatAt === undefined || now() - pulse.beatAt >= DEAD_MS;
}

function endOf({ stop, events = [] }: { readonly stop?: string | undefined; readonly events?: readonly RunEvent[] } = {}): Pick<Outcome, 'state' | 'finishReason' | 'errorCode' | 'recalled'> {
  if (events.some(({ type }) => type === 'recall')) return RECALLED;
  if (stop === undefined) return { state: 'failed', errorCode: 'unavailable' };
  const cause = causeOfStop(stop);
  return cause.kind === 'refused' ? { state: 'refused', errorCode: cause.code } : { state: 'stopped', finishReason: 'stopped' };
}

/** For a run of which Redis knows nothing any more: enough to conclude it. */
function bareplan(ctx: RunPlan['ctx'], runId: string): RunPlan {
  return {
    ctx,
    subject: { runId, conversationId: undefined, messageId: '', model: '', createdAt: 0, includeUsage: false },
    request: { model: '', messages: [], maxTokens: 1, sampling: {} },
    promptTokens: 0,
    requestedAt: now(),
  };
}
