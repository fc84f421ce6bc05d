import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

/** One at a time, so that everything else waits. */
const NARROW = terms('c', { con: 1 });

/** Keeps the channel busy and serves `count` tickets, one after the other. */
async function serve(count: number, pool = '/m', channel = NARROW): Promise<readonly string[]> {
  const served: string[] = [];
  while (served.length < count) {
    const { admitted } = await gate.admit([channel], 1, pool);
    const [next] = admitted;
    if (next === undefined) return served;
    served.push(next.ticket.runId);
    await gate.settle(next.ticket.runId, next.lease, channel, { release: 'run' });
  }
  return served;
}

async function occupy(): Promise<void> {
  const entered = await gate.enter({ runId: 'first', tenantId: 'other' }, [NARROW]);
  if (entered.kind !== 'admitted') throw new Error('the channel was not free');
  await gate.redis.zrem('{bailiao}:gate:open', 'first');
  await gate.redis.zrem('{bailiao}:gate:channel:c:open', 'first');
  // Waited for, though free: what comes now queues.
  await gate.redis.hset('{bailiao}:gate:pools', 'block', 'c');
}

describe('turns', () => {
  it('a tenant that floods 10,000 runs delays the single run of another by one turn', async () => {
    await occupy();
    for (let n = 0; n < 10_000; n += 1) await gate.enter({ runId: `flood-${n}`, tenantId: 'flood' }, [NARROW]);
    await serve(20);
    expect(await gate.enter({ runId: 'single', tenantId: 'single' }, [NARROW])).toMatchObject({ kind: 'queued', position: 1 });
    expect(await serve(1)).toEqual(['single']);
  });

  it('tenants share by their weights while all of them wait', async () => {
    await occupy();
    const weights = { a: 1, b: 2, c: 5 };
    for (let n = 0; n < 400; n += 1) {
      for (const [tenantId, tenantWeight] of Object.entries(weights)) await gate.enter({ runId: `${tenantId}-${n}`, tenantId, tenantWeight }, [NARROW]);
    }
    const served = await serve(400);
    const share = (tenant: string): number => served.filter((run) => run.startsWith(`${tenant}-`)).length / served.length;
    for (const [tenant, weight] of Object.entries(weights)) expect(share(tenant)).toBeCloseTo(weight / 8, 1.5);
  });

  it('inside a tenant a chat goes before the bulk calls of a key, and neither starves', async () => {
    await occupy();
    for (let n = 0; n < 200; n += 1) await gate.enter({ runId: `bulk-${n}`, flow: 'key-k', tier: 'bulk', flowWeight: 1 }, [NARROW]);
    await serve(10);
    await gate.enter({ runId: 'chat', flow: 'user-a' }, [NARROW]);
    expect((await serve(2))).toContain('chat');
    for (let n = 0; n < 80; n += 1) await gate.enter({ runId: `chat-${n}`, flow: 'user-a' }, [NARROW]);
    const served = await serve(45);
    const bulk = served.filter((run) => run.startsWith('bulk')).length;
    expect(bulk).toBeGreaterThanOrEqual(4);
    expect(bulk).toBeLessThanOrEqual(6);
  });

  it('a tenant does not get more turns by asking for several models of one channel', async () => {
    await occupy();
    for (let n = 0; n < 100; n += 1) {
      await gate.enter({ runId: `a-m-${n}`, tenantId: 'a', pool: '/m' }, [NARROW]);
      await gate.enter({ runId: `a-n-${n}`, tenantId: 'a', pool: '/n' }, [NARROW]);
      await gate.enter({ runId: `b-m-${n}`, tenantId: 'b', pool: '/m' }, [NARROW]);
    }
    let ofA = 0;
    for (let n = 0; n < 100; n += 1) {
      const [next] = (await gate.admitAll([{ name: '/m', channels: [NARROW] }, { name: '/n', channels: [NARROW] }], 1)).admitted;
      if (next === undefined) throw new Error('nobody waits');
      if (next.ticket.tenantId === 'a') ofA += 1;
      await gate.settle(next.ticket.runId, next.lease, NARROW, { release: 'run' });
    }
    expect(ofA).toBeGreaterThanOrEqual(48);
    expect(ofA).toBeLessThanOrEqual(52);
  });

  it('who paid goes before those who did not, though each waits for one answer only', async () => {
    await occupy();
    for (let n = 0; n < 60; n += 1) await gate.enter({ runId: `free-${n}`, flow: `user-a${n}`, flowWeight: 8 }, [NARROW]);
    await serve(20);
    await gate.enter({ runId: 'paid', flow: 'user-z', flowWeight: 32 }, [NARROW]);
    expect(await serve(1)).toEqual(['paid']);
  });

  it('the weights of paid, free, chat and bulk hold while all of them wait', async () => {
    await occupy();
    const weights = { 'user-paid': 32, 'user-free': 8, 'key-paid': 4, 'key-free': 1 };
    for (let n = 0; n < 300; n += 1) for (const [flow, flowWeight] of Object.entries(weights)) await gate.enter({ runId: `${flow}#${n}`, flow, flowWeight }, [NARROW]);
    const served = await serve(270);
    for (const [flow, weight] of Object.entries(weights)) {
      const count = served.filter((run) => run.startsWith(`${flow}#`)).length;
      expect(Math.abs(count - weight * 6)).toBeLessThanOrEqual(1);
    }
  });

  it('nobody starves: who waits is served after so many of those who come later as their weight says, whatever they are called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 4, 8, 32), fc.constantFrom(1, 4, 8, 32), fc.constantFrom('user-0', 'user-~'), async (own, others, flow) => {
        await gate.redis.flushdb();
        await gate.at(gate.nowMs + 60_000);
        await gate.gate.renew('worker', 1_000_000, []);
        await occupy();
        for (let n = 0; n < 5; n += 1) await gate.enter({ runId: `before-${n}`, flow: `user-b${n}`, flowWeight: others }, [NARROW]);
        await serve(2);
        await gate.enter({ runId: 'waits', flow, flowWeight: own }, [NARROW]);
        let turns = 0;
        for (let done = false; !done; turns += 1) {
          await gate.enter({ runId: `later-${turns}`, flow: `user-m${turns}`, flowWeight: others }, [NARROW]);
          done = (await serve(1))[0] === 'waits';
        }
        // Four others wait at any time: it is due its share of that.
        expect(turns).toBeLessThanOrEqual(5 + Math.ceil((1.1 * (4 * others + own)) / own));
      }),
      { numRuns: 24 },
    );
  });

  it('serves everybody exactly once, each flow in its order, whoever comes and leaves in between', async () => {
    const act = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('come' as const), tenant: fc.integer({ min: 0, max: 3 }), flow: fc.integer({ min: 0, max: 2 }), tokens: fc.integer({ min: 1, max: 2_000 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(200) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('serve' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 80 }), async (acts) => {
        await gate.redis.flushdb();
        await gate.at(gate.nowMs + 60_000);
        await gate.gate.renew('worker', 1_000_000, []);
        await occupy();
        const flows = new Map<string, string[]>();
        const waiting = new Set<string>();
        const served: string[] = [];
        const take = (runs: readonly string[]): void => {
          for (const run of runs) {
            expect(waiting.delete(run)).toBe(true);
            const [flow = ''] = run.split('#');
            expect(flows.get(flow)?.shift()).toBe(run);
            served.push(run);
          }
        };
        let run = 0;
        for (const each of acts) {
          if (each.kind === 'come') {
            const flow = `${each.tenant}/${each.flow}`;
            const runId = `${flow}#${(run += 1)}`;
            const draft = { runId, tenantId: `t${each.tenant}`, flow: `f${each.flow}`, tokens: each.tokens };
            expect((await gate.enter(draft, [NARROW])).kind).toBe('queued');
            // Asked twice is the same as once.
            expect((await gate.enter(draft, [NARROW])).kind).toBe('queued');
            flows.set(flow, [...(flows.get(flow) ?? []), runId]);
            waiting.add(runId);
          } else if (each.kind === 'leave') {
            const runId = [...waiting][each.which % Math.max(1, waiting.size)] ?? 'nobody';
            expect(await gate.gate.waiting([runId, 'nobody'])).toEqual(new Set(waiting.has(runId) ? [runId] : []));
            expect(await gate.gate.leave(runId)).toBe(waiting.has(runId));
            expect(await gate.gate.place(runId, [NARROW])).toBeUndefined();
            waiting.delete(runId);
            const [flow = ''] = runId.split('#');
            flows.set(flow, (flows.get(flow) ?? []).filter((other) => other !== runId));
          } else {
            take(await serve(each.count));
          }
        }
        take(await serve(1_000));
        expect(waiting.size).toBe(0);
        // Nothing of the queue is left behind.
        expect((await gate.redis.keys('{bailiao}:gate:*')).filter((key) => /:(pool:|tenant:|flow:|tickets|depths)/.test(key))).toEqual([]);
        expect(await gate.redis.hget('{bailiao}:gate:waiting', '')).toBe(acts.some((each) => each.kind === 'come') ? '0' : null);
      }),
      { numRuns: 40 },
    );
  });
});

