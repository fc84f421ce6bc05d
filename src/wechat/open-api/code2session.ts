import { readAnswer, type KindOfErrcode } from './answer.js';
import { WechatError } from './wechat-error.js';

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

const KIND_OF_ERRCODE: KindOfErrcode = {
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

/** @throws WechatError */
export function readSession(answer: unknown): WechatSession {
  const { openid, unionid, session_key: sessionKey } = readAnswer(answer, KIND_OF_ERRCODE);
  if (typeof openid !== 'string' || !IDENTIFIER.test(openid)) throw new WechatError('malformed', 'the answer has no openid');
  return {
    openid,
    unionid: typeof unionid === 'string' && IDENTIFIER.test(unionid) ? unionid : undefined,
    sessionKey: typeof sessionKey === 'string' ? sessionKey : '',
  };
}
