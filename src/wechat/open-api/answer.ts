import { WechatError, type WechatErrorKind } from './wechat-error.js';

export type Json = Readonly<Record<string, unknown>>;
export type KindOfErrcode = Readonly<Record<number, WechatErrorKind>>;

/** Of every call that takes an access token. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/ (each page's table) */
export const TOKEN_CALL_KINDS: KindOfErrcode = {
  [-1]: 'busy',
  40001: 'token',
  40014: 'token',
  42001: 'token',
  40003: 'openid',
  43104: 'openid',
  44991: 'quota',
  45009: 'quota',
  45011: 'rate_limited',
  61010: 'not_seen',
  45015: 'window',
  45047: 'window',
  45080: 'window',
};

/**
 * The answer of a call, which is HTTP 200 also for errors, and may leave `errcode` out when all is well.
 * @throws WechatError
 */
export function readAnswer(answer: unknown, kinds: KindOfErrcode): Json {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new WechatError('malformed', 'the answer is not an object');
  const { errcode } = answer as Json;
  if (errcode === undefined || errcode === 0) return answer as Json;
  if (typeof errcode !== 'number' || !Number.isSafeInteger(errcode)) throw new WechatError('malformed', 'the errcode is not a number');
  throw new WechatError(kinds[errcode] ?? 'refused', `errcode ${errcode}`, errcode);
}

/** WeChat's name of a call, for people who ask its support; a text of another form is none. */
export function traceIdOf(answer: Json): string | undefined {
  const traceId = answer['trace_id'];
  return typeof traceId === 'string' && /^[\x21-\x7e]{1,128}$/.test(traceId) ? traceId : undefined;
}
