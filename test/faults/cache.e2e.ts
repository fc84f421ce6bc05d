import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedUpstream, complete, pricedTenant, told, words } from '../kit/asking.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, type TestTenant } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

/** Longest time that a request waits for an identical one, and what a busy machine may add. */
const FLIGHT_MS = 15_000;
const SLACK_MS = 5_000;

let platform: Platform;
let tenant: TestTenant;

beforeAll(async () => {
  platform = await Platform.start();
  tenant = await pricedTenant(platform, await admin(platform), { response_cache_seconds: 600, response_cache_scope: 'tenant' });
});
afterAll(async () => platform.stop());

describe('requests that wait for an identical one', () => {
  it('ask the model themselves when the node of the first dies, no later than its flight ends', async () => {
    const [leader, follower] = [await logIn(platform, tenant, 'leader'), await logIn(platform, tenant, 'follower')];
    const node = await platform.spawn('all');
    // The first asker never hears a word; whoever asks later does.
    const question = scripted({ text: '我来回答。', hang: 'before-first-token', failTimes: 1 });
    const leading = complete(node.api, leader, question).catch(() => undefined);
    await eventually(() => askedUpstream(platform, question), (count) => count === 1);
    const began = performance.now();
    const waiting = complete(platform.api, follower, question);
    await node.kill();
    const answer = await waiting;
    expect([told(answer), words(answer)]).toEqual([[200, 'miss'], '我来回答。']);
    expect(performance.now() - began).toBeLessThan(FLIGHT_MS + SLACK_MS);
    expect(told(await complete(platform.api, follower, question))).toEqual([200, 'hit']);
    await leading;
  }, 60_000);
});
