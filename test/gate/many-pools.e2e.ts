import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());

/** What Redis did inside of steps and outside, so far. */
async function commands(): Promise<number> {
  const stats = await gate.redis.info('commandstats');
  return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls = '0']) => sum + parseInt(calls, 10), 0);
}

describe('many pools', () => {
  it('cost an admission a look at each of them once, not for every run that it admits', async () => {
    const pools = Array.from({ length: 200 }, (_, n) => ({ name: `t${n}/m`, channels: [terms(`own-${n}`, { con: 40 })] }));
    for (const [n, { name, channels }] of pools.entries()) {
      const closed = channels.map((channel) => ({ ...channel, paused: true as const }));
      for (let k = 0; k < 2; k += 1) await gate.enter({ runId: `${n}#${k}`, tenantId: `t${n}`, pool: name }, closed);
    }
    const before = await commands();
    const { admitted } = await gate.admitAll(pools, 32);
    const taken = (await commands()) - before;
    expect(admitted).toHaveLength(32);
    expect(taken).toBeLessThan(pools.length + 32 * 50);
  });

  it('are served by their tags, also those that the turn of another has changed', async () => {
    await gate.redis.flushdb();
    await gate.at(gate.nowMs + 60_000);
    await gate.gate.renew('worker', 1_000_000, []);
    const shared = terms('shared', { con: 9 });
    const paused = { ...shared, paused: true as const };
    const pools = ['/m', '/n', '/o'].map((name) => ({ name, channels: [shared] }));
    for (const { name } of pools) for (let k = 0; k < 6; k += 1) await gate.enter({ runId: `a${name}#${k}`, tenantId: 'a', pool: name }, [paused]);
    for (let k = 0; k < 6; k += 1) await gate.enter({ runId: `b#${k}`, tenantId: 'b', pool: '/n' }, [paused]);
    const { admitted } = await gate.admitAll(pools, 32);
    expect(admitted).toHaveLength(9);
    expect(Math.abs(admitted.filter(({ ticket }) => ticket.tenantId === 'a').length - 4.5)).toBe(0.5);
  });
});
