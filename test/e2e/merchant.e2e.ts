import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, makeTenant, type TestTenant } from '../kit/factories.js';
import { makeMerchant, type TestMerchant } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let merchant: TestMerchant;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff);
  merchant = await makeMerchant(platform, staff, tenant);
});
afterAll(async () => platform.stop());

describe('a merchant account', () => {
  it('never gives its secrets', async () => {
    const answer = await platform.api.get(`/admin/v1/tenants/${tenant.id}/merchant`, { token: staff });
    expect(Object.keys(answer.body).sort()).toEqual(['merchant_id', 'merchant_serial', 'preferred_serial', 'updated_at', 'wechat_serials']);
    expect(answer.text).not.toContain(merchant.apiV3Key);
    expect(answer.text).not.toContain('PRIVATE');
    const [stored] = await platform.sql<{ sealed: string }>(`SELECT string_agg(sealed, ' ') AS sealed FROM tenant_credentials WHERE tenant_id = $1`, [tenant.id]);
    expect(stored?.sealed).not.toContain(merchant.apiV3Key);
  });

  it.each([
    ['merchant_id', { merchant_id: 'x' }],
    ['merchant_serial', { merchant_serial: 'no hex' }],
    ['private_key', { private_key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }],
    ['api_v3_key', { api_v3_key: 'short' }],
    ['wechat_keys[0].key', { wechat_keys: [{ serial: 'PUB_KEY_ID_0123456789', key: 'x' }] }],
    ['wechat_keys', { wechat_keys: [] }],
  ])('with a wrong %s is refused', async (param, changed) => {
    const answer = await platform.api.call('PUT', `/admin/v1/tenants/${tenant.id}/merchant`, { token: staff, body: { merchant_id: '1900000109', merchant_serial: 'ABCDEF0123456789', wechat_keys: [{ serial: 'PUB_KEY_ID_0123456789', key: 'x' }], ...changed } });
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });
});
