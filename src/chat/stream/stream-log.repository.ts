import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { isAway } from '../../platform/errors/index.js';
import { Bus, REDIS, Script } from '../../platform/redis/index.js';
import { delay, now } from '../../platform/values/index.js';
import type { Hold, RunPlan } from '../run/run.js';
import { decodeEntry, encodeEntry } from './log-entry.js';
import { KeptTexts, isSealed } from './kept-texts.service.js';
import { isTerminal, shownText, type RunEvent } from './run-event.js';
import { withdrawn } from './withdrawn.js';
import { RunNews } from './run-news.js';

const BEGIN = new Script(new URL('begin-1.lua', import.meta.url));
const TAKE = new Script(new URL('take-1.lua', import.meta.url));
const RETAKE = new Script(new URL('retake-2.lua', import.meta.url));
const APPEND = new Script(new URL('append-2.lua', import.meta.url));
const RECALL = new Script(new URL('recall-2.lua', import.meta.url));
const WITHDRAW = new Script(new URL('withdraw-2.lua', import.meta.url));
const STOP = new Script(new URL('stop-1.lua', import.meta.url));
const WATCH = new Script(new URL('watch-1.lua', import.meta.url));
const LEAVE = new Script(new URL('leave-1.lua', import.meta.url));
const BEAT = new Script(new URL('beat-1.lua', import.meta.url));

/** How long an answer waits for a Redis that is away before it ends. */
const PATIENCE_MS = 8_000;

/** Why an append was refused. `gone`: Redis lost the run; `fenced`: a newer generation has it. */
export type Refusal = 'gone' | 'fenced';

export type Taken =
  | { readonly kind: 'gone' | 'done' | 'taken' | 'older' }
  | { readonly kind: 'ok'; readonly generation: number; readonly sealed: boolean; readonly plan: RunPlan | undefined; readonly stop: string | undefined; readonly events: readonly RunEvent[] };

/** What the sweeper reads of a run. */
export interface RunPulse {
  readonly taken: boolean;
  readonly done: boolean;
  /** Milliseconds since 1970 of the holder's last sign of life. */
  readonly beatAt: number | undefined;
  /** The next event's seq: up to 2, no word was shown. */
  readonly next: number;
}

