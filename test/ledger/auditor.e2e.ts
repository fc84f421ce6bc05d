import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { balanceOf, makeMerchant, makePackage, order, payAtWechat, type TestOrder } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let tenant: TestTenant;
let user: TestUser;
let paid: TestOrder;

const audit = () => runCommand('audit', { DATABASE_URL: platform.databaseUrl, MASTER_KEY: platform.servers.masterKey });

beforeAll(async () => {
  platform = await Platform.start();
  const staff = await admin(platform);
  tenant = await makeTenant(platform, staff, { settings: { signup_credits: 1_000, daily_free_credits: 500 } });
  await makeMerchant(platform, staff, tenant);
  const packageId = await makePackage(platform, staff, tenant);
  user = await logIn(platform, tenant);
  paid = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
  await payAtWechat(platform, paid);
  await eventually(() => balanceOf(platform, user), (balance) => balance === 111_500);
  const conversation = await makeConversation(platform.api, user);
  await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages`, { token: user.token, body: { content: scripted({ tokens: 20 }) } })).ended();
  await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/orders/${paid.id}/refunds`, { token: staff, body: { amount_fen: 100, reason: 'x' } });
  await eventually(() => platform.sql<{ state: string }>('SELECT state FROM refunds'), (rows) => rows[0]?.state === 'succeeded');
});
afterAll(async () => platform.stop());

/** Breaks something as only the owner of the tables can, audits, and mends it. */
async function broken(breaking: string, mending: string, parameters: unknown[] = []): Promise<{ code: number | null; output: string }> {
  await platform.sql(breaking, parameters);
  try {
    return await audit();
  } finally {
    await platform.sql(mending, parameters);
  }
}

describe('npm run audit', () => {
  it('finds nothing on a platform that was used', async () => {
    const { code, output } = await audit();
    expect([code, output.split('\n').filter((line) => line.startsWith('✓')).length, output.includes('✗')]).toEqual([0, 11, false]);
  });

  it.each([
    ['a balance without a transfer', `UPDATE accounts SET credits_posted = credits_posted + 7 WHERE kind = 'wallet'`, `UPDATE accounts SET credits_posted = credits_posted - 7 WHERE kind = 'wallet'`, ['balances', 'double_entry']],
    ['a transfer without a balance', `INSERT INTO transfers SELECT tenant_id, '00000000-0000-7000-8000-000000000001', 'single', debit_account, credit_account, 5, NULL, 'signup', reference, owner_id, NULL, now() FROM transfers WHERE reason = 'signup'`, `DELETE FROM transfers WHERE id = '00000000-0000-7000-8000-000000000001'`, ['balances']],
    ['a charge that differs', `UPDATE charges SET credits = credits - 1`, `UPDATE charges SET credits = credits + 1`, ['charges']],
    ['a paid order whose credits were changed', `UPDATE orders SET credits = credits + 1`, `UPDATE orders SET credits = credits - 1`, ['topups']],
    ['a refund whose state was changed', `UPDATE refunds SET state = 'failed'`, `UPDATE refunds SET state = 'succeeded'`, ['refunds']],
    ['an order whose state was changed', `UPDATE orders SET refunded_fen = 0, state = 'paid'`, `UPDATE orders SET refunded_fen = 100, state = 'partly_refunded'`, ['order_history', 'refunds']],
    ['a resolution that moved more than was held', `UPDATE transfers SET amount = amount + 100000 WHERE reason = 'run' AND kind = 'post'`, `UPDATE transfers SET amount = amount - 100000 WHERE reason = 'run' AND kind = 'post'`, ['balances', 'charges', 'resolutions']],
    ['free credits past their end', `UPDATE accounts SET expires_at = now() - interval '1 hour' WHERE kind = 'grant' AND expires_at IS NOT NULL`, `UPDATE accounts SET expires_at = now() + interval '1 hour' WHERE kind = 'grant' AND expires_at IS NOT NULL`, ['overdue_grants']],
  ])('names the rows of %s, and fails', async (_, breaking, mending, invariants) => {
    const { code, output } = await broken(breaking, mending);
    const named = output.split('\n').filter((line) => line.startsWith('✗')).map((line) => line.slice(2).split(' ')[0]).sort();
    expect([code, named]).toEqual([1, invariants]);
    expect(output).toContain(`tenant ${tenant.id}`);
    expect((await audit()).code).toBe(0);
  });

  it('says so when it can not look', async () => {
    expect((await runCommand('audit', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', MASTER_KEY: platform.servers.masterKey })).code).toBe(2);
    expect((await runCommand('audit', {})).output).toContain('DATABASE_URL is missing');
  });
});

describe('npm run keys:rotate', () => {
  it('seals everything under the new key while the platform goes on, and can be done again', async () => {
    const env = { DATABASE_URL: platform.databaseUrl, MASTER_KEY: platform.servers.masterKey, MASTER_KEY_2: Buffer.alloc(32, 7).toString('base64') };
    const next = await platform.spawn('api', { MASTER_KEY_2: env.MASTER_KEY_2 });
    expect((await runCommand('rotate-keys', env)).output).toContain('3 sealed anew, 0 were already');
    expect((await platform.sql<{ sealed: string }>('SELECT sealed FROM tenant_credentials')).every((row) => row.sealed.startsWith('v2.'))).toBe(true);
    expect((await runCommand('rotate-keys', env)).output).toContain('0 sealed anew, 3 were already');
    const again = await next.api.ok('POST', '/v1/orders', { token: user.token, body: { package_id: (await next.api.ok('GET', '/v1/packages', { token: user.token })).data[0].id, channel: 'jsapi' } });
    expect(again.state).toBe('prepaid');
    expect((await runCommand('rotate-keys', { ...env, MASTER_KEY_2: Buffer.alloc(32, 8).toString('base64'), MASTER_KEY_3: Buffer.alloc(32, 9).toString('base64') })).code).toBe(1);
  });
});
