import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { now } from '../../platform/values/index.js';
import { ReviewService } from '../review/review.service.js';
import { VerdictLog } from '../verdicts/verdict-log.service.js';
import { VERDICT_MS, outcomeOf, type MediaCheck, type MediaOutcome, type MediaVerdict } from './media-check.js';
import { MediaCallRepository, MediaRepository } from './media.repository.js';

/** Of the API, for the log. */
const VERSION = 'media_check_async/2';
const ACTION_OF = { pass: 'pass', review: 'review', risky: 'block' } as const;

/** What WeChat says of pictures and sounds, and what follows from it. */
@Injectable()
export class MediaVerdicts {
  constructor(private readonly database: Database, private readonly checks: MediaRepository, private readonly calls: MediaCallRepository, private readonly reviews: ReviewService, private readonly log: VerdictLog) {}

  /**
   * A result that WeChat pushed, of a letter that was verified. The same trace id twice is the same as once.
   * @returns `settled`: it was about a check; `kept`: about a call that is not written down yet, and waits for it; `known`: it was here before
   */
  async accept(ctx: RequestContext, verdict: MediaVerdict): Promise<'settled' | 'kept' | 'known'> {
    const arrived = await this.database.inTenant(ctx, async (tx) => {
      const checkId = await this.calls.received(tx, verdict);
      if (checkId === undefined) return 'known';
      return checkId === null ? 'kept' : { settled: await this.settle(tx, checkId, verdict) };
    });
    if (typeof arrived === 'string') return arrived;
    this.record(ctx, arrived.settled, verdict);
    return 'settled';
  }

  /** Writes down a call that WeChat took, and the verdict where it was faster. */
  async expect(ctx: RequestContext, checkId: string, traceId: string): Promise<void> {
    const arrived = await this.database.inTenant(ctx, async (tx) => {
      const verdict = await this.calls.made(tx, traceId, checkId);
      await this.checks.await(tx, checkId, traceId, VERDICT_MS);
      return verdict === undefined ? undefined : { verdict, settled: await this.settle(tx, checkId, verdict) };
    });
    if (arrived !== undefined) this.record(ctx, arrived.settled, arrived.verdict);
  }

  /** Does what an outcome says to a check whose row is locked. */
  async follow(tx: TenantTx, check: MediaCheck, outcome: MediaOutcome): Promise<void> {
    if (outcome === undefined) return;
    if ('againAfterMs' in outcome) return this.checks.askAgain(tx, check.id, outcome.againAfterMs);
    await this.checks.end(tx, check.id, outcome);
    if (outcome.state !== 'review') return;
    await this.reviews.askIn(tx, { key: `media:${check.id}`, kind: 'media', userId: check.userId, subjectId: check.id, label: String(outcome.label ?? ''), reason: 'wechat: review', excerpt: check.url });
  }

  /** @returns the check as it was */
  private async settle(tx: TenantTx, checkId: string, verdict: MediaVerdict): Promise<MediaCheck | undefined> {
    const check = await this.checks.lock(tx, checkId);
    if (check !== undefined) await this.follow(tx, check, outcomeOf(check, verdict));
    return check;
  }

  /** In the log of judgements, as texts are. What WeChat could not judge is none. */
  private record(ctx: RequestContext, check: MediaCheck | undefined, { traceId, suggest, label }: MediaVerdict): void {
    if (check === undefined || suggest === undefined) return;
    const action = ACTION_OF[suggest];
    const latencyMs = Math.max(0, now() - check.createdAt.getTime());
    this.log.record(ctx, { texts: [check.url], userId: check.userId }, [{ stage: 'input', layer: 'wechat', version: VERSION, asked: action, action, label: String(label ?? 'normal'), traceId, latencyMs, cached: false, shadow: false }]);
  }
}
