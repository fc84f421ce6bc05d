import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelTerms } from '../../src/upstream/admission/channel-terms.js';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

const STEP_MS = 50;
const ASK_MS = 250;
const CALL_MS = 1_000;

interface Outcome {
  /** When runs that ask again got their call. */
  readonly again: readonly number[];
  /** When runs were served that asked for their first. */
  readonly queue: readonly number[];
}

/** A channel that is always waited for; `asking` tells how many runs want another call of it by then. */
async function crowd(channel: ChannelTerms, ms: number, asking: (atMs: number, served: number) => number, tokens = 100): Promise<Outcome> {
  const start = gate.nowMs;
  const under: { readonly runId: string; readonly lease: Lease; readonly endsAt: number }[] = [];
  const again: number[] = [];
  const queue: number[] = [];
  const retrying = new Map<string, number>();
  let [came, queued, run] = [0, 0, 0];
  const begin = (runId: string, lease: Lease, kind: number[]): void => {
    under.push({ runId, lease, endsAt: gate.nowMs + CALL_MS });
    kind.push(gate.nowMs - start);
  };
  const pump = async (): Promise<void> => {
    for (const { ticket, lease } of (await gate.admit([channel])).admitted) {
      queued -= 1;
      begin(ticket.runId, lease, queue);
    }
  };
  for (; gate.nowMs < start + ms; await gate.pass(STEP_MS)) {
    for (const call of under.filter(({ endsAt }) => endsAt <= gate.nowMs)) {
      under.splice(under.indexOf(call), 1);
      await gate.settle(call.runId, call.lease, channel, { release: 'run', verdict: 'well' });
      await pump();
    }
    for (; queued < 10; run += 1) {
      const entered = await gate.enter({ runId: `r${run}`, tenantId: `t${run % 5}` }, [channel]);
      if (entered.kind === 'admitted') begin(`r${run}`, entered.lease, queue);
      else queued += 1;
    }
    for (; came < asking(gate.nowMs - start, again.length); came += 1) retrying.set(`again-${came}`, gate.nowMs + ((came * 70) % ASK_MS));
    for (const [runId, at] of retrying) {
      if (at > gate.nowMs) continue;
      const lease = await gate.gate.again(runId, [channel], tokens);
      if (typeof lease === 'number') retrying.set(runId, gate.nowMs + Math.min(lease, ASK_MS));
      else {
        retrying.delete(runId);
        begin(runId, lease, again);
      }
    }
    await pump();
  }
  return { again, queue };
}

describe('runs that ask for another call of a channel that is waited for', () => {
  it.each([
    ['answers at once', terms('chan-c', { con: 4 })],
    ['one answer at a time', terms('chan-c', { con: 1 })],
    ['requests by the minute', terms('chan-c', { rpm: 120 })],
    ['tokens by the minute', terms('chan-c', { tpm: 12_000 })],
    ['answers at once and by the minute', terms('chan-c', { con: 3, rpm: 600 })],
  ])('get it before their patience is over: a bound on %s', async (_, channel) => {
    const { again, queue } = await crowd(channel, 40_000, (atMs) => (atMs < 20_000 ? 0 : 8));
    expect(again).toHaveLength(8);
    expect(Math.max(...again)).toBeLessThan(34_000);
    const meanwhile = queue.filter((at) => at >= 20_000 && at <= Math.max(...again));
    expect(meanwhile.length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['answers at once', terms('chan-c', { con: 4 }), 240],
    ['one answer at a time', terms('chan-c', { con: 1 }), 60],
    ['requests by the minute', terms('chan-c', { rpm: 240 }), 240],
    ['tokens by the minute', terms('chan-c', { tpm: 24_000 }), 240],
  ])('leave their part to those who wait, however many they are: a bound on %s', async (_, channel, aMinute) => {
    const { again, queue } = await crowd(channel, 60_000, (_atMs, served) => served + 20);
    const ofQueue = queue.filter((at) => at >= 30_000).length;
    const ofAgain = again.filter((at) => at >= 30_000).length;
    expect(ofQueue / (ofQueue + ofAgain)).toBeGreaterThanOrEqual(0.2);
    expect(ofAgain).toBeGreaterThan(ofQueue);
    expect(queue.length + again.length).toBeGreaterThanOrEqual(aMinute * 0.9);
  });
});

describe('a long text that asks for another call', () => {
  it('leaves short ones what it does not need', async () => {
    const channel = terms('chan-c', { tpm: 100_000 });
    const before = await gate.enter({ runId: 'before', tokens: 70_000 }, [channel]);
    if (before.kind !== 'admitted') throw new Error('the first one was not admitted');
    await gate.settle('before', before.lease, channel, { release: 'run', tokens: 70_000 });
    await gate.pass(56_500);
    const start = gate.nowMs;
    const waits: number[] = [];
    let [lease, short]: [Lease | number, number] = [0, 0];
    for (; typeof lease === 'number' && gate.nowMs < start + 15_000; await gate.pass(250)) {
      lease = await gate.gate.again('long', [channel], 40_000);
      if ((gate.nowMs - start) % 1_000 !== 0) continue;
      short += 1;
      const entered = await gate.enter({ runId: `short-${short}`, tokens: 500 }, [channel]);
      waits.push(entered.kind === 'admitted' ? 0 : 1);
    }
    expect(lease).toBeTypeOf('object');
    expect(gate.nowMs - start).toBeLessThan(6_500);
    expect(waits.filter((waited) => waited === 0).length).toBeGreaterThanOrEqual(3);
  });
});

describe('a place that a run waits for to call again', () => {
  const channel = terms('chan-c', { con: 2 });
  const leases: Lease[] = [];

  beforeEach(async () => {
    leases.length = 0;
    for (const runId of ['a', 'b']) {
      const entered = await gate.enter({ runId }, [channel]);
      if (entered.kind === 'admitted') leases.push(entered.lease);
    }
    expect(await gate.gate.again('again', [channel], 100)).toBeTypeOf('number');
  });

  const end = async (runId: string, lease: Lease | undefined): Promise<unknown> => lease && gate.settle(runId, lease, channel, { release: 'run' });

  it('is taken by nobody who comes, and by no second call', async () => {
    await end('a', leases[0]);
    expect((await gate.enter({ runId: 'd' }, [channel])).kind).toBe('queued');
    await gate.gate.leave('d');
    expect(await gate.gate.hedge('b', [channel], 100)).toBeUndefined();
    expect(await gate.gate.again('again', [channel], 100)).toBeTypeOf('object');
  });

  it('is one place: the next is anybody’s', async () => {
    await end('a', leases[0]);
    await end('b', leases[1]);
    expect((await gate.enter({ runId: 'd' }, [channel])).kind).toBe('admitted');
    expect((await gate.enter({ runId: 'e' }, [channel])).kind).toBe('queued');
  });

  it('is free again a second after the run asked last', async () => {
    await end('a', leases[0]);
    await gate.pass(1_001);
    expect((await gate.enter({ runId: 'd' }, [channel])).kind).toBe('admitted');
  });
});
