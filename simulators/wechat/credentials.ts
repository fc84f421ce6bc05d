import { randomBytes } from 'node:crypto';
import { errorBody } from './wechat-errors.js';
import type { Answer } from './api-call.js';
import type { WechatApp } from './apps.js';
import type { WechatState } from './wechat-state.js';

type Parameters = Readonly<Record<string, unknown>>;

/** `GET /sns/jscode2session`: a fresh session key with every exchange. Who logs in is in the mini program now. */
export function logIn(query: Parameters, { apps, codes, openids, sessionKeys }: WechatState): Answer {
  const app = apps.authenticate(text(query['appid']), text(query['secret']));
  if (app === 41002 || app === 41004) return errorBody(app);
  const code = text(query['js_code']);
  if (!code) return errorBody(41008);
  if (query['grant_type'] !== 'authorization_code') return errorBody(40002);
  if (typeof app === 'number') return errorBody(app);
  const redeemed = codes.redeem(app.appid, code);
  if ('errcode' in redeemed) return errorBody(redeemed.errcode);
  const { openid, unionid } = redeemed.user;
  openids.see(app.appid, openid);
  const sessionKey = randomBytes(16).toString('base64');
  sessionKeys.set(app.appid, openid, sessionKey);
  return { session_key: sessionKey, openid, ...(app.unionBound ? { unionid } : {}) };
}

/** `POST /cgi-bin/stable_token`. */
export function stableToken(body: Parameters, state: WechatState): Answer {
  return tokenFor(body, '/cgi-bin/stable_token', state, (app) => state.stableTokens.obtain(app.appid, body['force_refresh'] === true));
}

/** `GET /cgi-bin/token`. */
export function plainToken(query: Parameters, state: WechatState): Answer {
  return tokenFor(query, '/cgi-bin/token', state, (app) => state.plainTokens.obtain(app.appid));
}

function tokenFor(parameters: Parameters, path: string, { apps, quotas }: WechatState, obtain: (app: WechatApp) => object | number): Answer {
  const app = apps.authenticate(text(parameters['appid']), text(parameters['secret']));
  if (app === 41002 || app === 41004) return errorBody(app);
  if (parameters['grant_type'] !== 'client_credential') return errorBody(40002);
  if (typeof app === 'number') return errorBody(app);
  const token = quotas.take(app.appid, path) ?? obtain(app);
  return typeof token === 'number' ? errorBody(token) : { ...token };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