/** A run in Redis: its plan until it ends, who holds it, and the log of its events. The keys of a run share one cluster slot; all of them expire. */
@Injectable()
export class StreamLogRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis, @Inject(CONFIG) private readonly config: Config, private readonly bus: Bus, private readonly news: RunNews, private readonly texts: KeptTexts) {}

  /** A plan as it is to lie there. Errors: the driver's. */
  async written(tenantId: string, runId: string, plan: RunPlan): Promise<string> {
    return this.texts.kept({ tenantId, row: runId, kind: 'run_plan' }, JSON.stringify(plan));
  }

  /** Lays the plan ready for a worker, before anything that is sent after this call. @param home channel of the node that will follow it. */
  async begin(tenantId: string, runId: string, written: string, home: string): Promise<void> {
    await BEGIN.run(this.redis, [keysOf(tenantId, runId)[0]], [home, written, this.config.runs.logTtlSeconds]);
  }

  /** Takes a fresh run, as generation 1. */
  async take(tenantId: string, runId: string): Promise<Taken> {
    const answer = (await TAKE.run(this.redis, [keysOf(tenantId, runId)[0]], [now()])) as [string, string?, string?, string?];
    if (answer[0] !== 'ok') return { kind: answer[0] as 'gone' | 'done' | 'taken' };
    return { kind: 'ok', generation: parseInt(answer[1] ?? '1', 10), sealed: isSealed(answer[2] ?? ''), plan: this.planOf(tenantId, runId, answer[2]), stop: answer[3] ?? undefined, events: [] };
  }

  /** Takes over a run whose holder is lost, under a generation that the run's row has given. */
  async retake(tenantId: string, runId: string, generation: number): Promise<Taken> {
    const answer = (await RETAKE.run(this.redis, keysOf(tenantId, runId), [generation, now()])) as [string, string?, string?, string[]?];
    if (answer[0] !== 'ok') return { kind: answer[0] as 'gone' | 'done' | 'older' };
    return { kind: 'ok', generation, sealed: isSealed(answer[1] ?? ''), plan: this.planOf(tenantId, runId, answer[1]), stop: answer[2] ?? undefined, events: (answer[3] ?? []).flatMap((entry) => this.decoded(tenantId, runId, entry)) };
  }

  /**
   * Appends in order; a terminal event ends the log. Answers the refusal, if it was refused. Waits a while for a Redis
   * that is away: appending twice is the same as once, so an append whose answer was lost is made again.
   */
  async append(tenantId: string, hold: Hold, events: readonly RunEvent[]): Promise<Refusal | undefined> {
    const first = events[0];
    if (first === undefined) return undefined;
    const [meta, log] = keysOf(tenantId, hold.runId);
    const name = nameOf(tenantId, hold.runId);
    const ends = events.some(isTerminal) ? 1 : 0;
    const args = [hold.generation, first.seq, events.length, this.encoded(tenantId, hold, events), ends, this.config.runs.logTtlSeconds, name, now(), this.bus.home];
    const index = (await patiently(() => APPEND.run(this.redis, [meta, log], args))) as number;
    return this.told(name, index, events);
  }

  /**
   * Takes words back: from here on the log has none of what its deltas told from `fromSeq` on, and the recall stands
   * after them. Followers that were told them are told the recall.
   */
  async recall(tenantId: string, hold: Hold, event: Extract<RunEvent, { type: 'recall' }>): Promise<Refusal | undefined> {
    const [meta, log] = keysOf(tenantId, hold.runId);
    const name = nameOf(tenantId, hold.runId);
    const index = (await patiently(async () => {
      const blanked = (await this.redis.lrange(log, 0, -1)).flatMap((entry, at) => this.blanked(tenantId, hold, entry, at, event.fromSeq));
      return RECALL.run(this.redis, [meta, log], [hold.generation, event.seq, this.encoded(tenantId, hold, [event]), name, now(), this.bus.home, ...blanked]);
    })) as number;
    return this.told(name, index, [event]);
  }

  /**
   * Takes all words of a run back that is over: who follows it from now on finds `replace` in their place. Nothing where Redis forgot the run.
   * @throws Error where the log grew meanwhile: try again.
   */
  async withdraw(tenantId: string, runId: string, replace: string): Promise<void> {
    const keys = keysOf(tenantId, runId);
    const entries = await this.redis.lrange(keys[1], 0, -1);
    const events = entries.map((entry) => this.decoded(tenantId, runId, entry));
    const bySeq = new Map(withdrawn(events.flat(), replace).map((event) => [event.seq, event]));
    const changed = events.flatMap((each, at) => {
      const [before, after] = [entries[at] ?? '', each.map((event) => bySeq.get(event.seq) ?? event)];
      return encodeEntry(each) === encodeEntry(after) ? [] : [at, before, this.encoded(tenantId, { runId, sealed: isSealed(before) }, after)];
    });
    if (changed.length > 0 && (await WITHDRAW.run(this.redis, keys, changed)) !== 1) throw new Error('the stream log changed while its words were taken back');
  }

  /** The words of a run as they stand in its log. */
  async words(tenantId: string, runId: string): Promise<string> {
    const entries = await this.redis.lrange(keysOf(tenantId, runId)[1], 0, -1);
    return shownText(entries.flatMap((entry) => this.decoded(tenantId, runId, entry)));
  }

  /** Tells followers in this process what was appended, or why it was not. */
  private told(name: string, index: number, events: readonly RunEvent[]): Refusal | undefined {
    if (index >= 0) this.news.tell(name, index, events);
    if (index >= 0 || index === -5) return undefined;
    if (index === -1) return 'gone';
    if (index === -4) throw new Error('the stream log and its writer disagree on the next seq');
    return 'fenced';
  }

  /** Marks a run as stopped: whoever has it, or takes it from now on, ends it. @returns `claimed` where nobody had it: the caller must conclude it. */
  async stop(tenantId: string, runId: string, code: string): Promise<'gone' | 'done' | 'claimed' | 'told'> {
    return (await STOP.run(this.redis, [keysOf(tenantId, runId)[0]], [code, now()])) as 'gone' | 'done' | 'claimed' | 'told';
  }

  /**
   * A client is gone: the one that `began` the run, or a follower that was unwatched. Nothing happens as long as
   * anybody is there for it. @param mayClaim `claimed`, where nobody has it yet: the caller must conclude it.
   */
  async leave(tenantId: string, runId: string, began: boolean, mayClaim: boolean): Promise<'kept' | 'claimed' | 'forsaken'> {
    return (await LEAVE.run(this.redis, [keysOf(tenantId, runId)[0]], [began ? 1 : 0, mayClaim ? 1 : 0, now()])) as 'kept' | 'claimed' | 'forsaken';
  }

  /** A sign of life. Tells whether the hold is still good, and of a stop whose news was lost. */
  async beat(tenantId: string, hold: Hold): Promise<{ readonly held: boolean; readonly stop: string | undefined }> {
    const [held, stop] = (await BEAT.run(this.redis, [keysOf(tenantId, hold.runId)[0]], [hold.generation, now()])) as [number, string?];
    return { held: held === 1, stop: stop ?? undefined };
  }

  /** Whether who began it is gone, and nobody else is there for it. */
  async isForsaken(tenantId: string, runId: string): Promise<boolean> {
    const [left, followers] = await this.redis.hmget(keysOf(tenantId, runId)[0], 'left', 'followers');
    return left === '1' && parseInt(followers ?? '0', 10) <= 0;
  }

  /** A follower that did not begin the run: from here on the news of the log go to the run's own channel, too. @returns whether it is counted, and so must be unwatched. */
  async watch(tenantId: string, runId: string): Promise<boolean> {
    return (await WATCH.run(this.redis, [keysOf(tenantId, runId)[0]], [1, this.config.runs.logTtlSeconds])) === 1;
  }

  /** One of those is gone. */
  async unwatch(tenantId: string, runId: string): Promise<void> {
    await WATCH.run(this.redis, [keysOf(tenantId, runId)[0]], [-1, this.config.runs.logTtlSeconds]);
  }

  async pulse(tenantId: string, runId: string): Promise<RunPulse | undefined> {
    const [gen, taken, done, beat, next] = await this.redis.hmget(keysOf(tenantId, runId)[0], 'gen', 'taken', 'done', 'beat', 'next');
    if (gen === null || gen === undefined) return undefined;
    return { taken: taken === '1', done: done === '1', beatAt: beat === null || beat === undefined ? undefined : parseInt(beat, 10), next: parseInt(next ?? '1', 10) };
  }

  async plan(tenantId: string, runId: string): Promise<RunPlan | undefined> {
    return this.planOf(tenantId, runId, await this.redis.hget(keysOf(tenantId, runId)[0], 'plan'));
  }

  /** The newest event of the log. */
  async last(tenantId: string, runId: string): Promise<RunEvent | undefined> {
    const entry = await this.redis.lindex(keysOf(tenantId, runId)[1], -1);
    return entry === null ? undefined : this.decoded(tenantId, runId, entry).at(-1);
  }

  /** Entries from an index on, at most `count`. */
  async read(tenantId: string, runId: string, index: number, count: number): Promise<readonly (readonly RunEvent[])[]> {
    const entries = await this.redis.lrange(keysOf(tenantId, runId)[1], index, index + count - 1);
    return entries.map((entry) => this.decoded(tenantId, runId, entry));
  }

  /** An entry of the log, or of the news of it. @throws Error when its seal does not open. */
  decoded(tenantId: string, runId: string, entry: string): readonly RunEvent[] {
    return decodeEntry(this.texts.opened({ tenantId, row: runId, kind: 'stream_entry' }, entry));
  }

  private encoded(tenantId: string, { runId, sealed }: Pick<Hold, 'runId' | 'sealed'>, events: readonly RunEvent[]): string {
    const entry = encodeEntry(events);
    return sealed === true ? this.texts.sealed({ tenantId, row: runId, kind: 'stream_entry' }, entry) : entry;
  }

  /** An entry without the words from a seq on, and where it stands; nothing where it has none. */
  private blanked(tenantId: string, hold: Hold, entry: string, at: number, fromSeq: number): readonly [] | readonly [at: number, entry: string] {
    const events = this.decoded(tenantId, hold.runId, entry);
    if (!events.some((event) => event.type === 'delta' && event.seq >= fromSeq)) return [];
    return [at, this.encoded(tenantId, { ...hold, sealed: isSealed(entry) }, events.map((event) => (event.type === 'delta' && event.seq >= fromSeq ? { ...event, content: '' } : event)))];
  }

  private planOf(tenantId: string, runId: string, kept: string | null | undefined): RunPlan | undefined {
    return kept === null || kept === undefined ? undefined : (JSON.parse(this.texts.opened({ tenantId, row: runId, kind: 'run_plan' }, kept)) as RunPlan);
  }
}

/** Repeats a step while Redis is away, for PATIENCE_MS. */
async function patiently<T>(step: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pause = 20; ; pause = Math.min(500, pause * 2)) {
    try {
      return await step();
    } catch (error) {
      if (!isAway(error) || performance.now() >= deadline) throw error;
      await delay(pause);
    }
  }
}

/** The name of a run on the bus. The news of its log are `<name>\n<index>\n<entry>`. */
export function nameOf(tenantId: string, runId: string): string {
  return `run:${tenantId}:${runId}`;
}

function keysOf(tenantId: string, runId: string): readonly [meta: string, log: string] {
  const tag = `{run:${tenantId}:${runId}}`;
  return [`${tag}:meta`, `${tag}:log`];
}
