import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

describe('a channel that is given limits while it is at work', () => {
  const begin = async (runId: string, channel: ReturnType<typeof terms>): Promise<Lease> => {
    const entered = await gate.enter({ runId }, [channel]);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    return entered.lease;
  };

  it('counts the calls that are under way', async () => {
    const leases = await Promise.all(['a', 'b', 'c', 'd'].map(async (runId) => begin(runId, terms('c'))));
    const limited = terms('c', { con: 2 });
    for (const [n, runId] of ['a', 'b', 'c'].entries()) {
      expect((await gate.enter({ runId: 'e' }, [limited])).kind).toBe('queued');
      expect((await gate.admit([limited])).admitted).toEqual([]);
      const lease = leases[n];
      if (lease !== undefined) await gate.settle(runId, lease, limited, { release: 'run' });
    }
    expect((await gate.admit([limited])).admitted.map(({ ticket }) => ticket.runId)).toEqual(['e']);
  });

  it('counts the calls and the tokens of the last minute, as they were used', async () => {
    const start = gate.nowMs;
    for (let n = 0; n < 10; n += 1) {
      const lease = await begin(`r${n}`, terms('c'));
      await gate.settle(`r${n}`, lease, terms('c'), n === 0 ? { release: 'run', sent: false } : { release: 'run', tokens: 50 });
      await gate.pass(1_000);
    }
    expect(await gate.redis.hmget('{bailiao}:gate:channel:c', 'requests', 'tokens')).toEqual(['9', '450']);
    await begin('tenth', terms('c', { rpm: 10 }));
    expect((await gate.enter({ runId: 'late' }, [terms('c', { rpm: 10 })])).kind).toBe('queued');
    await gate.at(start + 55_000);
    expect((await gate.admit([terms('c', { rpm: 10 })])).admitted).toEqual([]);
    await gate.at(start + 64_000);
    expect((await gate.admit([terms('c', { rpm: 10 })])).admitted).toHaveLength(1);
    // And without limits again.
    for (let n = 0; n < 20; n += 1) await begin(`s${n}`, terms('c'));
  });

  it('books a call to the moment at which it goes out, and is not told nonsense about its tokens', async () => {
    const lease = await begin('a', terms('c'));
    await gate.pass(5_000);
    const departed = await gate.gate.depart('a', lease, 1);
    expect(departed?.slot).toBe(Math.floor(gate.nowMs / 500));
    await gate.settle('a', departed ?? lease, terms('c'), { release: 'run', tokens: Number.MAX_SAFE_INTEGER });
    expect(await gate.redis.hmget('{bailiao}:gate:channel:c', 'requests', 'tokens')).toEqual(['1', '10000000']);
    expect(await gate.redis.zcard('{bailiao}:gate:channel:c:open')).toBe(0);
  });
});
