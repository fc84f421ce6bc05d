import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_APP_ID, DEMO_SLUG, failed } from './demo-tenant.js';
import { askJson } from './json-client.js';
import { writeSecretFile } from './secrets.js';

const MERCHANT_ID = '1900000109';

/** The demo's merchant account at the simulator of WeChat Pay: made once, kept in the data folder (mode 0600). */
interface DemoMerchant {
  readonly serial: string;
  readonly apiV3Key: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface DemoMerchantOptions {
  /** Address of the app. */
  readonly url: string;
  /** Address of the simulator of WeChat Pay. */
  readonly wechatpay: string;
  readonly dataDir: string;
  /** The admin's token; undefined when his password is not known any more. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/** What the demo tenant sells. */
const PACKAGES = [
  { name: '尝鲜 1 万点', price_fen: 100, credits: 10_000, per_user_limit: 3, position: 1 },
  { name: '标准 10 万点', price_fen: 990, credits: 100_000, bonus_credits: 10_000, position: 2 },
  { name: '畅聊 50 万点', price_fen: 3_900, credits: 500_000, bonus_credits: 100_000, position: 3 },
];

/**
 * Makes the demo's merchant known to the simulator, and as long as an admin can be logged in and nobody entered
 * another account, enters it for the demo tenant with something to buy. Throws LaunchError.
 */
export async function ensureDemoMerchant(options: DemoMerchantOptions): Promise<void> {
  const { url, wechatpay, signal, token } = options;
  const merchant = readMerchant(options.dataDir);
  const known = await askJson(`${wechatpay}/control/merchants`, {
    method: 'POST', signal, body: { merchant_id: MERCHANT_ID, app_ids: [DEMO_APP_ID], api_v3_key: merchant.apiV3Key, merchant_serial: merchant.serial, merchant_public_key: merchant.publicKey },
  });
  if (known.status !== 200) throw failed('POST /control/merchants', known.status);
  if (token === undefined) return;
  const headers = { authorization: `Bearer ${token}` };
  const listed = await askJson(`${url}/admin/v1/tenants?slug=${DEMO_SLUG}`, { headers, signal });
  const tenantId = (listed.body['data'] as { id?: string }[] | undefined)?.[0]?.id;
  if (tenantId === undefined) return;
  const place = `${url}/admin/v1/tenants/${tenantId}`;
  if ((await askJson(`${place}/merchant`, { headers, signal })).status !== 404) return;
  const entered = await askJson(`${place}/merchant`, {
    method: 'PUT', headers, signal,
    body: {
      merchant_id: MERCHANT_ID, merchant_serial: merchant.serial, private_key: merchant.privateKey, api_v3_key: merchant.apiV3Key,
      wechat_keys: [{ serial: known.body['wechatpay_public_key_id'], key: known.body['wechatpay_public_key'] }],
    },
  });
  if (entered.status !== 200) throw failed('PUT /admin/v1/tenants/{id}/merchant', entered.status);
  for (const body of PACKAGES) {
    const made = await askJson(`${place}/packages`, { method: 'POST', headers, signal, body });
    if (made.status !== 201) throw failed('POST /admin/v1/tenants/{id}/packages', made.status);
  }
}

function readMerchant(dataDir: string): DemoMerchant {
  const path = join(dataDir, 'demo-merchant.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as DemoMerchant;
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const made = { serial: randomBytes(20).toString('hex').toUpperCase(), apiV3Key: randomBytes(16).toString('hex'), ...keys };
  writeSecretFile(path, `${JSON.stringify(made, undefined, 2)}\n`);
  return made;
}
