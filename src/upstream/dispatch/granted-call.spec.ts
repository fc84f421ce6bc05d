import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CallReport, Lease } from '../admission/lease.js';
import type { Channel } from '../channels/channel.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { CallDesk } from './call-desk.js';
import { GrantedCall } from './granted-call.js';

const REQUEST = { model: 'm', messages: [], maxTokens: 10, sampling: {} };
const signal = new AbortController().signal;

function channel(id: string, limits: Channel['limits'] = {}): Channel {
  return { id, tenantId: undefined, name: id, kind: 'openai', baseUrl: '', apiKey: '', proxyUrl: undefined, region: undefined, tags: [], models: [{ model: 'm', upstreamName: 'm' }], limits, priority: 1, weight: 1, state: 'active' };
}

function lease(channelId: string): Lease {
  return { channelId, slot: 1, cost: 0, tokens: 10, early: false, probe: false };
}

async function* words(...contents: readonly string[]): AsyncGenerator<DeltaBatch> {
  for (const content of contents) yield await Promise.resolve({ contents: [content] });
}

/** A desk whose channels answer as told, call after call. */
class Desk implements CallDesk {
  readonly connected: string[] = [];
  readonly settled: (CallReport & { readonly channel: string })[] = [];
  watch: CallWatch | undefined;
  waits: number[] = [];
  expired = false;
  departed: Lease | undefined;

  constructor(readonly channels: Channel[], private readonly answers: Record<string, (UpstreamFailure | 'ok')[]>) {}

  candidates(): readonly Channel[] {
    return this.channels;
  }

  connect(to: Channel, _request: unknown, _signal: unknown, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>> {
    this.connected.push(to.id);
    this.watch = watch;
    const answer = this.answers[to.id]?.shift() ?? 'ok';
    return answer === 'ok' ? Promise.resolve(words(`from ${to.id}`)) : Promise.reject(answer);
  }

  depart(given: Lease): Promise<Lease | undefined> {
    return Promise.resolve(this.expired ? undefined : (this.departed ?? given));
  }

  /** Waits of channels that have no room, each for ever. */
  readonly full = new Map<string, number>();
  readonly retries: string[] = [];

  again(channels: readonly Channel[]): Promise<Lease | number> {
    const free = channels.find(({ id }) => !this.full.has(id));
    if (free === undefined) return Promise.resolve(Math.min(...channels.map(({ id }) => this.full.get(id) ?? 0)));
    if (this.full.size > 0) return Promise.resolve(lease(free.id));
    return Promise.resolve(this.waits.shift() ?? lease(channels[0]?.id ?? ''));
  }

  settle(given: Lease, report: CallReport): void {
    this.settled.push({ channel: given.channelId, ...report });
  }

  left = 0;

  leave(): void {
    this.left += 1;
  }

  failed(): void {
    // Counted elsewhere.
  }

  retried(at: Channel): void {
    this.retries.push(at.id);
  }

  spoke(): void {
    // Measured elsewhere.
  }

  lateAfter(): undefined {
    return undefined;
  }

  hedge(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  outrun(): void {
    throw new Error('nothing is hedged here');
  }

  hedged(): void {
    // Never here.
  }
}

afterEach(() => {
  vi.useRealTimers();
});

async function read(stream: AsyncIterable<DeltaBatch>): Promise<string> {
  let text = '';
  for await (const batch of stream) text += batch.contents.join('');
  return text;
}

describe('GrantedCall', () => {
  it('goes to another channel when the first one fails before the first word', async () => {
    const desk = new Desk([channel('a'), channel('b')], { a: [new UpstreamFailure('server', 500)] });
    const call = new GrantedCall(desk, lease('a'), () => 0);
    expect(await read(await call.open(REQUEST, signal))).toBe('from b');
    expect(desk.settled).toEqual([{ channel: 'a', release: 'call', verdict: 'badly' }]);
  });

  it('tries one channel three times, and no more', async () => {
    const failure = new UpstreamFailure('server', 500);
    const desk = new Desk([channel('a')], { a: [failure, failure, failure, failure] });
    await expect(new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal)).rejects.toBe(failure);
    expect(desk.connected).toEqual(['a', 'a', 'a']);
  });

  it('does not repeat a request that is at fault itself', async () => {
    const desk = new Desk([channel('a'), channel('b')], { a: [new UpstreamFailure('context_length', 400)] });
    await expect(new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal)).rejects.toMatchObject({ kind: 'context_length' });
    expect(desk.settled).toEqual([{ channel: 'a', release: 'call' }]);
  });

  it('does not count a call that never arrived against the limits, and blocks a channel for as long as it asks', async () => {
    const desk = new Desk([channel('a'), channel('b'), channel('c')], { a: [new UpstreamFailure('connect')], b: [new UpstreamFailure('rate_limited', 429, 1_234.5)] });
    await read(await new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal));
    expect(desk.settled).toEqual([{ channel: 'a', release: 'call', sent: false, verdict: 'badly' }, { channel: 'b', release: 'call', blockedMs: 1_235 }]);
  });

