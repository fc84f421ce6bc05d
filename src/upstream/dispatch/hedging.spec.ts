import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CallReport, Lease } from '../admission/lease.js';
import type { Channel } from '../channels/channel.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { CallDesk, HedgeEnd } from './call-desk.js';
import { GrantedCall } from './granted-call.js';

const REQUEST = { model: 'm', messages: [], maxTokens: 10, sampling: {} };
const never = new AbortController().signal;
const PRICE = { input: 1_000n, cachedInput: 1_000n, output: 1_000n };

function channel(id: string): Channel {
  return { id, tenantId: undefined, name: id, kind: 'openai', baseUrl: '', apiKey: `key of ${id}`, proxyUrl: undefined, region: undefined, tags: [], models: [{ model: 'm', upstreamName: 'm', price: PRICE }], limits: {}, priority: 1, weight: 1, hedgePercent: 5, state: 'active' };
}

function lease(channelId: string, hedge = false): Lease {
  return { channelId, slot: 1, cost: 0, tokens: 10, early: false, probe: false, ...(hedge ? { hedge: true as const } : {}) };
}

/** How a channel answers: after so many ms words, or a failure; -1: never. */
interface Course {
  readonly afterMs: number;
  readonly failure?: UpstreamFailure;
}

class Desk implements CallDesk {
  readonly events: string[] = [];
  readonly settled: (CallReport & { readonly lease: string })[] = [];
  readonly aborted: string[] = [];
  readonly open = new Map<string, CallWatch>();
  ends: HedgeEnd[] = [];
  readonly outruns: string[] = [];
  leaseMs = 0;
  grants = true;

  constructor(private readonly courses: Record<string, Course>, private readonly lateMs: number | 'never' = 20) {}

  candidates(): readonly Channel[] {
    return Object.keys(this.courses).map(channel);
  }

