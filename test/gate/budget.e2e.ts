import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

interface Admission { readonly atMs: number; readonly tokens: number }

/** The most that any 60 seconds hold. */
function densest(admissions: readonly Admission[], weigh: (admission: Admission) => number): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const last of admissions) {
    sum += weigh(last);
    for (let oldest = admissions[first]; oldest !== undefined && oldest.atMs <= last.atMs - 60_000; oldest = admissions[first]) {
      sum -= weigh(oldest);
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}

describe('a channel that has limits by the minute', () => {
  it('is never asked for more in any 60 seconds, whoever asks and whenever', async () => {
    const step = fc.record({ afterMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 })), comers: fc.integer({ min: 0, max: 6 }), tokens: fc.integer({ min: 1, max: 900 }), used: fc.integer({ min: 1, max: 900 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 500, max: 8_000 }), fc.array(step, { minLength: 30, maxLength: 60 }), async (rpm, tpm, steps) => {
        await gate.redis.flushdb();
        await gate.at(gate.nowMs + 600_000);
        await gate.gate.renew('worker', 1_000_000, []);
        const channel = terms('c', { rpm, tpm });
        const admissions: Admission[] = [];
        let run = 0;
        for (const { afterMs, comers, tokens } of steps) {
          await gate.pass(afterMs);
          for (let n = 0; n < comers; n += 1) {
            const entered = await gate.enter({ runId: `r${(run += 1)}`, tokens }, [channel]);
            if (entered.kind === 'admitted') admissions.push({ atMs: gate.nowMs, tokens: Math.min(tokens, tpm) });
          }
          for (const { ticket } of (await gate.admit([channel])).admitted) admissions.push({ atMs: gate.nowMs, tokens: Math.min(ticket.tokens, tpm) });
        }
        expect(densest(admissions, () => 1)).toBeLessThanOrEqual(rpm);
        expect(densest(admissions, ({ tokens }) => tokens)).toBeLessThanOrEqual(tpm);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['requests', { rpm: 120 }, 10],
    ['tokens', { tpm: 12_000 }, 100],
  ])('is used to 95 % and more by its %s while there is work, from the first minute on', async (_, limits, tokens) => {
    const channel = terms('c', limits);
    const admissions: number[] = [];
    const start = gate.nowMs;
    for (let n = 0; n < 600; n += 1) {
      if ((await gate.enter({ runId: `r${n}`, tokens }, [channel])).kind === 'admitted') admissions.push(gate.nowMs);
    }
    while (gate.nowMs < start + 180_000) {
      const { waitMs, admitted } = await gate.admit([channel]);
      admissions.push(...admitted.map(() => gate.nowMs));
      await gate.pass(Math.max(1, waitMs ?? 1_000));
    }
    expect(admissions.length).toBeGreaterThanOrEqual(120 * 3 * 0.95);
    for (const from of [0, 60_000, 120_000]) expect(admissions.filter((at) => at >= start + from && at < start + from + 60_000).length).toBeGreaterThanOrEqual(120 * 0.95);
    expect(densest(admissions.map((atMs) => ({ atMs, tokens })), () => 1)).toBeLessThanOrEqual(120);
  });

  it('lets half a minute of work start at once, and then one after the other without a long pause', async () => {
    const channel = terms('c', { rpm: 60 });
    const kinds: string[] = [];
    for (let n = 0; n < 60; n += 1) kinds.push((await gate.enter({ runId: `r${n}` }, [channel])).kind);
    expect(kinds.filter((kind) => kind === 'admitted').length).toBeGreaterThanOrEqual(30);
    const start = gate.nowMs;
    let last = start;
    let longest = 0;
    while (gate.nowMs < start + 60_000) {
      const { waitMs, admitted } = await gate.admit([channel]);
      if (admitted.length > 0) {
        longest = Math.max(longest, gate.nowMs - last);
        last = gate.nowMs;
      }
      if (waitMs === undefined) break;
      await gate.pass(Math.max(1, waitMs));
    }
    expect(longest).toBeLessThanOrEqual(2_500);
  });

  it('gives back what an answer did not use, and what never reached the upstream', async () => {
    const channel = terms('c', { tpm: 1_000 });
    const first = await gate.enter({ runId: 'a', tokens: 900 }, [channel]);
    expect((await gate.enter({ runId: 'b', tokens: 900 }, [channel])).kind).toBe('queued');
    if (first.kind !== 'admitted') throw new Error('the first was not admitted');
    await gate.settle('a', first.lease, channel, { release: 'run', tokens: 50 });
    await gate.pass(10_000);
    const { admitted } = await gate.admit([channel]);
    expect(admitted.map(({ ticket }) => ticket.runId)).toEqual(['b']);
    const [second] = admitted;
    if (second !== undefined) await gate.settle('b', second.lease, channel, { release: 'run', sent: false });
    await gate.pass(1_000);
    expect((await gate.enter({ runId: 'd', tokens: 900 }, [channel])).kind).toBe('admitted');
  });

  it('believes the upstream that less is left, and waits as long as it is told to', async () => {
    const channel = terms('c', { rpm: 60 });
    const first = await gate.enter({ runId: 'a' }, [channel]);
    if (first.kind !== 'admitted') throw new Error('the first was not admitted');
    await gate.settle('a', first.lease, channel, { remaining: { requests: 0 } });
    expect((await gate.enter({ runId: 'b' }, [channel])).kind).toBe('queued');
    await gate.pass(62_000);
    expect((await gate.admit([channel])).admitted).toHaveLength(1);
    await gate.settle('a', first.lease, channel, { release: 'run', blockedMs: 7_000 });
    expect((await gate.enter({ runId: 'd' }, [channel])).kind).toBe('queued');
    expect((await gate.admit([channel])).waitMs).toBe(7_000);
    await gate.pass(7_001);
    expect((await gate.admit([channel])).admitted).toHaveLength(1);
  });

  it('books a call that goes out late to the moment at which it goes', async () => {
    const channel = terms('c', { rpm: 2 });
    const first = await gate.enter({ runId: 'a' }, [channel]);
    if (first.kind !== 'admitted') throw new Error('the first was not admitted');
    await gate.pass(5_000);
    const departed = await gate.gate.depart('a', first.lease, 1);
    expect(departed?.slot).toBe(Math.floor(gate.nowMs / 500));
    await gate.pass(11_000);
    expect(await gate.gate.depart('a', first.lease, 1)).toBeUndefined();
  });

  it('serves a text that is longer than its whole minute, alone', async () => {
    const channel = terms('c', { tpm: 1_000 });
    expect((await gate.enter({ runId: 'a', tokens: 5_000 }, [channel])).kind).toBe('admitted');
    expect((await gate.enter({ runId: 'b', tokens: 10 }, [channel])).kind).toBe('queued');
    await gate.pass(62_000);
    expect((await gate.admit([channel])).admitted).toHaveLength(1);
  });
});

describe('a channel with a bound on answers at once', () => {
  it('is never above it, and goes on when one ends or is lost', async () => {
    const channel = terms('c', { con: 2 });
    const leases = [];
    for (const runId of ['a', 'b', 'c', 'd']) leases.push(await gate.enter({ runId }, [channel]));
    expect(leases.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'queued', 'queued']);
    const [first] = leases;
    if (first?.kind !== 'admitted') throw new Error('the first was not admitted');
    expect(await gate.settle('a', first.lease, channel, { release: 'run' })).toBe(true);
    expect((await gate.admit([channel])).admitted.map(({ ticket }) => ticket.runId)).toEqual(['c']);
    expect((await gate.admit([channel])).admitted).toEqual([]);
    // Their worker dies: nobody renews the leases.
    await gate.pass(15_001);
    expect((await gate.admit([channel])).admitted.map(({ ticket }) => ticket.runId)).toEqual(['d']);
  });

  it('keeps the place of a worker that gives signs of life', async () => {
    const channel = terms('c', { con: 1 });
    await gate.enter({ runId: 'a' }, [channel]);
    await gate.enter({ runId: 'b' }, [channel]);
    for (let n = 0; n < 10; n += 1) {
      await gate.pass(3_000);
      await gate.gate.renew('worker', 1_000, [{ run: 'a', holder: 'a', channel: 'c', subjects: [] }]);
    }
    expect((await gate.admit([channel])).admitted).toEqual([]);
  });
});

