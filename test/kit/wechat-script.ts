import type { Platform } from './platform.js';

/** What calls of the simulated WeChat API meet instead of, or before, an answer (simulators/README.md lists all of it). */
export interface WechatFault {
  readonly errcode?: number;
  readonly status?: number;
  readonly delayMs?: number;
  readonly hang?: boolean;
  readonly reset?: boolean;
}

/** The next calls meet `next`, one each; all others the default. */
export async function scriptWechat(platform: Platform, script: { readonly default?: WechatFault; readonly next?: readonly WechatFault[] }): Promise<void> {
  const response = await fetch(new URL('/control/script', platform.servers.wechatUrl), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(script) });
  if (!response.ok) throw new Error(`the script was refused: ${await response.text()}`);
}

export async function healWechat(platform: Platform): Promise<void> {
  await scriptWechat(platform, {});
}
