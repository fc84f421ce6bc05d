import { WechatError, type WechatErrorKind } from './wechat-error.js';

/** `jscode2session`: a `wx.login` code (single use, 5 minutes) becomes the user's identity. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html */
export interface CodeExchange {
  readonly appId: string;
  readonly appSecret: string;
  readonly code: string;
}

export interface WechatSession {
  readonly openid: string;
  /** Only where the mini-program is bound to an open-platform account. */
  readonly unionid: string | undefined;
  /** Base64; never leaves the server. */
  readonly sessionKey: string;
}

const KIND_OF_ERRCODE: Readonly<Record<number, WechatErrorKind>> = {
  [-1]: 'busy',
  40029: 'bad_code',
  40163: 'bad_code',
  41008: 'bad_code',
  45009: 'rate_limited',
  45011: 'rate_limited',
  40226: 'high_risk_user',
  40013: 'bad_credentials',
  40125: 'bad_credentials',
  41002: 'bad_credentials',
  41004: 'bad_credentials',
};

const IDENTIFIER = /^[\w-]{1,128}$/;

export function code2sessionUrl(baseUrl: string, exchange: CodeExchange): URL {
  const url = new URL(`${baseUrl}/sns/jscode2session`);
  url.search = new URLSearchParams({ appid: exchange.appId, secret: exchange.appSecret, js_code: exchange.code, grant_type: 'authorization_code' }).toString();
  return url;
}

/**
 * Reads the answer, which is HTTP 200 also for errors.
 * @throws WechatError
 */
export function readSession(answer: unknown): WechatSession {
  if (typeof answer !== 'object' || answer === null) throw new WechatError('unreachable', 'the answer is not an object');
  const { errcode, openid, unionid, session_key: sessionKey } = answer as Record<string, unknown>;
  if (errcode !== undefined && errcode !== 0) throw refusal(errcode);
  if (typeof openid !== 'string' || !IDENTIFIER.test(openid)) throw new WechatError('unreachable', 'the answer has no openid');
  return {
    openid,
    unionid: typeof unionid === 'string' && IDENTIFIER.test(unionid) ? unionid : undefined,
    sessionKey: typeof sessionKey === 'string' ? sessionKey : '',
  };
}

function refusal(errcode: unknown): WechatError {
  if (typeof errcode !== 'number') return new WechatError('unreachable', 'the errcode is not a number');
  return new WechatError(KIND_OF_ERRCODE[errcode] ?? 'refused', `errcode ${errcode}`);
}
