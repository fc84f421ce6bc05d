import type { WechatApp } from './apps.js';

/** An answer's body; `errcode` 0 or absent is success. */
export type Answer = Record<string, unknown>;

/** A POST of an app that showed a good token. */
export interface ApiCall {
  readonly app: WechatApp;
  readonly body: Readonly<Record<string, unknown>>;
  /** The body as it came, byte by byte: what a signature is about. */
  readonly raw: Buffer;
  readonly query: URLSearchParams;
}
