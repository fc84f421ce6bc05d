import { createHash } from 'node:crypto';
import type { FirstAdmin } from './first-admin.js';
import { askJson } from './json-client.js';
import { LaunchError } from './launch-error.js';

export const DEMO_SLUG = 'demo';
export const DEMO_APP_ID = 'wx0123456789abcdef';

/** Enough free credits to talk at once, few enough to see them go. */
const DEMO_SETTINGS = {
  signup_credits: 50_000, daily_free_credits: 10_000, low_balance_credits: 5_000,
  topup_usd_per_1000: '0.01', topup_exchange_rate: '7.1', topup_exchange_rate_date: '2026-11-20', topup_exchange_rate_source: '演示汇率 (demo)', topup_markup: '1.3',
};

export interface DemoOptions {
  /** Address of the app. */
  readonly url: string;
  /** Address of the WeChat simulator. */
  readonly wechat: string;
  /** Logged in; undefined when the admin's password is not known any more. */
  readonly token: string | undefined;
  readonly appSecret: string;
  readonly signal: AbortSignal;
}

/**
 * Makes the demo tenant through the admin API, as a client of the app, and its
 * AppID known to the WeChat simulator, which forgets all when it ends.
 * Gives whether the tenant is there: without the admin's password (shown on an
 * earlier start) a missing one cannot be made. Throws LaunchError.
 */
export async function ensureDemoTenant(options: DemoOptions): Promise<'made' | 'found' | 'absent'> {
  const { signal } = options;
  // No phone tells the simulator that its user is there, and a login may be older than the simulator.
  const registered = await askJson(`${options.wechat}/control/apps`, { method: 'POST', body: { appid: DEMO_APP_ID, secret: options.appSecret, alwaysPresent: true }, signal });
  if (registered.status !== 200) throw failed('POST /control/apps', registered.status);
  const known = await askJson(`${options.url}/v1/tenant`, { headers: { 'x-tenant': DEMO_SLUG }, signal });
  if (options.token === undefined) return known.status === 200 ? 'found' : 'absent';
  const headers = { authorization: `Bearer ${options.token}` };
  const listed = await askJson(`${options.url}/admin/v1/tenants?slug=${DEMO_SLUG}`, { headers, signal });
  const [found] = (listed.status === 200 ? listed.body['data'] : []) as readonly { readonly id: string; readonly has_push_token: boolean }[];
  if (found !== undefined) {
    if (!found.has_push_token) await askJson(`${options.url}/admin/v1/tenants/${found.id}`, { method: 'PATCH', headers, signal, body: demoPush(options.appSecret) });
    return 'found';
  }
  if (known.status === 200) return 'found';
  const made = await askJson(`${options.url}/admin/v1/tenants`, {
    method: 'POST', headers, signal, body: { slug: DEMO_SLUG, display_name: '百聊演示', app_id: DEMO_APP_ID, app_secret: options.appSecret, ...demoPush(options.appSecret), settings: DEMO_SETTINGS },
  });
  if (made.status !== 200 && made.status !== 201 && made.status !== 409) throw failed('POST /admin/v1/tenants', made.status);
  return 'made';
}

/** Token and EncodingAESKey of the demo's message push: as secret as the AppSecret that they come from, and the same on every start. */
export function demoPush(appSecret: string): { readonly push_token: string; readonly push_aes_key: string } {
  const digest = (name: string): string => createHash('sha256').update(`${name}\n${appSecret}`).digest('hex');
  return { push_token: digest('message push token').slice(0, 32), push_aes_key: digest('message push key').slice(0, 43) };
}

/** Logs the first admin in. Gives undefined when his password is not known, or is no longer his. Throws LaunchError for any other answer. */
export async function logInAsAdmin(url: string, admin: FirstAdmin, signal: AbortSignal): Promise<string | undefined> {
  if (admin.password === undefined) return undefined;
  const answer = await askJson(`${url}/admin/v1/auth/login`, { method: 'POST', body: { email: admin.email, password: admin.password }, timeoutMs: 15_000, signal });
  if (answer.status === 401 || answer.status === 403) return undefined;
  const token = answer.body['access_token'];
  if (answer.status >= 300 || typeof token !== 'string') throw failed('POST /admin/v1/auth/login', answer.status);
  return token;
}

export function failed(what: string, status: number): LaunchError {
  return new LaunchError(`演示租户未能创建（${what} 返回 ${status}）。`, `The demo tenant could not be made (${what} answered ${status}).`);
}