describe('bounds', () => {
  it('refuses beyond the bound of a tenant, and only that tenant', async () => {
    await occupy();
    for (let n = 0; n < 5; n += 1) await gate.enter({ runId: `a${n}`, tenantId: 'a' }, [NARROW], [], { ofTenant: 5 });
    expect((await gate.enter({ runId: 'a5', tenantId: 'a' }, [NARROW], [], { ofTenant: 5 })).kind).toBe('full');
    expect((await gate.enter({ runId: 'b0', tenantId: 'b' }, [NARROW], [], { ofTenant: 5 })).kind).toBe('queued');
  });

  it('refuses a wait that is longer than its tier accepts, and says truly when there is room', async () => {
    const channel = terms('c', { rpm: 60 });
    for (let n = 0; n < 45; n += 1) await gate.enter({ runId: `r${n}` }, [channel], [], { waitMs: 30_000 });
    const refused = await gate.enter({ runId: 'late' }, [channel], [], { waitMs: 10_000 });
    if (refused.kind !== 'full') throw new Error(`was ${refused.kind}`);
    const start = gate.nowMs;
    for (;;) {
      const { waitMs } = await gate.admit([channel]);
      const entered = await gate.enter({ runId: 'late' }, [channel], [], { waitMs: 10_000 });
      if (entered.kind !== 'full') break;
      await gate.pass(Math.max(1, waitMs ?? 100));
    }
    expect((gate.nowMs - start) / refused.retryMs).toBeGreaterThan(0.8);
    expect((gate.nowMs - start) / refused.retryMs).toBeLessThan(1.2);
  });

  it('keeps a user to so many answers at once, waiting ones included, until one ends', async () => {
    const limits = [{ name: 't/user/u', open: 2 }];
    const channel = terms('c');
    const first = await gate.enter({ runId: 'a' }, [channel], limits);
    await gate.enter({ runId: 'b' }, [channel], limits);
    expect(await gate.enter({ runId: 'd' }, [channel], limits)).toEqual({ kind: 'limited', subject: 't/user/u' });
    expect((await gate.enter({ runId: 'e' }, [channel], [{ name: 't/user/v', open: 2 }])).kind).toBe('admitted');
    if (first.kind !== 'admitted') throw new Error('the first was not admitted');
    await gate.settle('a', first.lease, channel, { release: 'run' }, ['t/user/u']);
    expect((await gate.enter({ runId: 'd' }, [channel], limits)).kind).toBe('admitted');
  });

  it('keeps a tenant to so many that wait', async () => {
    await occupy();
    const limits = [{ name: 't', queued: 1 }];
    expect((await gate.enter({ runId: 'a' }, [NARROW], limits)).kind).toBe('queued');
    expect((await gate.enter({ runId: 'b' }, [NARROW], limits)).kind).toBe('limited');
    await gate.gate.leave('a');
    expect((await gate.enter({ runId: 'b' }, [NARROW], limits)).kind).toBe('queued');
  });
});

