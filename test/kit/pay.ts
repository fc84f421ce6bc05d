import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import type { TestTenant, TestUser } from './factories.js';
import type { Platform } from './platform.js';

// One pair for all merchants of a test file: making keys takes longer than any test.
const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });

/** A tenant that can be paid, and the names of its account at the simulator of WeChat Pay. */
export interface TestMerchant {
  readonly tenant: TestTenant;
  readonly merchantId: string;
  readonly apiV3Key: string;
}

export interface TestOrder {
  readonly id: string;
  readonly outTradeNo: string;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the simulator answers
type Json = any;

/** One call to the simulator's control endpoints. */
export async function payControl(platform: Platform, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Json> {
  const response = await fetch(new URL(path, platform.servers.wechatPayUrl), {
    method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Gives a tenant a merchant account: made known to the simulator, and entered through the admin API. */
export async function makeMerchant(platform: Platform, adminToken: string, tenant: TestTenant, more: Record<string, unknown> = {}): Promise<TestMerchant> {
  const merchantId = `19${randomInt(10_000_000, 99_999_999)}`;
  const merchantSerial = randomBytes(20).toString('hex').toUpperCase();
  const apiV3Key = randomBytes(16).toString('hex');
  const wechat = await payControl(platform, 'POST', '/control/merchants', { merchant_id: merchantId, app_ids: [tenant.appId], api_v3_key: apiV3Key, merchant_serial: merchantSerial, merchant_public_key: KEYS.publicKey, ...more });
  await platform.api.ok('PUT', `/admin/v1/tenants/${tenant.id}/merchant`, {
    token: adminToken,
    body: {
      merchant_id: merchantId, merchant_serial: merchantSerial, private_key: KEYS.privateKey, api_v3_key: apiV3Key,
      wechat_keys: [{ serial: wechat.wechatpay_public_key_id, key: wechat.wechatpay_public_key }, { serial: wechat.platform_certificate_serial, key: wechat.platform_certificate_key }],
      preferred_serial: wechat.wechatpay_public_key_id,
    },
  });
  return { tenant, merchantId, apiV3Key };
}

export async function makePackage(platform: Platform, adminToken: string, tenant: TestTenant, more: Record<string, unknown> = {}): Promise<string> {
  const made = await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/packages`, { token: adminToken, body: { name: '十万点', price_fen: 990, credits: 100_000, bonus_credits: 10_000, ...more } });
  return made.id as string;
}

/** Orders by any channel; the number at WeChat is the id without its dashes. */
export async function order(platform: Platform, user: TestUser, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<TestOrder & { readonly body: Json }> {
  const made = await platform.api.ok('POST', '/v1/orders', { token: user.token, body, headers });
  return { id: made.id as string, outTradeNo: (made.id as string).replaceAll('-', ''), body: made };
}

/** The payer pays at WeChat. */
export async function payAtWechat(platform: Platform, paid: TestOrder, more: Record<string, unknown> = {}): Promise<Json> {
  return payControl(platform, 'POST', '/control/pay', { out_trade_no: paid.outTradeNo, ...more });
}

export async function balanceOf(platform: Platform, user: TestUser): Promise<number> {
  return (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).balance as number;
}
