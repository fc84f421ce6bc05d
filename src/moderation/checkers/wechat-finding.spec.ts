import { describe, expect, it } from 'vitest';
import { WECHAT_ERROR_KINDS } from '../../wechat/index.js';
import { CHECK_FAILURES } from '../verdict.js';
import { failureOf, findingOf, worst } from './wechat-finding.js';

const result = { suggest: 'risky', label: 20002, traceId: 't', details: [] } as const;

describe('findingOf', () => {
  it.each([
    [100, 'normal'], [10001, 'ad'], [20001, 'politics'], [20002, 'porn'], [20003, 'abuse'], [20006, 'crime'], [20008, 'fraud'], [20012, 'vulgar'], [20013, 'copyright'], [21000, 'other'], [20099, 'other'],
  ])('calls %i %s', (label, name) => {
    expect(findingOf({ ...result, label }).label).toBe(name);
  });

  it.each([['pass', 'pass'], ['review', 'review'], ['risky', 'block']] as const)('takes %s for %s', (suggest, suggests) => {
    expect(findingOf({ ...result, suggest })).toEqual({ suggests, label: 'porn', traceId: 't', version: 'msg_sec_check/2' });
  });

  it('is as sure as the surest strategy that agrees', () => {
    const detail = (prob: number | undefined, more: object = {}) => ({ suggest: 'risky', label: 20002, prob, ...more }) as const;
    expect(findingOf({ ...result, details: [detail(40), detail(90), detail(undefined), detail(99, { label: 10001 }), detail(98, { suggest: 'pass' })] }).score).toBe(0.9);
    expect(findingOf({ ...result, details: [detail(400)] }).score).toBe(1);
  });
});

describe('worst', () => {
  const finding = (suggests: 'pass' | 'review' | 'block', score?: number) => ({ suggests, label: 'x', version: 'v', ...(score === undefined ? {} : { score }) });

  it('is the strictest, then the surest, whichever comes first', () => {
    const [pass, review, block] = [finding('pass', 0.9), finding('review', 0.2), finding('block')];
    for (const [one, other, most] of [[pass, review, review], [review, block, block], [pass, block, block], [finding('review', 0.1), review, review]] as const) {
      expect(worst(one, other)).toBe(most);
      expect(worst(other, one)).toBe(most);
    }
  });
});

describe('failureOf', () => {
  it('knows every way in which a call fails', () => {
    for (const kind of WECHAT_ERROR_KINDS) expect(CHECK_FAILURES).toContain(failureOf({ kind }));
  });

  it.each([['not_seen', 61010, 'not_seen'], ['openid', 40003, 'not_seen'], ['quota', 44991, 'quota'], ['token', 40001, 'credentials'], ['refused', 48001, 'credentials'], ['refused', 47001, 'malformed'], ['timeout', undefined, 'timeout']] as const)(
    '%s (%s) is %s',
    (kind, errcode, failure) => {
      expect(failureOf({ kind, errcode })).toBe(failure);
    },
  );
});
