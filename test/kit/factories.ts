import { randomBytes } from 'node:crypto';
import type { Api } from './api.js';
import { ADMIN, type Platform } from './platform.js';

export interface TestTenant {
  readonly id: string;
  readonly slug: string;
  readonly appId: string;
}

export interface TestUser {
  readonly id: string;
  readonly token: string;
  readonly refreshToken: string;
  readonly tenant: TestTenant;
}

/** The platform admin's token. */
export async function admin(platform: Platform, api: Api = platform.api): Promise<string> {
  const answer = await api.ok('POST', '/admin/v1/auth/login', { body: ADMIN });
  return answer.access_token as string;
}

/** More free credits than any test spends, so that only tests of money speak of money. */
const PLENTY = { signup_credits: 1_000_000_000 };

/** A tenant of its own, made through the admin API and known to the WeChat simulator. */
export async function makeTenant(platform: Platform, adminToken: string, more: Record<string, unknown> = {}): Promise<TestTenant> {
  const name = randomBytes(5).toString('hex');
  const appId = `wx${randomBytes(8).toString('hex')}`;
  const secret = randomBytes(16).toString('hex');
  await control(platform, '/control/apps', { appid: appId, secret });
  const made = await platform.api.ok('POST', '/admin/v1/tenants', { token: adminToken, body: { slug: `t-${name}`, display_name: `租户 ${name}`, app_id: appId, app_secret: secret, ...more, settings: { ...PLENTY, ...(more.settings as object | undefined) } } });
  return { id: made.id as string, slug: made.slug as string, appId };
}

/** A model of the catalogue, served by nobody yet. */
export async function makeModel(platform: Platform, adminToken: string, name: string, more: Record<string, unknown> = {}): Promise<void> {
  await platform.api.ok('PUT', `/admin/v1/models/${name}`, { token: adminToken, body: { context_window: 8_000, max_answer_tokens: 500, ...more } });
}

/** What `wx.login` gives on a phone. */
export async function loginCode(platform: Platform, tenant: TestTenant, name: string): Promise<string> {
  return (await control(platform, '/control/codes', { appid: tenant.appId, user: name })).code as string;
}

/** Logs a user in by WeChat. */
export async function logIn(platform: Platform, tenant: TestTenant, name = 'xiaoming', api: Api = platform.api): Promise<TestUser> {
  const body = { code: await loginCode(platform, tenant, name) };
  const answer = await api.ok('POST', '/v1/auth/wechat', { headers: { 'x-tenant': tenant.slug }, body });
  return { id: answer.user.id as string, token: answer.access_token as string, refreshToken: answer.refresh_token as string, tenant };
}

/** An API key of a user. */
export async function makeApiKey(platform: Platform, user: TestUser, name = 'test'): Promise<string> {
  return (await platform.api.ok('POST', '/v1/api-keys', { token: user.token, body: { name } })).key as string;
}

export async function makeConversation(api: Api, user: TestUser, body: Record<string, unknown> = {}): Promise<string> {
  return (await api.ok('POST', '/v1/conversations', { token: user.token, body })).id as string;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the simulator answers
async function control(platform: Platform, path: string, body: unknown): Promise<any> {
  const response = await fetch(new URL(path, platform.servers.wechatUrl), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}