describe('the predicted wait', () => {
  it('is about true for everybody in a line that is served at a pace', async () => {
    const channel = terms('c', { rpm: 60 });
    const told = new Map<string, { readonly dueMs: number }>();
    for (let n = 0; n < 70; n += 1) {
      const entered = await gate.enter({ runId: `r${n}` }, [channel]);
      if (entered.kind === 'queued') told.set(`r${n}`, { dueMs: gate.nowMs + entered.etaMs });
    }
    const start = gate.nowMs;
    const errors: number[] = [];
    while (told.size > 0) {
      const { waitMs, admitted } = await gate.admit([channel]);
      for (const { ticket } of admitted) {
        const due = told.get(ticket.runId)?.dueMs ?? 0;
        if (due - start > 3_000) errors.push(Math.abs(due - gate.nowMs) / (due - start));
        told.delete(ticket.runId);
      }
      await gate.pass(Math.max(1, waitMs ?? 1));
    }
    expect(errors.length).toBeGreaterThan(20);
    expect(Math.max(...errors)).toBeLessThan(0.2);
  });

  it('tells everybody about the true place, also among flows and tenants of different weights', async () => {
    await occupy();
    const lines = [
      { tenantId: 'a', tenantWeight: 1, flow: 'user-paid', flowWeight: 32 }, { tenantId: 'a', tenantWeight: 1, flow: 'user-free', flowWeight: 8 },
      { tenantId: 'a', tenantWeight: 1, flow: 'key-free', flowWeight: 1 }, { tenantId: 'b', tenantWeight: 3, flow: 'user-b', flowWeight: 8 },
    ];
    const runs = lines.flatMap((line) => Array.from({ length: 40 }, (_, n) => ({ ...line, runId: `${line.flow}#${n}` })));
    for (const run of runs) await gate.enter(run, [NARROW]);
    const told = new Map(await Promise.all(runs.map(async ({ runId }) => [runId, (await gate.gate.place(runId, [NARROW]))?.position ?? 0] as const)));
    const served = await serve(runs.length);
    expect(served).toHaveLength(runs.length);
    const wrong = served.map((runId, at) => ({ runId, told: told.get(runId) ?? 0, was: at + 1 })).filter(({ told: place, was }) => Math.abs(place - was) > 2);
    expect(wrong).toEqual([]);
  });

  it('counts the places of users who wait for one answer each in the order in which they are served, first come first', async () => {
    await occupy();
    const runs = Array.from({ length: 24 }, (_, n) => ({ runId: `r${n}`, flow: `user-${(n * 7) % 24}`, tenantId: n % 8 === 3 ? 'b' : 'a' }));
    for (const run of runs.slice(0, 20)) await gate.enter(run, [NARROW]);
    const placeOf = async (runId: string): Promise<number | undefined> => (await gate.gate.place(runId, [NARROW]))?.position;
    await serve(4);
    for (const run of runs.slice(20)) {
      const entered = await gate.enter(run, [NARROW]);
      expect(entered).toMatchObject({ kind: 'queued', position: await placeOf(run.runId) });
    }
    const told = new Map<string, number>();
    for (const { runId } of runs) told.set(runId, (await placeOf(runId)) ?? 0);
    expect([...told.values()].filter((place) => place > 0).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    for (let turn = 1; turn <= 20; turn += 1) {
      const [next = ''] = await serve(1);
      expect(told.get(next)).toBe(turn);
      for (const [runId, place] of told) if (place > turn) expect(await placeOf(runId)).toBe(place - turn);
    }
  });

  it('looks at a bounded number of lines, and still tells about the place', async () => {
    await occupy();
    for (let n = 0; n < 600; n += 1) await gate.enter({ runId: `a${n}`, tenantId: 'a', flow: `user-${n}` }, [NARROW]);
    for (let n = 0; n < 400; n += 1) await gate.enter({ runId: `t${n}`, tenantId: `t${n}` }, [NARROW]);
    expect((await gate.gate.place('a599', [NARROW]))?.position).toBe(1_000);
    expect((await gate.gate.place('t399', [NARROW]))?.position).toBe(401);
    expect((await gate.gate.place('a0', [NARROW]))?.position).toBe(1);
  });
});