  it('does not wait for room that comes too late, and tells the failure that was', async () => {
    const desk = new Desk([channel('a')], { a: [new UpstreamFailure('rate_limited', 429, 30_000)] });
    desk.waits = [30_000];
    await expect(new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal)).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 30_000 });
  });

  it('asks the gate again when its lease ran out, and waits for room', async () => {
    const desk = new Desk([channel('a')], {});
    desk.expired = true;
    desk.waits = [1, 1];
    expect(await read(await new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal))).toBe('from a');
    expect(desk.waits).toEqual([]);
  });

  it('stops waiting when it is cancelled', async () => {
    const desk = new Desk([channel('a')], { a: [new UpstreamFailure('rate_limited', 429)] });
    desk.waits = [10_000];
    const cancel = new AbortController();
    const opening = new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, cancel.signal);
    cancel.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });

  it('closes the books with what the upstream counted, once', async () => {
    const desk = new Desk([channel('a')], {});
    const call = new GrantedCall(desk, lease('a'));
    await read(await call.open(REQUEST, signal));
    desk.watch?.usage({ promptTokens: 7, completionTokens: 5, cachedTokens: 0, reasoningTokens: 0 });
    desk.watch?.whole();
    call.close();
    call.close();
    expect(desk.settled).toEqual([{ channel: 'a', release: 'run', tokens: 12, verdict: 'well', answer: 5 }]);
  });

  it('gives the booking back when the run ended before any call', () => {
    const desk = new Desk([channel('a')], {});
    new GrantedCall(desk, lease('a')).close();
    expect(desk.settled).toEqual([{ channel: 'a', release: 'run', sent: false }]);
  });

  it.each([['departs', false], ['is asked for anew', true]])('gives a lease back that %s while its run ends, and calls nobody', async (_, expired) => {
    const desk = new Desk([channel('a')], {});
    desk.expired = expired;
    desk.departed = { ...lease('a'), token: 'departed' };
    const call = new GrantedCall(desk, expired ? undefined : lease('a'));
    const opening = call.open(REQUEST, signal);
    call.close();
    await expect(opening).rejects.toThrow('over before its call');
    expect(desk.connected).toEqual([]);
    expect(desk.settled.at(-1)).toEqual({ channel: 'a', release: 'run', sent: false });
    expect([desk.settled.length, desk.left]).toEqual(expired ? [1, 1] : [2, 0]);
  });

  it('leaves the gate also when its last call has failed', async () => {
    const desk = new Desk([channel('a')], { a: [new UpstreamFailure('refused', 400)] });
    const call = new GrantedCall(desk, lease('a'));
    await expect(call.open(REQUEST, signal)).rejects.toMatchObject({ kind: 'refused' });
    call.close();
    call.close();
    expect([desk.settled, desk.left]).toEqual([[{ channel: 'a', release: 'call' }], 1]);
  });

  it('takes from the upstream what is left of its limits', async () => {
    const desk = new Desk([channel('a', { requestsPerMinute: 10 })], {});
    await new GrantedCall(desk, lease('a')).open(REQUEST, signal);
    desk.watch?.headers({ 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-remaining-tokens': '77' });
    expect(desk.settled).toEqual([{ channel: 'a', remaining: { requests: 3, tokens: 77 } }]);
  });

  it('asks every channel once before it gives up, however many there are, and no more than sixteen', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `c${n}`);
    const failures = Object.fromEntries(names.map((name) => [name, [new UpstreamFailure('server', 500)]]));
    const seven = new Desk(names.slice(0, 8).map((name) => channel(name)), Object.fromEntries(Object.entries(failures).slice(0, 7)));
    expect(await read(await new GrantedCall(seven, lease('c0'), () => 0).open(REQUEST, signal))).toBe('from c7');
    const all = new Desk(names.map((name) => channel(name)), Object.fromEntries(names.map((name) => [name, Array.from({ length: 9 }, () => new UpstreamFailure('server', 500))])));
    await expect(new GrantedCall(all, lease('c0'), () => 0).open(REQUEST, signal)).rejects.toMatchObject({ kind: 'server' });
    expect([new Set(all.connected).size, all.connected.length]).toEqual([16, 22]);
  });

  it.each([60_000, 1_000])('asks a channel that failed once again while the only other one has no room for %i ms', async (waitMs) => {
    const desk = new Desk([channel('a'), channel('b')], { a: [new UpstreamFailure('server', 500)] });
    desk.full.set('b', waitMs);
    expect(await read(await new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal))).toBe('from a');
    expect([desk.connected, desk.retries]).toEqual([['a', 'a'], ['a']]);
  });

  it('lets a channel that failed rest before it is asked again, and prefers one that gets free meanwhile', async () => {
    const desk = new Desk([channel('a'), channel('b')], { a: [new UpstreamFailure('server', 500)] });
    desk.full.set('b', 20);
    const opening = new GrantedCall(desk, lease('a'), () => 1).open(REQUEST, signal);
    await vi.waitFor(() => expect(desk.connected).toEqual(['a']));
    desk.full.set('b', 20).delete('b');
    expect(await read(await opening)).toBe('from b');
  });

  it('asks a channel that was not asked yet and has room, however long the others took to fail', async () => {
    vi.useFakeTimers();
    const desk = new Desk([channel('a'), channel('b'), channel('c')], {});
    const connect = desk.connect.bind(desk);
    desk.connect = async (to, ...rest) => {
      if (to.id === 'c') return connect(to, ...rest);
      desk.connected.push(to.id);
      await vi.advanceTimersByTimeAsync(60_000);
      throw new UpstreamFailure('timeout');
    };
    expect(await read(await new GrantedCall(desk, lease('a'), () => 0).open(REQUEST, signal))).toBe('from c');
    expect(desk.connected).toEqual(['a', 'b', 'c']);
  });

  it('trusts a channel on probation with its first words, not with its headers', async () => {
    const desk = new Desk([channel('a')], { a: [new UpstreamFailure('timeout')] });
    const connect = desk.connect.bind(desk);
    desk.connect = (to, request, given, watch) => {
      watch.headers({});
      return connect(to, request, given, watch);
    };
    const probe = { ...lease('a'), probe: true };
    desk.again = () => Promise.resolve(probe);
    await read(await new GrantedCall(desk, probe, () => 0).open(REQUEST, signal));
    expect(desk.settled).toEqual([{ channel: 'a', release: 'call', verdict: 'badly' }, { channel: 'a', verdict: 'well' }]);
  });

  it.each<[UpstreamFailure, object]>([
    [new UpstreamFailure('cut'), { verdict: 'badly' }],
    [new UpstreamFailure('content_policy'), {}],
    [new UpstreamFailure('rate_limited', 429), { blockedMs: 1_000 }],
  ])('judges a failure after the first words as one before them: %s', async (failure, told) => {
    const desk = new Desk([channel('a')], {});
    const call = new GrantedCall(desk, lease('a'));
    await read(await call.open(REQUEST, signal));
    desk.watch?.broke(failure);
    call.close();
    expect(desk.settled).toEqual([{ channel: 'a', release: 'run', ...told }]);
  });
});
