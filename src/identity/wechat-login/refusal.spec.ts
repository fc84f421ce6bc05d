import { describe, expect, it } from 'vitest';
import { WechatError, type WechatErrorKind } from '../../wechat/index.js';
import { refusalOf } from './refusal.js';

describe('refusalOf', () => {
  it.each<[WechatErrorKind, number]>([
    ['bad_code', 401],
    ['high_risk_user', 403],
    ['rate_limited', 429],
    ['bad_credentials', 502],
    ['refused', 502],
    ['busy', 503],
    ['unreachable', 503],
    ['timeout', 503],
    ['malformed', 503],
    ['token', 502],
  ])('%s is answered with %i, and tells nothing of WeChat\'s numbers', (kind, status) => {
    const refusal = refusalOf(new WechatError(kind, 'errcode 40125'));
    expect(refusal.definition.status).toBe(status);
    expect(refusal.textFor('zh')).not.toContain('40125');
  });
});