  async connect(to: Channel, _request: unknown, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>> {
    this.events.push(`call ${to.id}`);
    this.open.set(to.id, watch);
    const course = this.courses[to.id] ?? { afterMs: -1 };
    signal.addEventListener('abort', () => this.aborted.push(to.id), { once: true });
    await after(course.afterMs < 0 ? 60_000 : course.afterMs, undefined, { signal }).catch(() => { throw signal.reason as Error; });
    if (course.failure !== undefined) throw course.failure;
    return words(to.id);
  }

  depart(given: Lease): Promise<Lease> {
    return Promise.resolve(given);
  }

  again(channels: readonly Channel[]): Promise<Lease> {
    this.events.push('again');
    return Promise.resolve(lease(channels[0]?.id ?? ''));
  }

  settle(given: Lease, report: CallReport): void {
    this.settled.push({ lease: `${given.channelId}${given.hedge === true ? ' hedge' : ''}`, ...report });
  }

  leave(): void {
    this.events.push('leave');
  }

  failed(at: Channel): void {
    this.events.push(`failed ${at.id}`);
  }

  retried(): void {
    // Counted elsewhere.
  }

  spoke(at: Channel): void {
    this.events.push(`timed ${at.id}`);
  }

  lateAfter(): number | undefined {
    return this.lateMs === 'never' ? undefined : this.lateMs;
  }

  async hedge(_late: Channel, channels: readonly Channel[]): Promise<Lease | undefined> {
    await after(this.leaseMs);
    return this.grants ? lease(channels[0]?.id ?? '', true) : undefined;
  }

  outrun({ id }: Channel): void {
    this.outruns.push(id);
  }

  hedged(_late: Channel, end: HedgeEnd): void {
    this.ends.push(end);
  }
}

async function* words(text: string): AsyncGenerator<DeltaBatch> {
  yield await Promise.resolve({ contents: [text] });
}

async function told(stream: AsyncIterable<DeltaBatch>): Promise<string> {
  let text = '';
  for await (const batch of stream) text += batch.contents.join('');
  return text;
}

describe('a late call', () => {
  it('gets a second one, and the faster is the answer: the loser is aborted on the spot, each settles its own lease once', async () => {
    const desk = new Desk({ slow: { afterMs: -1 }, fast: { afterMs: 5 } });
    const call = new GrantedCall(desk, lease('slow'));
    expect(await told(await call.open(REQUEST, never))).toBe('fast');
    expect(desk.aborted).toEqual(['slow']);
    expect(desk.settled).toEqual([{ lease: 'slow', release: 'call' }]);
    desk.open.get('fast')?.usage({ promptTokens: 3, completionTokens: 4, cachedTokens: 0, reasoningTokens: 0 });
    desk.open.get('fast')?.whole();
    call.close();
    call.close();
    expect(desk.settled.slice(1)).toEqual([{ lease: 'fast hedge', release: 'run', tokens: 7, verdict: 'well', answer: 4 }]);
    expect([desk.ends, desk.outruns]).toEqual([['won'], ['slow']]);
    expect(call.expense({ promptTokens: 3, completionTokens: 4 })).toEqual({ channelId: 'fast', microCny: 7n });
    // What was given up counts as slow as it was seen to be.
    expect(desk.events).toEqual(['call slow', 'call fast', 'timed fast', 'timed slow']);
  });

  it('is the answer all the same when it is the first to speak', async () => {
    const desk = new Desk({ slow: { afterMs: 40 }, slower: { afterMs: -1 } });
    const call = new GrantedCall(desk, lease('slow'));
    expect(await told(await call.open(REQUEST, never))).toBe('slow');
    expect([desk.aborted, desk.ends, desk.outruns]).toEqual([['slower'], ['lost'], ['slower']]);
    desk.open.get('slower')?.usage({ promptTokens: 99, completionTokens: 99, cachedTokens: 0, reasoningTokens: 0 });
    call.close();
    expect(desk.settled).toEqual([{ lease: 'slower hedge', release: 'call' }, { lease: 'slow', release: 'run' }]);
    expect(call.expense({ promptTokens: 3, completionTokens: 4 })?.channelId).toBe('slow');
  });

  it('goes on when the second one fails', async () => {
    const desk = new Desk({ slow: { afterMs: 60 }, broken: { afterMs: 5, failure: new UpstreamFailure('server', 500) } });
    const call = new GrantedCall(desk, lease('slow'));
    expect(await told(await call.open(REQUEST, never))).toBe('slow');
    call.close();
    expect(desk.settled).toEqual([{ lease: 'broken hedge', release: 'call', verdict: 'badly' }, { lease: 'slow', release: 'run' }]);
    expect([desk.ends, desk.aborted]).toEqual([['failed'], []]);
  });

  it('that fails leaves the answer to the second one', async () => {
    const desk = new Desk({ broken: { afterMs: 30, failure: new UpstreamFailure('cut') }, slow: { afterMs: 60 } });
    const call = new GrantedCall(desk, lease('broken'));
    expect(await told(await call.open(REQUEST, never))).toBe('slow');
    call.close();
    expect(desk.settled).toEqual([{ lease: 'broken', release: 'call', verdict: 'badly' }, { lease: 'slow hedge', release: 'run' }]);
    expect(desk.ends).toEqual(['won']);
  });

  it('is tried again elsewhere when both fail, and never hedged twice', async () => {
    const failure = new UpstreamFailure('server', 503);
    const desk = new Desk({ one: { afterMs: 30, failure }, two: { afterMs: 15, failure }, three: { afterMs: 60 } });
    const call = new GrantedCall(desk, lease('one'), () => 0);
    expect(await told(await call.open(REQUEST, never))).toBe('three');
    expect(desk.events.filter((event) => event.startsWith('call') || event === 'again')).toEqual(['call one', 'call two', 'again', 'call three']);
    expect(desk.ends).toEqual(['failed']);
  });

  it('is stopped together with its rival, and both leases are given back', async () => {
    const desk = new Desk({ slow: { afterMs: -1 }, slower: { afterMs: -1 } });
    const stop = new AbortController();
    const call = new GrantedCall(desk, lease('slow'));
    const opening = call.open(REQUEST, stop.signal);
    setTimeout(() => stop.abort(new Error('stopped')), 50);
    await expect(opening).rejects.toThrow('stopped');
    call.close();
    expect(desk.aborted.sort()).toEqual(['slow', 'slower']);
    expect(desk.settled).toEqual([{ lease: 'slower hedge', release: 'call' }, { lease: 'slow', release: 'run' }]);
    expect(desk.ends).toEqual(['lost']);
  });

  it('that speaks while leave is asked for does not wait for it, and the leave is given back', async () => {
    const desk = new Desk({ slow: { afterMs: 30 }, fast: { afterMs: 0 } });
    desk.leaseMs = 60;
    const call = new GrantedCall(desk, lease('slow'));
    expect(await told(await call.open(REQUEST, never))).toBe('slow');
    expect(desk.settled).toEqual([]);
    await after(80);
    expect([desk.settled, desk.ends]).toEqual([[{ lease: 'fast hedge', release: 'call', sent: false }], ['unused']]);
    call.close();
    expect(desk.settled.at(-1)).toEqual({ lease: 'slow', release: 'run' });
  });

  it('whose run is over by then gives the leave back, too', async () => {
    const desk = new Desk({ slow: { afterMs: 30 }, fast: { afterMs: 0 } });
    desk.leaseMs = 60;
    const call = new GrantedCall(desk, lease('slow'));
    await told(await call.open(REQUEST, never));
    call.close();
    await after(80);
    expect(desk.settled).toEqual([{ lease: 'slow', release: 'run' }, { lease: 'fast hedge', release: 'call', sent: false }]);
  });

  it('waits alone where nobody has room, and where there is no other channel', async () => {
    const full = new Desk({ slow: { afterMs: 40 }, other: { afterMs: 0 } });
    full.grants = false;
    expect(await told(await new GrantedCall(full, lease('slow')).open(REQUEST, never))).toBe('slow');
    const alone = new Desk({ slow: { afterMs: 40 } });
    expect(await told(await new GrantedCall(alone, lease('slow')).open(REQUEST, never))).toBe('slow');
    expect([full.ends, alone.ends]).toEqual([[], []]);
  });

  it('is alone where its channel is not hedged, and where it is in time', async () => {
    const off = new Desk({ slow: { afterMs: 40 }, fast: { afterMs: 0 } }, 'never');
    expect(await told(await new GrantedCall(off, lease('slow')).open(REQUEST, never))).toBe('slow');
    const inTime = new Desk({ quick: { afterMs: 1 }, fast: { afterMs: 0 } }, 1_000);
    expect(await told(await new GrantedCall(inTime, lease('quick')).open(REQUEST, never))).toBe('quick');
    expect([off.events, inTime.events]).toEqual([['call slow', 'timed slow'], ['call quick', 'timed quick']]);
  });
});
