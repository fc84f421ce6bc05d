import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VECTORS } from '../../../test/kit/wechat-vectors.js';
import { fenOfYuan, parseTradeBill } from './bill.js';

const csv = VECTORS.trade_bill.csv_utf8;

describe('parseTradeBill', () => {
  it('reads the bill, whatever its mark and line ends', () => {
    const [row, ...more] = parseTradeBill(csv).rows;
    expect(more).toEqual([]);
    expect(row).toMatchObject({ at: '2026-11-20 12:00:05', outTradeNo: 'CHAT20261120000001', transactionId: '4200002618202611200000000001', state: 'SUCCESS', total: 1990n, description: 'AI会员月卡' });
    expect(row?.refund).toBeUndefined();
    expect(parseTradeBill(csv.replace('\uFEFF', '').replaceAll('\r\n', '\n')).rows).toHaveLength(1);
  });

  it('is what the packed file holds', () => {
    const bytes = gunzipSync(Buffer.from(VECTORS.trade_bill.gzip_base64, 'base64'));
    expect(createHash('sha1').update(bytes).digest('hex')).toBe(VECTORS.trade_bill.hash_value);
    expect(bytes.toString()).toBe(csv);
  });

  it.each([
    ['a row too few', csv.replace(/`2026[^\n]*\n/, '')],
    ['no summary', csv.slice(0, csv.indexOf('总交易单数'))],
    ['another sum', csv.replace('`1,`19.90', '`1,`19.90').replace(/`19\.90,`0\.00\s*$/, '`19.91,`0.00')],
    ['an amount that is none', csv.replace('`19.90,`0.00,`0,', '`1.9.0,`0.00,`0,')],
    ['a column too few', csv.replace(',费率备注', '')],
    ['nothing', ''],
  ])('refuses a bill with %s', (_, text) => {
    expect(text).not.toBe(csv);
    expect(() => parseTradeBill(text)).toThrow();
  });
});

describe('fenOfYuan', () => {
  it.each([['0.00', 0n], ['0.01', 1n], ['19.9', 1990n], ['20', 2000n], ['90071992547.41', 9_007_199_254_741n]])('%s yuan are %s fen', (yuan, fen) => {
    expect(fenOfYuan(yuan)).toBe(fen);
  });

  it.each(['', '-1', '1.234', '1e3', '.5', '1,000.00', ' 1'])('refuses %j', (yuan) => {
    expect(() => fenOfYuan(yuan)).toThrow();
  });

  it('is exact for every amount', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 13n }), (fen) => {
      expect(fenOfYuan(`${fen / 100n}.${(fen % 100n).toString().padStart(2, '0')}`)).toBe(fen);
    }));
  });
});
