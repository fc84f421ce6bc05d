import type { TestTenant } from './factories.js';
import type { Platform } from './platform.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the simulator answers
export type Json = any;

/** One call to the control endpoints of the simulated WeChat API. Throws what it refuses, and a wait that was in vain. */
export async function wechatControl(platform: Platform, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Json> {
  const response = await fetch(new URL(path, platform.servers.wechatUrl), {
    method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** A path with its question. */
export function pathOf(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  return `${path}?${asked.toString()}`;
}

/** The openid of a user whom `logIn` called by this name. */
export async function openidOf(platform: Platform, tenant: TestTenant, name = 'xiaoming'): Promise<string> {
  return (await wechatControl(platform, 'POST', '/control/codes', { appid: tenant.appId, user: name })).openid as string;
}
