import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

const MODEL = 'narrow-model';

let platform: Platform;
let worker: Node;
let user: TestUser;
let channel: string;
let redis: Redis;

beforeAll(async () => {
  platform = await Platform.start({ role: 'api', env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1' } });
  await resetUpstream(platform);
  worker = await platform.spawn('worker');
  const staff = await admin(platform);
  await makeModel(platform, staff, MODEL);
  channel = (await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body: { name: 'narrow', base_url: platform.servers.openaiUrl, api_key: 'sk-handed-back', models: [{ model: MODEL, upstream_name: 'sim-chat' }], max_concurrent: 1 } })).id as string;
  user = await logIn(platform, await makeTenant(platform, staff));
  redis = new Redis(platform.redisUrl);
});
afterAll(async () => {
  redis.disconnect();
  await platform.stop();
});

async function ask(): ReturnType<Platform['api']['stream']> {
  const conversation = await makeConversation(platform.api, user, { model: MODEL });
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse&keep=true`, { token: user.token, body: { content: scripted({ text: '好' }) } });
}
const placesTaken = (): Promise<number> => redis.zcard(`{bailiao}:gate:channel:${channel}:open`);

describe('a run that is stopped between its admission and its worker', () => {
  it('gives its place at the channel back at once', async () => {
    expect(wordsOf(await (await ask()).all())).toBe('好');
    await eventually(placesTaken, (count) => count === 0);
    worker.freeze();
    try {
      const stream = await ask();
      await eventually(placesTaken, (count) => count === 1);
      await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
      // By itself a lease ends some 15 s after its last sign of life.
      await eventually(placesTaken, (count) => count === 0, 4_000);
    } finally {
      worker.thaw();
    }
    expect(wordsOf(await (await ask()).all())).toBe('好');
  });
});
