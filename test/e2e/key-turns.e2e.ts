import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';
import { markUpstream, upstreamArrivals, upstreamKey } from '../kit/upstream-keys.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

const MODEL = 'one-at-a-time';
const KEY = 'sk-key-turns';

let platform: Platform;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1' } });
  await resetUpstream(platform);
  const staff = await admin(platform);
  await makeModel(platform, staff, MODEL);
  await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body: { name: 'narrow', base_url: platform.servers.openaiUrl, api_key: KEY, models: [{ model: MODEL, upstream_name: 'sim-chat' }], max_concurrent: 1 } });
});
afterAll(async () => {
  await resetUpstream(platform);
  await platform.stop();
});

const keyOf = (user: TestUser): Promise<string> => makeApiKey(platform, user);
const ask = (key: string, tag: string, firstTokenMs = 50): Promise<unknown> =>
  platform.api.ok('POST', '/v1/chat/completions', { token: key, body: { model: MODEL, messages: [{ role: 'user', content: scripted({ text: '好', tag, firstTokenMs }) }] } });
const waiting = async (): Promise<number> => (await metricOf(platform, 'bailiao_queue_depth')) ?? 0;

describe('a user with many keys', () => {
  it('has no more turns than one with a single key', async () => {
    const tenant = await makeTenant(platform, await admin(platform));
    const [many, one] = [await logIn(platform, tenant, 'many'), await logIn(platform, tenant, 'one')];
    const keys = await Promise.all(Array.from({ length: 6 }, () => keyOf(many)));
    const single = await keyOf(one);
    await markUpstream(platform);
    const busy = ask(single, 'busy', 6_000);
    await eventually(() => upstreamKey(platform, KEY), ({ open }) => open === 1);
    const asked = keys.map((key) => ask(key, 'many'));
    await eventually(waiting, (count) => count === keys.length);
    const late = [ask(single, 'one'), ask(single, 'one')];
    await eventually(waiting, (count) => count === keys.length + 2);
    await Promise.all([busy, ...asked, ...late]);
    const order = (await upstreamArrivals(platform, `key=${KEY}`)).map(({ tag }) => tag).slice(1);
    expect(order.slice(0, 4).sort()).toEqual(['many', 'many', 'one', 'one']);
  });
});
