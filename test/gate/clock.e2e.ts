import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

const TEN_MINUTES = 600_000;

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());
beforeEach(async () => {
  await gate.close();
  gate = await GateBench.open();
});

async function begin(runId: string, channel: ReturnType<typeof terms>): Promise<Lease> {
  const entered = await gate.enter({ runId }, [channel]);
  if (entered.kind !== 'admitted') throw new Error(`${runId} was ${entered.kind}`);
  return entered.lease;
}

/** How many of those that ask in so many ms are answered. */
async function admittedIn(ms: number, channel: ReturnType<typeof terms>): Promise<number> {
  const end = gate.nowMs + ms;
  let count = 0;
  for (let n = 0; gate.nowMs < end; n += 1) {
    await gate.pass(500);
    if (typeof (await gate.gate.again(`again ${end} ${n}`, [channel], 10)) !== 'number') count += 1;
  }
  return count;
}

describe('a clock that is set back by ten minutes', () => {
  it('leaves what was booked for one minute, and the limit as it is afterwards, while somebody asks all the time', async () => {
    const channel = terms('c', { rpm: 10 });
    const before = await admittedIn(30_000, channel);
    expect(before).toBeGreaterThanOrEqual(8);
    await gate.pass(-TEN_MINUTES);
    expect(before + (await admittedIn(60_000, channel))).toBe(10);
    expect(await admittedIn(62_000, channel)).toBeGreaterThanOrEqual(9);
    expect(await admittedIn(124_000, channel)).toBeGreaterThanOrEqual(19);
  });

  it('makes nobody wait longer than a minute for a channel that was sick or wanted peace', async () => {
    const [sick, full] = [terms('sick'), terms('full')];
    for (const runId of ['a', 'b', 'd']) await gate.settle(runId, await begin(runId, sick), sick, { release: 'run', verdict: 'badly' });
    await gate.settle('e', await begin('e', full), full, { release: 'run', blockedMs: 30_000 });
    await gate.pass(-TEN_MINUTES);
    for (const channel of [sick, full]) expect(await gate.gate.again(`first ${channel.id}`, [channel], 10)).toBe(60_000);
    await gate.pass(60_001);
    for (const channel of [sick, full]) expect(await gate.gate.again(`second ${channel.id}`, [channel], 10)).toMatchObject({ channelId: channel.id });
  });

  it('does not keep the places and the hands of a dead worker', async () => {
    const channel = terms('c', { con: 1 });
    await begin('r', channel);
    await gate.gate.renew('dead', 7, []);
    await gate.pass(-TEN_MINUTES);
    await gate.gate.renew('worker', 5, []);
    expect(typeof (await gate.gate.again('early', [channel], 10))).toBe('number');
    await gate.pass(15_001);
    await gate.gate.renew('worker', 5, []);
    expect(await gate.gate.again('late', [channel], 10)).toMatchObject({ channelId: 'c' });
    expect(await gate.redis.zrange('{bailiao}:gate:open', '0', '-1')).toEqual(['late']);
    expect(await gate.redis.get('{bailiao}:gate:capacity')).toBe('5');
  });

  it('leaves the mean time that calls take as it was', async () => {
    const channel = terms('c', { con: 2 });
    const [first, second] = [await begin('a', channel), await begin('b', channel)];
    await gate.pass(4_000);
    await gate.settle('a', first, channel, { release: 'run' });
    await gate.pass(-30_000);
    await gate.settle('b', second, channel, { release: 'run' });
    expect(parseInt((await gate.redis.hget('{bailiao}:gate:channel:c', 'held')) ?? '', 10)).toBeGreaterThanOrEqual(0);
  });
});
