import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());
beforeEach(async () => {
  await gate.close();
  gate = await GateBench.open();
});

describe('a lease', () => {
  it('of a text longer than its minute is moved as it was booked', async () => {
    const channel = terms('c', { tpm: 60_000 });
    const entered = await gate.enter({ runId: 'r', tokens: 100_000 }, [channel]);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    await gate.pass(600);
    const departed = await gate.gate.depart('r', entered.lease);
    const ring = await gate.redis.hgetall('{bailiao}:gate:channel:c:ring');
    expect([ring[`t${entered.lease.slot}`], ring[`t${departed?.slot ?? 0}`]]).toEqual(['0', '60000']);
  });
});
