import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { must } from './client.js';
import { ADMIN, type ChaosStand } from './stand.js';

export const SIGNUP = 3_000;
export const PACKAGE = { name: '混沌', price_fen: 990, credits: 2_000, bonus_credits: 200 } as const;

export interface Buyer {
  readonly id: string;
  readonly token: string;
}

/** A tenant with a merchant account, a price of one credit a word, and people who will chat and buy. */
export interface Shop {
  readonly tenantId: string;
  readonly staff: string;
  readonly merchantId: string;
  readonly packageId: string;
  readonly buyers: readonly Buyer[];
}

export async function openShop(stand: ChaosStand, name: string, people: number): Promise<Shop> {
  const { url, simulators } = stand;
  const staff = (await must('POST', `${url}/admin/v1/auth/login`, { body: ADMIN })).access_token as string;
  const appId = `wx${randomBytes(8).toString('hex')}`;
  const secret = randomBytes(16).toString('hex');
  await must('POST', `${simulators.wechat}/control/apps`, { body: { appid: appId, secret } });
  const tenant = await must('POST', `${url}/admin/v1/tenants`, { token: staff, body: { slug: name, display_name: name, app_id: appId, app_secret: secret, settings: { signup_credits: SIGNUP, minimum_answer_tokens: 5 } } });
  const place = `${url}/admin/v1/tenants/${tenant.id}`;
  await must('POST', `${place}/price-lists`, { token: staff, body: { model: '*', input_rate: 0, cached_input_rate: 0, output_rate: 1_000, reasoning_rate: 1_000 } });
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const merchant = { merchant_id: `19${randomBytes(4).readUInt32BE().toString().padStart(10, '0').slice(-8)}`, merchant_serial: randomBytes(20).toString('hex').toUpperCase(), api_v3_key: randomBytes(16).toString('hex') };
  const wechat = await must('POST', `${simulators.wechatpay}/control/merchants`, { body: { ...merchant, app_ids: [appId], merchant_public_key: keys.publicKey } });
  await must('PUT', `${place}/merchant`, { token: staff, body: { ...merchant, private_key: keys.privateKey, wechat_keys: [{ serial: wechat.wechatpay_public_key_id, key: wechat.wechatpay_public_key }] } });
  const packageId = (await must('POST', `${place}/packages`, { token: staff, body: PACKAGE })).id as string;
  const buyers: Buyer[] = [];
  for (let at = 0; at < people; at += 1) {
    const { code } = await must('POST', `${simulators.wechat}/control/codes`, { body: { appid: appId, user: `${name}-${at}` } });
    const login = await must('POST', `${url}/v1/auth/wechat`, { headers: { 'x-tenant': name }, body: { code } });
    buyers.push({ id: login.user.id, token: login.access_token });
  }
  return { tenantId: tenant.id, staff, merchantId: merchant.merchant_id, packageId, buyers };
}