describe('the choice among channels', () => {
  it('takes the lowest priority number that has room, by weight among equals', async () => {
    const channels = [terms('heavy', { pri: 1, w: 3 }), terms('light', { pri: 1, w: 1 }), terms('spare', { pri: 2, con: 1 })];
    const counts: Record<string, number> = {};
    for (let n = 0; n < 400; n += 1) {
      const entered = await gate.enter({ runId: `r${n}` }, channels);
      if (entered.kind === 'admitted') counts[entered.lease.channelId] = (counts[entered.lease.channelId] ?? 0) + 1;
    }
    expect(counts['spare']).toBeUndefined();
    expect(counts['heavy']).toBeGreaterThan(240);
    expect(counts['light']).toBeGreaterThan(60);
    const full = [terms('heavy', { pri: 1, paused: true }), terms('spare', { pri: 2 })];
    expect(await gate.enter({ runId: 'x' }, full)).toMatchObject({ kind: 'admitted', lease: { channelId: 'spare' } });
  });

  it('leaves a sick channel alone, asks it with one call after a while, and trusts it again when that goes well', async () => {
    const sick = terms('c');
    const fail = async (runId: string): Promise<void> => {
      const entered = await gate.enter({ runId }, [sick]);
      if (entered.kind !== 'admitted') throw new Error(`${runId} was not admitted`);
      await gate.settle(runId, entered.lease, sick, { release: 'run', verdict: 'badly' });
    };
    for (const runId of ['a', 'b', 'c']) await fail(runId);
    expect((await gate.enter({ runId: 'd' }, [sick])).kind).toBe('queued');
    expect((await gate.enter({ runId: 'e' }, [sick])).kind).toBe('queued');
    expect((await gate.enter({ runId: 'f' }, [sick, terms('well')])).kind).toBe('queued');
    await gate.gate.leave('f');
    await gate.pass(5_001);
    const probe = await gate.admit([sick]);
    expect(probe.admitted.map(({ ticket, lease }) => [ticket.runId, lease.probe])).toEqual([['d', true]]);
    const [trial] = probe.admitted;
    if (trial === undefined) throw new Error('no probe');
    await gate.settle('d', trial.lease, sick, { release: 'run', verdict: 'badly' });
    await gate.pass(5_001);
    expect((await gate.admit([sick])).admitted).toEqual([]);
    await gate.pass(5_000);
    const [second] = (await gate.admit([sick])).admitted;
    if (second === undefined) throw new Error('no second probe');
    await gate.settle('e', second.lease, sick, { verdict: 'well' });
    expect((await gate.enter({ runId: 'g' }, [sick])).kind).toBe('admitted');
  });
});

