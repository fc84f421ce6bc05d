import { describe, expect, it } from 'vitest';
import { code2sessionUrl, readSession } from './code2session.js';
import { WechatError } from './wechat-error.js';

function kindOf(answer: unknown): string {
  try {
    readSession(answer);
  } catch (error) {
    if (error instanceof WechatError) return error.kind;
    throw error;
  }
  return 'no error';
}

describe('code2sessionUrl', () => {
  it('escapes what a caller sends', () => {
    const url = code2sessionUrl('https://api.weixin.qq.com', { appId: 'wx1', appSecret: 's&x', code: 'a&secret=b#c' });
    expect(url.pathname).toBe('/sns/jscode2session');
    expect(Object.fromEntries(url.searchParams)).toEqual({ appid: 'wx1', secret: 's&x', js_code: 'a&secret=b#c', grant_type: 'authorization_code' });
    expect(url.hash).toBe('');
  });
});

describe('readSession', () => {
  it('reads a session, with and without unionid', () => {
    expect(readSession({ openid: 'o1-_', session_key: 'a2V5' })).toEqual({ openid: 'o1-_', unionid: undefined, sessionKey: 'a2V5' });
    expect(readSession({ openid: 'o1', unionid: 'u1', session_key: 'a2V5', errcode: 0 }).unionid).toBe('u1');
  });

  it.each([
    [-1, 'busy'],
    [40029, 'bad_code'],
    [40163, 'bad_code'],
    [45011, 'rate_limited'],
    [40226, 'high_risk_user'],
    [40013, 'bad_credentials'],
    [40125, 'bad_credentials'],
    [40164, 'refused'],
  ])('errcode %i is %s, also beside an openid', (errcode, kind) => {
    expect(kindOf({ errcode, errmsg: 'x' })).toBe(kind);
    expect(kindOf({ errcode, openid: 'o1' })).toBe(kind);
  });

  it.each([[null], ['x'], [[]], [{}], [{ openid: 7 }], [{ openid: '' }], [{ openid: 'a b' }], [{ openid: 'x'.repeat(129) }], [{ errcode: '40029', openid: 'o1' }]])('%j is not the protocol', (answer) => {
    expect(kindOf(answer)).toBe('malformed');
  });
});
