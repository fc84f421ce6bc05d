import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

const sick = terms('c');

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());
beforeEach(async () => {
  await gate.close();
  gate = await GateBench.open();
});

async function begin(runId: string): Promise<Lease> {
  const entered = await gate.enter({ runId }, [sick]);
  if (entered.kind !== 'admitted') throw new Error(`${runId} was ${entered.kind}`);
  return entered.lease;
}

/** Three failures in a row, which are too many here. */
async function fallSick(): Promise<void> {
  for (const runId of ['x', 'y', 'z']) await gate.settle(runId, await begin(runId), sick, { release: 'run', verdict: 'badly' });
}

const opened = async (): Promise<string | null> => gate.redis.hget('{bailiao}:gate:channel:c', 'opened');

describe('a channel that fell sick', () => {
  it.each(['well', 'badly'] as const)('is not judged by an answer that began before and ends %s', async (verdict) => {
    const old = await Promise.all(['a', 'b', 'd', 'e'].map(async (runId) => [runId, await begin(runId)] as const));
    await fallSick();
    const until = await opened();
    for (const [runId, lease] of old.slice(0, 2)) await gate.settle(runId, lease, sick, { release: 'run', verdict });
    expect(await opened()).toBe(until);
    // Nor is it while its rest is over and it is asked again.
    await gate.pass(5_001);
    const probe = await begin('probe');
    expect(probe.probe).toBe(true);
    for (const [runId, lease] of old.slice(2)) await gate.settle(runId, lease, sick, { release: 'run', verdict });
    expect(await opened()).toBe(until);
    expect((await gate.enter({ runId: 'next' }, [sick])).kind).toBe('queued');
    await gate.settle('probe', probe, sick, { verdict: 'well' });
    expect([await opened(), (await gate.admit([sick])).admitted.length]).toEqual(['0', 1]);
  });

  it('is trusted with its first words: that answer counts as any other afterwards', async () => {
    await fallSick();
    await gate.pass(5_001);
    const probe = await begin('probe');
    await gate.settle('probe', probe, sick, { verdict: 'well' });
    await gate.settle('probe', probe, sick, { release: 'run', verdict: 'badly' });
    expect(await opened()).toBe('0');
    await fallSickAgain();
  });

  async function fallSickAgain(): Promise<void> {
    for (const runId of ['u', 'v']) await gate.settle(runId, await begin(runId), sick, { release: 'run', verdict: 'badly' });
    expect((await gate.enter({ runId: 'w' }, [sick])).kind).toBe('queued');
  }

  it('is asked by the next one when the one that asked ends without a verdict', async () => {
    await fallSick();
    await gate.pass(5_001);
    await gate.settle('probe', await begin('probe'), sick, { release: 'run' });
    expect((await begin('second')).probe).toBe(true);
  });
});
