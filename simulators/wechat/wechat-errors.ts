import { makeRid } from './apps.js';

const MESSAGES: Record<number, string> = {
  [-1]: 'system error',
  0: 'ok',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40029: 'invalid code',
  40125: 'invalid appsecret',
  40163: 'code been used',
  40226: 'code blocked',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  43002: 'require POST method',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  47001: 'data format error',
};

/** The body of a refused call: WeChat answers HTTP 200 with `errcode`, and `errmsg` ends with `rid: …`. */
export function errorBody(errcode: number, errmsg?: string): { readonly errcode: number; readonly errmsg: string } {
  return { errcode, errmsg: `${errmsg ?? MESSAGES[errcode] ?? 'error'}, ${makeRid()}` };
}
