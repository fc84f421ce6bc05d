import { Injectable } from '@nestjs/common';
import { isAway } from '../../platform/errors/index.js';
import { Bus } from '../../platform/redis/index.js';
import { isTerminal, type RunEvent, type StreamFrame } from './run-event.js';
import { RunNews } from './run-news.js';
import { StreamLogRepository, nameOf } from './stream-log.repository.js';

/** Sign of life on a silent stream. */
const HEARTBEAT_MS = 10_000;
/** Without news for this long the log is read again, in case news were lost. */
const RECHECK_MS = 2_000;
/** A follower waits this long for a store that is away. */
const AWAY_MS = 30_000;
/** Entries held for a client that reads slower than the model writes; beyond it they are read again from the log. */
const INBOX_LIMIT = 64;
const PAGE = 128;

/**
 * Follows a run's log, on any node, from any seq, live or after its end. Knows
 * nothing of workers; leaving harms nothing. Memory per follower is bounded:
 * it keeps a place in the log, not the log.
 */
@Injectable()
export class FollowService {
  constructor(private readonly log: StreamLogRepository, private readonly bus: Bus, private readonly news: RunNews) {}

  /**
   * Batches of frames after `after`, ending with the terminal event. Ends without one when `signal` is aborted, and
   * when `isGone` says that there will never be one.
   */
  async *follow(run: FollowedRun, after: number, signal: AbortSignal, isGone: () => Promise<boolean>): AsyncGenerator<readonly StreamFrame[]> {
    const { tenantId, runId } = run;
    const inbox = new Inbox((entry) => this.log.decoded(tenantId, runId, entry));
    const wake = (): void => inbox.wake();
    const leave = await this.listen(run, inbox);
    const offGap = this.bus.onGap(() => inbox.lose());
    signal.addEventListener('abort', wake, { once: true });
    const outlast = outlasting();
    let index = 0;
    let silentSince = performance.now();
    let checkedAt = performance.now();
    try {
      for (;;) {
        const entry = inbox.take(index);
        const overdue = entry === undefined && performance.now() - checkedAt >= RECHECK_MS;
        const doubtful = entry === undefined && (inbox.missing(index) || overdue);
        if (doubtful) checkedAt = performance.now();
        const entries = entry !== undefined ? [entry] : doubtful ? await outlast(() => this.log.read(tenantId, runId, index, PAGE), []) : [];
        index += entries.length;
        const events = entries.flat().filter((event) => event.seq > after);
        if (signal.aborted) return;
        if (events.length > 0) {
          silentSince = performance.now();
          yield events;
        }
        if (entries.some((batch) => batch.some(isTerminal))) return;
        if (entries.length > 0) continue;
        if (overdue && (await outlast(isGone, false))) return;
        await inbox.wait(index, Math.max(1, Math.min(RECHECK_MS, HEARTBEAT_MS - (performance.now() - silentSince))));
        if (signal.aborted) return;
        if (performance.now() - silentSince >= HEARTBEAT_MS) {
          silentSince = performance.now();
          yield [{ type: 'heartbeat' }];
        }
      }
    } finally {
      offGap();
      signal.removeEventListener('abort', wake);
      await leave();
    }
  }

  /** A run that this node began tells its news to this node; any other is asked to tell them to its own channel. */
  private async listen({ tenantId, runId, begunHere }: FollowedRun, inbox: Inbox): Promise<() => Promise<void>> {
    const name = nameOf(tenantId, runId);
    if (begunHere) {
      const near = this.news.hear(name, (index, events) => inbox.put(index, events));
      const far = this.bus.hear(name, (message) => inbox.push(message));
      return () => {
        near();
        far();
        return Promise.resolve();
      };
    }
    const leave = await this.bus.subscribe(name, (message) => inbox.push(message.slice(message.indexOf('\n') + 1)));
    const counted = await this.log.watch(tenantId, runId);
    return async () => {
      leave();
      // One too many only means that the run is kept.
      if (counted) await this.log.unwatch(tenantId, runId).catch(() => undefined);
    };
  }
}

/** Which run is followed, and whether this very process began it. */
export interface FollowedRun {
  readonly tenantId: string;
  readonly runId: string;
  readonly begunHere: boolean;
}

/** Takes a store that is away for silence, as long as it is not away for too long at a stretch. */
function outlasting(): <T>(ask: () => Promise<T>, silence: T) => Promise<T> {
  let awaySince: number | undefined;
  return async (ask, silence) => {
    try {
      const answer = await ask();
      awaySince = undefined;
      return answer;
    } catch (error) {
      awaySince ??= performance.now();
      if (!isAway(error) || performance.now() - awaySince >= AWAY_MS) throw error;
      return silence;
    }
  };
}

/** News that came while the client was being written to. */
class Inbox {
  private readonly entries = new Map<number, readonly RunEvent[]>();
  private newest = -1;
  private lost = true;
  private waiting: (() => void) | undefined;

  constructor(private readonly decoded: (entry: string) => readonly RunEvent[]) {}

  push(message: string): void {
    const cut = message.indexOf('\n');
    try {
      this.put(parseInt(message.slice(0, cut), 10), this.decoded(message.slice(cut + 1)));
    } catch {
      // What can't be read as news is asked of the log, which says what is wrong.
      this.lose();
    }
  }

  put(index: number, events: readonly RunEvent[]): void {
    this.newest = Math.max(this.newest, index);
    if (this.entries.size < INBOX_LIMIT) this.entries.set(index, events);
    this.wake();
  }

  take(index: number): readonly RunEvent[] | undefined {
    const entry = this.entries.get(index);
    this.entries.delete(index);
    for (const old of this.entries.keys()) {
      if (old >= index) break;
      this.entries.delete(old);
    }
    return entry;
  }

  /** Whether the log has, or may have, an entry at `index` that did not come as news. Asked once, the doubt is settled by reading. */
  missing(index: number): boolean {
    const missing = this.lost || this.newest >= index;
    this.lost = false;
    return missing;
  }

  lose(): void {
    this.lost = true;
    this.wake();
  }

  wake(): void {
    this.waiting?.();
    this.waiting = undefined;
  }

  wait(index: number, ms: number): Promise<void> {
    if (this.lost || this.newest >= index) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting = undefined;
        resolve();
      }, ms);
      this.waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
