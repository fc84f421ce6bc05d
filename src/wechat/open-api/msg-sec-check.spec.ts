import { describe, expect, it } from 'vitest';
import { readSecCheck, secResultOf } from './msg-sec-check.js';
import { WechatError } from './wechat-error.js';

const detail = (more: object) => ({ strategy: 'content_model', errcode: 0, suggest: 'risky', label: 20006, prob: 90, ...more });

describe('readSecCheck', () => {
  it('reads suggestion, label, trace_id and the strategies that worked', () => {
    const answer = { errcode: 0, errmsg: 'ok', trace_id: 't-1', result: { suggest: 'risky', label: 20006 }, detail: [detail({}), detail({ errcode: -1 }), detail({ suggest: 'what' }), null, 'x', detail({ strategy: 'keyword', prob: undefined, level: 90, keyword: 'xx' })] };
    expect(readSecCheck(answer)).toEqual({
      suggest: 'risky', label: 20006, traceId: 't-1',
      details: [{ suggest: 'risky', label: 20006, prob: 90 }, { suggest: 'risky', label: 20006, prob: undefined }],
    });
  });

  it('takes the risky of version 1 for what it says', () => {
    expect(readSecCheck({ errcode: 87014, errmsg: 'risky content' })).toEqual({ suggest: 'risky', label: 21000, traceId: undefined, details: [] });
  });

  it.each([[{}], [{ errcode: 0 }], [{ result: null }], [{ result: {} }], [{ result: { suggest: 'pass' } }], [{ result: { suggest: 'PASS', label: 100 } }], [{ result: { suggest: 'constructor', label: 100 } }], [[]], [null], ['ok']])('takes %j for no verdict', (answer) => {
    expect(() => readSecCheck(answer)).toThrow(WechatError);
    expect(() => readSecCheck(answer)).toThrow('malformed');
  });

  it('reads the texts of XML as the numbers that they are, and a single item as a list of one', () => {
    expect(secResultOf({ trace_id: 't', result: { suggest: 'review', label: '10001' }, detail: { errcode: '0', suggest: 'review', label: '10001', prob: '55.5' } })).toEqual({
      suggest: 'review', label: 10001, traceId: 't', details: [{ suggest: 'review', label: 10001, prob: 55.5 }],
    });
  });
});
