import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

/** To a tenant with a channel of its own the platform's comes last. */
const OWN = terms('chan-own', { pri: 100 });
const PLATFORMS = terms('chan-platform', { pri: 100 });
const BEHIND = { ...PLATFORMS, pri: 10_100 };
const BACKUP = terms('chan-backup', { pri: 200 });
const POOLS = [{ name: 'own/m', channels: [OWN, BEHIND] }, { name: '/m', channels: [PLATFORMS, BACKUP] }];

describe('a channel that two pools rank differently', () => {
  it.each([['as they are', POOLS], ['the other way round', POOLS.toReversed()]])('is of each pool the rank that it has there, whatever their order: %s', async (_, pools) => {
    const paused = [terms('chan-own', { paused: true })];
    for (let run = 0; run < 20; run += 1) {
      await gate.enter({ runId: `own-${run}`, tenantId: 'own', pool: 'own/m' }, paused);
      await gate.enter({ runId: `other-${run}`, tenantId: 'other', pool: '/m' }, paused);
    }
    const { admitted } = await gate.admitAll(pools);
    const went = new Set(admitted.map(({ ticket, lease }) => `${ticket.tenantId} to ${lease.channelId}`));
    expect([admitted.length, [...went].sort()]).toEqual([40, ['other to chan-platform', 'own to chan-own']]);
  });
});