describe('how long answers are', () => {
  const answer = async (runId: string, channel: ReturnType<typeof terms>, tokens: number): Promise<void> => {
    const entered = await gate.enter({ runId }, [channel]);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    await gate.settle(runId, entered.lease, channel, { release: 'run', answer: tokens, tokens });
  };

  it('is known for the platform and for each tenant with own channels apart', async () => {
    await answer('a', terms('c'), 300);
    await answer('b', terms('own', { owner: 'liar' }), Number.MAX_SAFE_INTEGER);
    await answer('d', terms('other', { owner: 'brief' }), 0);
    const { answers, own } = await gate.gate.look(['liar', 'brief', 'nobody']);
    expect(answers).toEqual(new Map([['m', 300]]));
    expect(own).toEqual(new Map([['liar', new Map([['m', 200_000]])], ['brief', new Map([['m', 1]])], ['nobody', new Map()]]));
    expect(await gate.redis.pttl('{bailiao}:gate:answers:liar')).toBeGreaterThan(0);
  });

  it('forgets what no answer can have been', async () => {
    await gate.redis.hset('{bailiao}:gate:answers', 'm', '9.007199254740991e+18', 'n', '-4', 'o', 'many');
    expect((await gate.gate.look()).answers).toEqual(new Map());
    await answer('a', terms('c'), 300);
    expect((await gate.gate.look()).answers).toEqual(new Map([['m', 300]]));
  });
});

