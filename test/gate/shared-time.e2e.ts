import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelTerms } from '../../src/upstream/admission/channel-terms.js';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

/** Two models, each served by a channel of its own, one call at a time. */
const SLOW = terms('chan-a', { con: 1 });
const QUICK = terms('chan-b', { con: 1 });
const POOLS = [{ name: '/a', channels: [SLOW] }, { name: '/b', channels: [QUICK] }, { name: '/ab', channels: [QUICK, SLOW] }];
const CALL = 1_000;

/** What each channel is busy with. */
const busy = new Map<string, { readonly runId: string; readonly lease: Lease }>();
let runs = 0;
beforeEach(() => {
  busy.clear();
});

const poolOf = (channel: ChannelTerms): string => (channel === SLOW ? '/a' : '/b');

async function come(tenantId: string, channel: ChannelTerms, count = 1, pool = poolOf(channel), tokens = CALL): Promise<void> {
  const { channels = [] } = POOLS.find(({ name }) => name === pool) ?? {};
  for (let n = 0; n < count; n += 1) {
    const runId = `${tenantId}#${(runs += 1)}`;
    const entered = await gate.enter({ runId, tenantId, pool, tokens }, channels);
    if (entered.kind === 'admitted') busy.set(entered.lease.channelId, { runId, lease: entered.lease });
  }
}

/** Ends the call of a channel, so many times, and tells whose turn it was each time. */
async function serve(channel: ChannelTerms, count: number): Promise<readonly string[]> {
  const served: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const call = busy.get(channel.id);
    if (call === undefined) throw new Error('nothing is under way');
    await gate.settle(call.runId, call.lease, channel, { release: 'run' });
    const [next] = (await gate.admitAll(POOLS, 1)).admitted;
    if (next === undefined) throw new Error('nobody waits');
    busy.set(channel.id, { runId: next.ticket.runId, lease: next.lease });
    served.push(next.ticket.tenantId);
  }
  return served;
}

describe('pools of channels that are not equally fast', () => {
  it('a turn in the one that fell behind gives newcomers in the other no advantage', async () => {
    await come('x', SLOW);
    await come('y', SLOW);
    await come('v', QUICK);
    for (const tenantId of ['v1', 'v2', 'v3']) await come(tenantId, QUICK, 100);
    await serve(QUICK, 90);
    expect(await serve(SLOW, 1)).toEqual(['y']);
    await come('flood', QUICK, 60);
    const served = await serve(QUICK, 40);
    expect(served.filter((tenantId) => tenantId === 'flood').length).toBeGreaterThanOrEqual(9);
    expect(served.filter((tenantId) => tenantId === 'flood').length).toBeLessThanOrEqual(11);
  });

  it('a backlog in the one that fell behind delays a newcomer by one turn', async () => {
    await come('x', SLOW);
    await come('flood', SLOW, 50);
    await come('v', QUICK);
    await come('v1', QUICK, 100);
    await serve(QUICK, 90);
    await come('single', SLOW);
    expect(await serve(SLOW, 2)).toContain('single');
  });

  it('what a tenant is served in the one does not count against it in the other', async () => {
    await come('x', SLOW);
    await come('flood', SLOW, 50);
    await come('both', QUICK);
    await come('both', QUICK, 100);
    await serve(QUICK, 50);
    await come('both', SLOW, 5);
    await serve(QUICK, 10);
    const served = await serve(SLOW, 10);
    expect(served.filter((tenantId) => tenantId === 'both')).toHaveLength(5);
  });

  it('a long text that a slow channel has served counts, however many newcomers the others have', async () => {
    const paused = terms('chan-c', { paused: true });
    await come('x', SLOW);
    await come('v', QUICK);
    await come('v1', QUICK, 150);
    for (const tenantId of ['y1', 'y2', 'y3', 'y4']) await come(tenantId, SLOW, 30);
    const served: string[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      await serve(QUICK, 4);
      for (let n = 0; n < 64; n += 1) {
        await gate.enter({ runId: `n${n}`, tenantId: `new-${n}`, pool: '/c', tokens: 50 }, [paused]);
        await gate.gate.leave(`n${n}`);
      }
      if (served.length === 0 || served.at(-1) === 'long') await come('long', SLOW, 1, '/a', 10 * CALL);
      served.push(...(await serve(SLOW, 1)));
    }
    expect(served.filter((tenantId) => tenantId === 'long').length).toBeLessThanOrEqual(2);
  });

  it.each(['/b', '/ab'])('a newcomer to both channels starts beside those who wait for the quick one: others wait in %s', async (pool) => {
    await come('x', SLOW);
    await come('y', SLOW, 50);
    await come('v', QUICK);
    for (const tenantId of ['v1', 'v2', 'v3']) await come(tenantId, QUICK, 100, pool);
    await serve(QUICK, 90);
    await come('flood', QUICK, 60, '/ab');
    const served = await serve(QUICK, 40);
    expect(served.filter((tenantId) => tenantId === 'flood').length).toBeGreaterThanOrEqual(9);
    expect(served.filter((tenantId) => tenantId === 'flood').length).toBeLessThanOrEqual(11);
  });
});

describe('what the gate remembers of turns', () => {
  it('is not more than of those who wait and those who were just served', async () => {
    await come('x', QUICK);
    for (let n = 0; n < 400; n += 1) await gate.enter({ runId: `bulk-${n}`, flow: 'key-bulk', flowWeight: 1, pool: '/b' }, [QUICK]);
    for (let n = 0; n < 300; n += 1) {
      await gate.enter({ runId: `user-${n}`, flow: `user-${n}`, pool: '/b' }, [QUICK]);
      await gate.enter({ runId: `tenant-${n}`, tenantId: `tenant-${n}`, pool: '/b' }, [QUICK]);
      await serve(QUICK, 2);
    }
    const waiting = await gate.redis.zcard('{bailiao}:gate:tenant:/b:t');
    expect(await gate.redis.hlen('{bailiao}:gate:tenant:/b:t:tags')).toBeLessThan(200 + 2 * waiting);
    expect(await gate.redis.hlen('{bailiao}:gate:tags')).toBeLessThan(200);
  });
});
