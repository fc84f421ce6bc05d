import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { balanceOf, makeMerchant, makePackage, order, payAtWechat } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', RUN_QUEUE_WAIT_MS: '90000' } });
  staff = await admin(platform);
});
afterAll(async () => {
  await resetUpstream(platform);
  await platform.stop();
});

/** How many runs of a tier began, by the metric of their wait. */
async function begun(tier: string): Promise<number> {
  return (await metricOf(platform, 'bailiao_queue_wait_seconds_count', { tier })) ?? 0;
}

async function answer(user: TestUser, text: string): Promise<string> {
  const conversation = await makeConversation(platform.api, user);
  return wordsOf(await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text }) } })).all());
}

describe('a user', () => {
  it('is of the paid tier as long as there is something bought in the wallet', async () => {
    const tenant = await makeTenant(platform, staff);
    await makeMerchant(platform, staff, tenant);
    const user = await logIn(platform, tenant);
    expect(await answer(user, '送的')).toBe('送的');
    expect([await begun('interactive'), await begun('paid_interactive')]).toEqual([1, 0]);
    const before = await balanceOf(platform, user);
    await payAtWechat(platform, await order(platform, user, { package_id: await makePackage(platform, staff, tenant), channel: 'jsapi' }, { 'idempotency-key': 'buys-once' }));
    await eventually(() => balanceOf(platform, user), (balance) => balance > before);
    expect(await answer(user, '买的')).toBe('买的');
    expect([await begun('interactive'), await begun('paid_interactive')]).toEqual([1, 1]);
    const other = await logIn(platform, tenant, 'somebody else');
    await answer(other, '送的');
    expect([await begun('interactive'), await begun('paid_interactive')]).toEqual([2, 1]);
  });

  it('is weighed as the tenant sets it', async () => {
    const tenant = await makeTenant(platform, staff);
    const path = `/admin/v1/tenants/${tenant.id}`;
    expect((await platform.api.ok('GET', path, { token: staff })).settings).toMatchObject({ queue_paid_weight: 4, queue_free_weight: 1 });
    await platform.api.ok('PATCH', path, { token: staff, body: { settings: { queue_paid_weight: 20, queue_free_weight: 2 } } });
    expect((await platform.api.ok('GET', path, { token: staff })).settings).toMatchObject({ queue_paid_weight: 20, queue_free_weight: 2 });
    const refused = await platform.api.call('PATCH', path, { token: staff, body: { settings: { queue_free_weight: 0 } } });
    expect([refused.status, refused.body.error.param]).toEqual([400, 'settings.queue_free_weight']);
  });
});
