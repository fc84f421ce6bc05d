import type { WechatState } from './wechat-state.js';

/** A call to a control endpoint; `body` is empty where none was sent. */
export interface ControlCall {
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly state: WechatState;
}

/** What it is answered; status 200 unless told. */
export interface ControlReply {
  readonly status?: number;
  readonly body: unknown;
}

/** Control endpoints by method and path. Each may throw ControlError. */
export type ControlRoutes = Readonly<Record<string, (call: ControlCall) => ControlReply | Promise<ControlReply>>>;
