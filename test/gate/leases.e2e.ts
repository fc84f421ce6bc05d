import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeldLease } from '../../src/upstream/admission/admission.repository.js';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { LeaseKeeper } from '../../src/upstream/dispatch/lease-keeper.service.js';
import { GateBench, terms } from '../kit/gate-bench.js';

const LIMITS = [{ name: 't/user/u', open: 1 }];
const SUBJECTS = ['t/user/u'];

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());
beforeEach(async () => {
  await gate.close();
  gate = await GateBench.open();
});

async function begin(runId: string, channel = terms('c', { con: 1, rpm: 1_000 }), limits = LIMITS): Promise<Lease> {
  const entered = await gate.enter({ runId }, [channel], limits);
  if (entered.kind !== 'admitted') throw new Error(`${runId} was ${entered.kind}`);
  return entered.lease;
}

/** @param attempt which worker in turn this is, by the queue's count. */
async function depart(runId: string, lease: Lease, attempt: number): Promise<Lease> {
  const departed = await gate.gate.depart(runId, lease, attempt);
  if (departed === undefined) throw new Error('the lease was refused');
  return departed;
}

const placesTaken = async (channel = 'c'): Promise<number> => gate.redis.zcard(`{bailiao}:gate:channel:${channel}:open`);
const handsTaken = async (): Promise<readonly string[]> => gate.redis.zrange('{bailiao}:gate:open', '0', '-1');
const subjectsTaken = async (): Promise<readonly string[]> => gate.redis.zrange('{bailiao}:gate:subject:t/user/u', '0', '-1');
const booked = async (channel = 'c'): Promise<readonly (string | null)[]> => gate.redis.hmget(`{bailiao}:gate:channel:${channel}`, 'requests', 'tokens');

describe('a run whose worker was frozen, and that another has by now', () => {
  const channel = terms('c', { con: 1, rpm: 1_000 });

  it.each([
    ['in mid-call', { release: 'run', tokens: 40 }],
    ['before it called', { release: 'run', sent: false }],
  ] as const)('keeps its place and its user\'s when the first thaws, frozen %s', async (_, end) => {
    const lease = await begin('r', channel);
    const first = await depart('r', lease, 1);
    await gate.pass(12_000);
    const second = await depart('r', lease, 2);
    await gate.settle('r', first, channel, end, SUBJECTS);
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([1, ['r'], ['r']]);
    expect((await gate.enter({ runId: 'other' }, [channel])).kind).toBe('queued');
    await gate.settle('r', second, channel, { release: 'run' }, SUBJECTS);
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([0, [], []]);
    expect((await gate.admit([channel])).admitted).toHaveLength(1);
  });

  it('is booked once more, as the upstream counts both', async () => {
    const lease = await begin('r', channel);
    const first = await depart('r', lease, 1);
    await gate.pass(12_000);
    const second = await depart('r', lease, 2);
    expect(await booked()).toEqual(['2', '200']);
    await gate.settle('r', first, channel, { release: 'run', tokens: 40 });
    expect(await booked()).toEqual(['2', '140']);
    await gate.settle('r', second, channel, { release: 'run', tokens: 70 });
    expect(await booked()).toEqual(['2', '110']);
  });

  it('takes nothing of the call that is booked where its own was', async () => {
    const roomy = terms('c', { rpm: 1_000 });
    const lease = await begin('r', roomy);
    await begin('neighbour', roomy, []);
    await gate.pass(2_000);
    const first = await depart('r', lease, 1);
    await gate.pass(10_000);
    await depart('r', lease, 2);
    const ring = await gate.redis.hgetall('{bailiao}:gate:channel:c:ring');
    expect([ring[`r${lease.slot}`], ring[`r${first.slot}`]]).toEqual(['1', '1']);
    // Handed back as it was handed over: by who took it out of the queue in between.
    await gate.settle('r', lease, roomy, { release: 'run', sent: false }, SUBJECTS);
    expect([await booked(), await subjectsTaken()]).toEqual([['3', '300'], ['r']]);
  });

  it('is not called by the first any more', async () => {
    const lease = await begin('r', channel);
    await depart('r', lease, 2);
    expect(await gate.gate.depart('r', lease, 1)).toBeUndefined();
  });

  it('keeps what the second had to ask for anew, and the first leaves nothing behind', async () => {
    const first = await depart('r', await begin('r', channel), 1);
    await gate.pass(16_000);
    const other = terms('d', { con: 1 });
    const entered = await gate.enter({ runId: 'r' }, [other], LIMITS);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    const held = { run: 'r', holder: 'r', channel: 'c', subjects: SUBJECTS };
    await gate.gate.renew('worker', 1_000, [{ ...held, token: first.token ?? '' }]);
    await gate.settle('r', first, channel, { release: 'run' }, SUBJECTS);
    await gate.gate.forget('r', SUBJECTS);
    expect([await placesTaken('d'), await handsTaken(), await subjectsTaken()]).toEqual([1, ['r'], ['r']]);
    await gate.settle('r', entered.lease, other, { release: 'run' }, SUBJECTS);
    expect([await placesTaken('d'), await handsTaken(), await subjectsTaken()]).toEqual([0, [], []]);
    expect(await gate.redis.exists('{bailiao}:gate:holds')).toBe(0);
  });
});

