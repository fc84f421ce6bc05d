import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import type { CheckFailure, Layer } from '../verdict.js';
import { CHECKERS, CheckFailed, type CheckSubject, type Checker, type Finding } from './checker.js';
import { within } from './deadline.js';
import { SharedWork } from './shared-work.js';
import { VerdictCacheRepository, keyOfPlace } from './verdict-cache.repository.js';

export type RemoteLayer = Exclude<Layer, 'local'>;

export interface Inquiry {
  readonly layer: RemoteLayer;
  readonly subject: CheckSubject;
  readonly texts: readonly string[];
  readonly listVersion?: string | undefined;
  /** Milliseconds that the answer may take, all in all. */
  readonly deadlineMs: number;
}

/** `uncovered`: the layer does not exist here, or can't judge this user. */
export type CheckAnswer =
  | { readonly kind: 'uncovered' }
  | { readonly kind: 'found'; readonly finding: Finding; readonly cached: boolean; readonly latencyMs: number }
  | { readonly kind: 'failed'; readonly failure: CheckFailure; readonly latencyMs: number };

type Found = Pick<Extract<CheckAnswer, { kind: 'found' }>, 'finding' | 'cached'>;

/** What was said of the user who asked first, and not of those who joined him. */
const OF_ONE_USER: ReadonlySet<CheckFailure> = new Set(['not_seen', 'user_budget']);
const UNCOVERED: CheckAnswer = { kind: 'uncovered' };
/** A cache that is slower than this is passed by. */
const CACHE_MS = 200;
/** A layer's failures are logged once in so long, and counted always. */
const QUIET_MS = 10_000;

/** Where the remote layers are asked: within a deadline, not twice for the same text, and with no way to fail but an answer that says so. */
@Injectable()
export class CheckDesk {
  private readonly checkers: ReadonlyMap<RemoteLayer, Checker>;
  /** Questions under way. Each goes on for as long as the most patient of its askers waits. */
  private readonly flights = new SharedWork<Found>();
  private readonly quietUntil = new Map<RemoteLayer, number>();

  constructor(@Inject(CHECKERS) checkers: readonly Checker[], private readonly cache: VerdictCacheRepository, private readonly metrics: Metrics, @Inject(LOGGER) private readonly logger: Logger) {
    this.checkers = new Map(checkers.map((checker) => [checker.layer, checker]));
  }

  /** Never rejects. */
  async ask(inquiry: Inquiry): Promise<CheckAnswer> {
    const checker = this.checkers.get(inquiry.layer);
    if (checker === undefined) return UNCOVERED;
    const started = performance.now();
    const latency = (): number => Math.round(performance.now() - started);
    const deadline = AbortSignal.timeout(inquiry.deadlineMs);
    try {
      if (!(await within(checker.covers(inquiry.subject.ctx), deadline))) return UNCOVERED;
      const found = await this.find(checker, inquiry, deadline);
      if (found.cached) this.metrics.checkCacheHits.inc({ layer: inquiry.layer });
      else this.metrics.checkSeconds.observe({ layer: inquiry.layer }, (performance.now() - started) / 1000);
      return { kind: 'found', ...found, latencyMs: latency() };
    } catch (error) {
      const failure = failureOf(error, deadline);
      this.metrics.checkFailures.inc({ layer: inquiry.layer, kind: failure });
      // What is said of one user is no news of the layer, and would hide what is.
      if (!OF_ONE_USER.has(failure)) this.tell(inquiry.layer, failure, error);
      return { kind: 'failed', failure, latencyMs: latency() };
    }
  }

  private async find(checker: Checker, inquiry: Inquiry, deadline: AbortSignal): Promise<Found> {
    const { subject, texts, layer, listVersion } = inquiry;
    const key = keyOfPlace({ tenantId: subject.ctx.tenantId, layer, stage: subject.stage, thresholds: subject.thresholds, listVersion, texts });
    const { joined, result } = this.flights.do(key, deadline, (until) => this.fly(checker, key, inquiry, until));
    if (!joined) return result;
    try {
      return { finding: (await result).finding, cached: true };
    } catch (error) {
      if (!(error instanceof CheckFailed && OF_ONE_USER.has(error.failure))) throw error;
      return within(this.fly(checker, key, inquiry, deadline), deadline);
    }
  }

  private async fly(checker: Checker, key: string, { subject, texts }: Inquiry, until: AbortSignal): Promise<Found> {
    const kept = await within(this.cache.find(key), AbortSignal.timeout(CACHE_MS)).catch(() => undefined);
    if (kept !== undefined) return { finding: kept, cached: true };
    const finding = await checker.check(subject, texts, until);
    // Redis that is away costs a second question, not this answer.
    this.cache.keep(key, finding).catch(() => undefined);
    return { finding, cached: false };
  }

  private tell(layer: RemoteLayer, failure: CheckFailure, error: unknown): void {
    const now = performance.now();
    if (now < (this.quietUntil.get(layer) ?? 0)) return;
    this.quietUntil.set(layer, now + QUIET_MS);
    this.logger.warn({ layer, failure, ...errorFields(error) }, 'a layer of moderation could not judge');
  }
}

function failureOf(error: unknown, deadline: AbortSignal): CheckFailure {
  if (error instanceof CheckFailed) return error.failure;
  return deadline.aborted ? 'timeout' : 'unreachable';
}
