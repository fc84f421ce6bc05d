import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { judgeMediaBy, pushMediaVerdict, setWechatPush, wechatPushes } from '../kit/wechat-push.js';

/** As the console of WeChat has them. */
const TOKEN = 'pushtoken1234567';
const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

describe.each([['json', 'plain'], ['xml', 'secure']] as const)('a verdict pushed as %s, %s', (format, mode) => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await makeTenant(platform, staff, { push_token: TOKEN, ...(mode === 'plain' ? {} : { push_aes_key: KEY }), settings: { media_checks: true } });
    await setWechatPush(platform, tenant, { token: TOKEN, ...(mode === 'plain' ? {} : { encodingAesKey: KEY }), mode, format });
  });

  it.each([[0], [300]])('after %i ms ends the check', async (delayMs) => {
    await judgeMediaBy(platform, tenant, { delayMs });
    await Promise.all(([['fine', 'passed'], ['risky', 'rejected'], ['review', 'review']] as const).map(async ([word, state]) => {
      const user = await logIn(platform, tenant, `${word}${delayMs}`);
      await platform.api.ok('PUT', '/v1/me/avatar', { token: user.token, body: { url: `https://93.184.215.14/${word}.png` } });
      const me = await eventually(() => platform.api.ok('GET', '/v1/me', { token: user.token }), ({ avatar_status }) => avatar_status !== 'pending');
      expect([word, me.avatar_status, me.avatar_url]).toEqual([word, state, state === 'passed' ? 'https://93.184.215.14/fine.png' : null]);
    }));
    const deliveries = await wechatPushes(platform, tenant, 'wxa_media_check', 3);
    expect(new Set(deliveries.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
  });

  it('is retried when WeChat could not fetch', async () => {
    await judgeMediaBy(platform, tenant, { delayMs: 10 });
    const user = await logIn(platform, tenant, 'retry');
    await platform.api.ok('PUT', '/v1/me/avatar', { token: user.token, body: { url: 'https://93.184.215.14/unreachable.png' } });
    const row = async () => (await platform.sql<{ attempts: number; step: string; trace_id: string }>('SELECT attempts, step, trace_id FROM media_checks WHERE user_id = $1', [user.id]))[0];
    await eventually(row, (each) => each?.attempts === 2);
    await judgeMediaBy(platform, tenant, { rules: [{ keyword: '/', never: true }] });
    // WeChat says nothing of the third call by itself; what it says twice counts once.
    const third = await eventually(row, (each) => each?.attempts === 3 && each.step === 'wait', 15_000);
    await pushMediaVerdict(platform, third?.trace_id ?? '', { suggest: 'pass' });
    await pushMediaVerdict(platform, third?.trace_id ?? '', { suggest: 'risky' });
    expect(await platform.api.ok('GET', '/v1/me', { token: user.token })).toMatchObject({ avatar_status: 'passed' });
  });
});
