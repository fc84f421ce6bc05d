import type { WechatApp } from './apps.js';

/** An answer's body; `errcode` 0 or absent is success. */
export type Answer = Record<string, unknown>;

/** A POST of an app that showed a good token. */
export interface ApiCall {
  readonly app: WechatApp;
  readonly body: Readonly<Record<string, unknown>>;
}