describe('a lease', () => {
  it('of a text longer than its minute is moved as it was booked', async () => {
    const channel = terms('c', { tpm: 60_000 });
    const entered = await gate.enter({ runId: 'r', tokens: 100_000 }, [channel]);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    expect(entered.lease.tokens).toBe(60_000);
    await gate.pass(600);
    const departed = await depart('r', entered.lease, 1);
    const ring = await gate.redis.hgetall('{bailiao}:gate:channel:c:ring');
    expect([ring[`t${entered.lease.slot}`], ring[`t${departed.slot}`]]).toEqual(['0', '60000']);
  });

  it('is forgotten whole when it is lost', async () => {
    await begin('r');
    expect(await gate.redis.hlen('{bailiao}:gate:holds')).toBe(1);
    await gate.pass(15_001);
    await begin('s', terms('c', { con: 1, rpm: 1_000 }), []);
    expect(await gate.redis.hkeys('{bailiao}:gate:holds')).toEqual(['s']);
  });

  it('of a run that is over without a call is free with it', async () => {
    const lease = await begin('r');
    await gate.settle('r', lease, terms('c', { con: 1, rpm: 1_000 }), { release: 'call' });
    expect(await subjectsTaken()).toEqual(['r']);
    await gate.gate.forget('r', SUBJECTS);
    expect([await subjectsTaken(), await handsTaken()]).toEqual([[], []]);
  });

  it('of a second call leaves the user of a run that another worker has as it is', async () => {
    const channel = terms('c', { con: 1, rpm: 1_000 });
    const other = terms('d', { con: 1 });
    const lease = await begin('r', channel);
    const first = await depart('r', lease, 1);
    const hedge = await gate.gate.hedge('r', [other], 100);
    if (hedge === undefined) throw new Error('there was none');
    await gate.pass(10_000);
    await depart('r', lease, 2);
    await gate.settle('r', first, channel, { release: 'call' }, SUBJECTS);
    await gate.settle('r', hedge, other, { release: 'run' }, SUBJECTS);
    expect([await placesTaken('c'), await placesTaken('d'), await handsTaken(), await subjectsTaken()]).toEqual([1, 0, ['r'], ['r']]);
  });
});

describe('leases that nobody could renew for a while', () => {
  const channel = terms('c', { con: 1 });
  const underWay = (lease: Lease): HeldLease => ({ run: 'r', holder: 'r', channel: 'c', subjects: SUBJECTS, token: lease.token ?? '' });

  /** A lease that is lost, by what the gate could know. */
  async function outlived(): Promise<Lease> {
    const lease = await depart('r', await begin('r', channel), 1);
    await gate.pass(20_000);
    expect((await gate.enter({ runId: 'passer-by' }, [{ ...channel, paused: true }], LIMITS)).kind).toBe('queued');
    await gate.gate.leave('passer-by');
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([0, [], []]);
    return lease;
  }

  it('count again as soon as their worker can say that their calls are under way', async () => {
    const lease = await outlived();
    await gate.gate.renew('worker', 1_000, [underWay(lease)]);
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([1, ['r'], ['r']]);
    expect((await gate.enter({ runId: 'other' }, [channel])).kind).toBe('queued');
    expect(await gate.enter({ runId: 'own' }, [terms('d')], LIMITS)).toMatchObject({ kind: 'limited' });
    await gate.settle('r', lease, channel, { release: 'run' }, SUBJECTS);
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([0, [], []]);
    expect((await gate.admit([channel])).admitted.map(({ ticket }) => ticket.runId)).toEqual(['other']);
  });

  it('do not come back where they were settled, while their run goes on counting for its user', async () => {
    const lease = await outlived();
    await gate.settle('r', lease, channel, { release: 'call' }, SUBJECTS);
    await gate.gate.renew('worker', 1_000, [{ ...underWay(lease), call: 'over' }]);
    expect([await placesTaken(), await handsTaken(), await subjectsTaken()]).toEqual([0, [], ['r']]);
  });

  it('do not come back where their call had not gone out: it is admitted anew', async () => {
    const lease = await outlived();
    await gate.gate.renew('worker', 1_000, [{ ...underWay(lease), call: 'due' }]);
    expect([await placesTaken(), await handsTaken()]).toEqual([0, []]);
    expect(await gate.gate.depart('r', lease, 2)).toBeUndefined();
  });

  it('do not come back where somebody else has the run by now', async () => {
    const lease = await outlived();
    const other = terms('d', { con: 1 });
    expect((await gate.enter({ runId: 'r' }, [other], LIMITS)).kind).toBe('admitted');
    await gate.gate.renew('worker', 1_000, [underWay(lease)]);
    expect([await placesTaken('c'), await placesTaken('d')]).toEqual([0, 1]);
  });

  it('are asked for as they are when each part of a long renewal leaves', async () => {
    const roomy = terms('c');
    const keeper = new LeaseKeeper(gate.gate, { runs: { concurrency: 1_000 } }, pino({ level: 'silent' }));
    const runs = Array.from({ length: 501 }, (_, n) => `r${n}`);
    for (const run of runs) keeper.keep({ run, holder: run, channel: 'c', subjects: [], token: 'of a worker' });
    const last = await begin('r500', roomy, []);
    keeper.keep({ run: 'r500', holder: 'r500', channel: 'c', subjects: [], token: last.token ?? '' });
    const renewing = keeper.start();
    keeper.drop('r500');
    await Promise.all([renewing, gate.settle('r500', last, roomy, { release: 'run' })]);
    keeper.stop();
    expect(await handsTaken()).toHaveLength(500);
  });
});
