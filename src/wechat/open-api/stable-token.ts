import { readAnswer, type KindOfErrcode } from './answer.js';
import { WechatError } from './wechat-error.js';

/**
 * `stable_token`: the same token whoever asks, until its last five minutes. Forced, the former token dies at once; 20
 * times a day, 30 s apart. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html
 */
export interface TokenRequest {
  readonly appId: string;
  readonly appSecret: string;
  readonly force: boolean;
}

export interface StableToken {
  readonly value: string;
  /** Seconds that are left of it. */
  readonly expiresIn: number;
}

const PATH = '/cgi-bin/stable_token';
/** Here 40001 speaks of the secret: there is no token to refuse. */
const KIND_OF_ERRCODE: KindOfErrcode = {
  [-1]: 'busy',
  40001: 'bad_credentials',
  40013: 'bad_credentials',
  40125: 'bad_credentials',
  40164: 'bad_credentials',
  41002: 'bad_credentials',
  41004: 'bad_credentials',
  50004: 'bad_credentials',
  50007: 'bad_credentials',
  45009: 'quota',
  45011: 'rate_limited',
};
const LONGEST_LIFE_SECONDS = 7_200;

export function stableTokenRequest(baseUrl: string, { appId, appSecret, force }: TokenRequest): { readonly url: URL; readonly body: object } {
  return { url: new URL(`${baseUrl}${PATH}`), body: { grant_type: 'client_credential', appid: appId, secret: appSecret, ...(force ? { force_refresh: true } : {}) } };
}

/** @throws WechatError */
export function readStableToken(answer: unknown): StableToken {
  const { access_token: value, expires_in: expiresIn } = readAnswer(answer, KIND_OF_ERRCODE);
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(value)) throw new WechatError('malformed', 'the answer has no access_token');
  if (typeof expiresIn !== 'number' || !(expiresIn > 0)) throw new WechatError('malformed', 'the answer has no expires_in');
  return { value, expiresIn: Math.min(expiresIn, LONGEST_LIFE_SECONDS) };
}
