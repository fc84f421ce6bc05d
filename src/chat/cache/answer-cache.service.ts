import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Bus } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import type { Outcome, RunPlan } from '../run/run.js';
import { AnswerCacheRepository, nameOfPlace, type Joined } from './answer-cache.repository.js';
import type { CachePlace } from './cache-key.js';
import { storable, type StoredAnswer } from './stored-answer.js';

/** Tells that a run that others wait for has ended: `nameOfPlace`. */
const LANDED = 'answers.landed';
/** How long identical requests wait for one of them. */
const FLIGHT_MS = 15_000;
/** How long they wait for all that lead one after the other. The answer is told to them as a whole, so this is also how long they may hear nothing. */
const LONGEST_MS = 2 * FLIGHT_MS;
/** So many are followed one after the other: each may be stopped or fail, and somebody else's turn is not for ever. */
const MOST_LEADERS = 3;
/** Without news for this long it is looked again, in case they were lost. */
const RECHECK_MS = 1_000;
/** Requests of this process that may wait; beyond it they go to the model themselves. */
const MOST_WAITING = 1_000;

/**
 * Answers that are given again, and flights: of identical requests at the same moment one is answered by a model, the
 * others wait for its answer. Nothing here ever fails a request: while Redis is away there is no cache.
 */
@Injectable()
export class AnswerCache implements OnModuleInit {
  private readonly waiting = new Map<string, Set<() => void>>();
  private waiters = 0;

  constructor(private readonly repository: AnswerCacheRepository, private readonly bus: Bus, @Inject(LOGGER) private readonly logger: Logger) {}

  async onModuleInit(): Promise<void> {
    await this.bus.subscribe(LANDED, (name) => this.waiting.get(name)?.forEach((wake) => wake()));
  }

  async find(place: CachePlace): Promise<StoredAnswer | undefined> {
    return this.orElse(undefined, () => this.repository.find(place));
  }

  /** How a run goes on for which `find` had nothing. */
  async join(place: CachePlace, runId: string): Promise<Joined> {
    const joined = await this.orElse<Joined>({ kind: 'lead' }, () => this.repository.join(place, runId, FLIGHT_MS));
    return joined.kind === 'follow' && this.waiters >= MOST_WAITING ? { kind: 'lead' } : joined;
  }

  /**
   * The answer of the run that leads, or of the one that leads after it; undefined when the caller's own run leads now,
   * when there is none that may be given again, or it takes too long.
   * @throws the signal's reason when it was aborted.
   */
  async share(place: CachePlace, runId: string, leader: string, signal: AbortSignal): Promise<StoredAnswer | undefined> {
    const deadline = performance.now() + LONGEST_MS;
    for (let followed = 1; ; followed += 1) {
      const answer = await this.wait(place, leader, Math.min(deadline, performance.now() + FLIGHT_MS), signal);
      if (answer !== undefined || followed === MOST_LEADERS || performance.now() >= deadline) return answer;
      const joined = await this.join(place, runId);
      if (joined.kind === 'answer') return joined.answer;
      if (joined.kind === 'lead') return undefined;
      leader = joined.leader;
    }
  }

  /** The answer of this one leader. */
  private async wait(place: CachePlace, leader: string, deadline: number, signal: AbortSignal): Promise<StoredAnswer | undefined> {
    const turn = new Turn(signal);
    const forget = this.listen(nameOfPlace(place), () => turn.wake());
    try {
      for (;;) {
        const look = await this.orElse({ answer: undefined, leader: undefined }, () => this.repository.look(place));
        if (signal.aborted) throw signal.reason;
        const left = deadline - performance.now();
        if (look.answer !== undefined || look.leader !== leader || left <= 0) return look.answer;
        await turn.next(Math.min(RECHECK_MS, left));
      }
    } finally {
      forget();
      turn.end();
    }
  }

  /** A run has ended: its answer is stored where it may be, and those that wait for it are told. */
  async conclude(plan: RunPlan, runId: string, outcome: Outcome): Promise<void> {
    if (plan.cache === undefined) return;
    const { place, seconds } = plan.cache;
    const answer = storable(outcome);
    await this.orElse(undefined, async () => {
      if (answer !== undefined) await this.repository.keep(place, { ...answer, runId }, seconds);
      if (await this.repository.land(place, runId, answer !== undefined || outcome.state !== 'finished')) await this.bus.publish(LANDED, nameOfPlace(place));
    });
  }

  /**
   * An answer is taken back: from here on nobody is given it, under whatever question it lies.
   * @param content undefined where nobody knows it any more. @throws what Redis throws: this must not be left undone.
   */
  async forget(tenantId: string, answer: { readonly runId: string; readonly content: string | undefined }): Promise<void> {
    await this.repository.removeAll(tenantId, (stored) => stored.runId === answer.runId || stored.content === answer.content);
  }

  private listen(name: string, wake: () => void): () => void {
    const wakes = this.waiting.get(name) ?? new Set();
    this.waiting.set(name, wakes.add(wake));
    this.waiters += 1;
    return () => {
      this.waiters -= 1;
      if (wakes.delete(wake) && wakes.size === 0) this.waiting.delete(name);
    };
  }

  private async orElse<T>(without: T, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      this.logger.warn(errorFields(error), 'stored answers are away');
      return without;
    }
  }
}

/** Waits for news, for a while, or for the end of the interest in them. News that come between two waits count for the next. */
class Turn {
  private news = false;
  private resolve: (() => void) | undefined;
  private readonly onAbort = (): void => this.wake();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  wake(): void {
    this.news = true;
    this.resolve?.();
  }

  async next(ms: number): Promise<void> {
    if (!this.news) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resolve = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.news = false;
  }

  end(): void {
    this.signal.removeEventListener('abort', this.onAbort);
  }
}