describe('a second call beside a late one', () => {
  const late = terms('late', { con: 5 });
  const other = terms('other', { con: 1, rpm: 600, tpm: 60_000 });
  const LIMITS = [{ name: 't/user/u', open: 2 }];

  async function begin(runId: string): Promise<Lease> {
    const entered = await gate.enter({ runId }, [late], LIMITS);
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    return entered.lease;
  }
  const booked = async (channel: string): Promise<readonly (string | null)[]> => gate.redis.hmget(`{bailiao}:gate:channel:${channel}`, 'requests', 'tokens');
  const open = async (): Promise<readonly string[]> => gate.redis.zrange('{bailiao}:gate:open', '0', '-1');

  it('books its own channel under a name of its own, while its user counts the run once', async () => {
    const lease = await begin('r');
    const hedge = await gate.gate.hedge('r', [other], 100);
    expect(hedge).toMatchObject({ channelId: 'other', hedge: true });
    expect([await booked('other'), await open()]).toEqual([['1', '100'], ['r', 'r/hedge']]);
    expect(await gate.redis.zrange('{bailiao}:gate:subject:t/user/u', '0', '-1')).toEqual(['r']);
    // The channel has no room for another one.
    expect(await gate.gate.hedge('s', [other], 100)).toBeUndefined();
    // The second one is the answer: the first gives its place back, the run stays.
    await gate.settle('r', lease, late, { release: 'call' }, ['t/user/u']);
    expect([await open(), await gate.redis.zcard('{bailiao}:gate:subject:t/user/u')]).toEqual([['r/hedge'], 1]);
    expect((await gate.enter({ runId: 'r' }, [late], LIMITS)).kind).toBe('handed');
    if (hedge === undefined) throw new Error('there was none');
    await gate.settle('r', hedge, other, { release: 'run', tokens: 40 }, ['t/user/u']);
    expect([await open(), await gate.redis.zcard('{bailiao}:gate:subject:t/user/u'), await booked('other')]).toEqual([[], 0, ['1', '40']]);
    expect(await gate.redis.zcard('{bailiao}:gate:channel:other:open')).toBe(0);
  });

  it('is renewed with its run, and leaves nothing behind when its worker dies', async () => {
    await begin('r');
    await gate.gate.hedge('r', [other], 100);
    const held = [{ run: 'r', holder: 'r', channel: 'late', subjects: ['t/user/u'] }, { run: 'r', holder: 'r/hedge', channel: 'other', subjects: ['t/user/u'] }];
    for (let n = 0; n < 10; n += 1) {
      await gate.pass(3_000);
      await gate.gate.renew('worker', 1_000, held);
    }
    expect(await open()).toEqual(['r', 'r/hedge']);
    expect(await gate.gate.hedge('s', [other], 100)).toBeUndefined();
    await gate.pass(16_000);
    expect(await gate.gate.hedge('s', [other], 100)).toMatchObject({ channelId: 'other' });
    expect(await open()).toEqual(['s/hedge']);
  });

  it('is not made where somebody waits for the channel, nor where the workers have no hands free', async () => {
    await begin('r');
    await gate.redis.hset('{bailiao}:gate:pools', '/m', 'other');
    expect(await gate.gate.hedge('r', [other], 100)).toBeUndefined();
    await gate.redis.del('{bailiao}:gate:pools');
    await gate.gate.renew('worker', 1, []);
    expect(await gate.gate.hedge('r', [other], 100)).toBeUndefined();
    expect(await booked('other')).toEqual([null, null]);
  });
});
