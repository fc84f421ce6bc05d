import { makeRid } from './apps.js';

const MESSAGES: Record<number, string> = {
  [-1]: 'system error',
  0: 'ok',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40129: 'invalid scene',
  40163: 'code been used',
  40226: 'code blocked',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  43104: 'this appid does not have permission',
  43302: 'method not allowed',
  44002: 'empty post data',
  44004: 'empty content',
  44991: 'reach max api minute quota limit',
  45002: 'content size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  45072: 'command must be typing or cancel typing',
  45080: 'no interaction with the user in the last 30 seconds',
  45081: 'already typing',
  47001: 'data format error',
  48001: 'api unauthorized',
  61010: 'the user has not visited the mini program recently',
};

/** The body of a refused call: WeChat answers HTTP 200 with `errcode`, and `errmsg` ends with `rid: …`. */
export function errorBody(errcode: number, errmsg?: string): { readonly errcode: number; readonly errmsg: string } {
  return { errcode, errmsg: `${errmsg ?? MESSAGES[errcode] ?? 'error'}, ${makeRid()}` };
}
