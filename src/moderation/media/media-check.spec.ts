import { describe, expect, it } from 'vitest';
import { WECHAT_ERROR_KINDS } from '../../wechat/index.js';
import { MOST_ATTEMPTS, outcomeOf, outcomeOfFailure, type MediaCheck } from './media-check.js';

const waiting: MediaCheck = { id: 'c', userId: 'u', purpose: 'avatar', type: 'image', url: 'https://a.example/a.png', state: 'pending', step: 'wait', attempts: 1, traceId: 't1', label: undefined, failure: undefined, createdAt: new Date(0) };
const verdict = { traceId: 't1', errcode: 0, suggest: 'pass', label: 100 } as const;

describe('what follows from a pushed verdict', () => {
  it.each([['pass', 'passed'], ['review', 'review'], ['risky', 'rejected']] as const)('%s: %s', (suggest, state) => {
    expect(outcomeOf(waiting, { ...verdict, suggest })).toEqual({ state, label: 100 });
  });

  it('is nothing once it is over', () => {
    for (const state of ['passed', 'review', 'rejected', 'failed'] as const) expect(outcomeOf({ ...waiting, state }, { ...verdict, suggest: 'risky' })).toBeUndefined();
  });

  it('is an end, too, where an older call is the one that is answered', () => {
    expect(outcomeOf({ ...waiting, traceId: 't2' }, verdict)).toEqual({ state: 'passed', label: 100 });
    expect(outcomeOf({ ...waiting, step: 'ask' }, verdict)).toEqual({ state: 'passed', label: 100 });
  });

  it('is another question where WeChat could not judge, later each time, and in the end none', () => {
    const failed = { traceId: 't1', errcode: -1008, suggest: undefined, label: undefined };
    const outcomes = Array.from({ length: MOST_ATTEMPTS }, (_, at) => outcomeOf({ ...waiting, attempts: at + 1 }, failed));
    expect(outcomes).toEqual([{ againAfterMs: 1_000 }, { againAfterMs: 4_000 }, { againAfterMs: 16_000 }, { againAfterMs: 64_000 }, { state: 'failed', failure: 'unjudged' }]);
    expect(outcomeOf(waiting, { ...failed, errcode: 0 })).toEqual({ againAfterMs: 1_000 });
  });

  it('is nothing where an older call failed, or another question is due already', () => {
    const failed = { traceId: 't1', errcode: -1008, suggest: undefined, label: undefined };
    expect(outcomeOf({ ...waiting, traceId: 't2' }, failed)).toBeUndefined();
    expect(outcomeOf({ ...waiting, step: 'ask' }, failed)).toBeUndefined();
  });
});

describe('what follows from a refused question', () => {
  it('is an end where it would be refused again', () => {
    expect(WECHAT_ERROR_KINDS.filter((kind) => 'state' in outcomeOfFailure(1, kind))).toEqual(['bad_code', 'high_risk_user', 'bad_credentials', 'openid', 'window', 'refused']);
    expect(outcomeOfFailure(MOST_ATTEMPTS, 'busy')).toEqual({ state: 'failed', failure: 'refused' });
  });
});
