import { X509Certificate, createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gunzipSync } from 'node:zlib';
import { API_V3_KEY, APPID, MCHID, TestMerchant, VECTORS } from './merchant.fixture.js';
import { beijingDay } from './clock.js';
import { billFile, paymentRow, yuan } from './bill-file.js';
import { decrypt } from './signing.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { Order } from './orders.js';
import type { Reply } from './merchant.fixture.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let simulator: WechatPaySimulator;
let merchant: TestMerchant;

beforeAll(async () => {
  simulator = await startWechatPaySimulator();
  merchant = new TestMerchant(simulator.url);
  await merchant.register();
});
afterAll(() => simulator.close());

async function now(): Promise<number> {
  return Date.parse((await merchant.control('PUT', 'clock', { advance_ms: 0 })).now as string);
}

/** Moves the clock to the next time that it is this hour in Beijing. */
async function advanceTo(hour: number): Promise<void> {
  const intoDay = ((await now()) + 8 * HOUR) % DAY;
  await merchant.control('PUT', 'clock', { advance_ms: Math.ceil((hour * HOUR - intoDay + DAY) % DAY) + 1_000 });
}

async function offer(query: string): Promise<Reply> {
  return merchant.call('GET', `/v3/bill/tradebill?${query}`);
}

async function download({ json }: Reply, who = merchant): Promise<Reply> {
  return who.call('GET', (json.download_url as string).slice(simulator.url.length));
}

/** The values of a bill's lines, apart from the headings. */
function parse(bill: Buffer): { columns: string[]; rows: string[][]; summary: string[] } {
  const lines = bill.toString('utf8').split('\r\n');
  expect(bill.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  expect(lines.at(-1)).toBe('');
  const read = (line: string): string[] => line.slice(1).split(',`');
  return { columns: (lines[0] as string).slice(1).split(','), rows: lines.slice(1, -3).map(read), summary: read(lines.at(-2) as string) };
}

describe('a bill', () => {
  it('is byte for byte what the vector says', () => {
    const payment = { transaction_id: '4200002618202611200000000001', openid: 'oTESTaBcDeFgHiJkLmNoPqRsTuVw', total: 1990, payer_total: 1990, success_time: Date.parse('2026-11-20T12:00:05+08:00') };
    const order = { merchant_id: MCHID, app_id: APPID, out_trade_no: 'CHAT20261120000001', trade_type: 'JSAPI', description: 'AI会员月卡', attach: 'plan=monthly' } as Order;
    const file = billFile('ALL', [paymentRow(order, payment)]);
    expect(file.toString('utf8')).toBe(VECTORS.trade_bill.csv_utf8);
    expect(createHash('sha1').update(file).digest('hex')).toBe(VECTORS.trade_bill.hash_value);
    expect(gunzipSync(Buffer.from(VECTORS.trade_bill.gzip_base64 as string, 'base64'))).toEqual(file);
  });

  it('writes fen as yuan', () => {
    expect([yuan(0), yuan(5), yuan(1990), yuan(-12, 5), yuan(123456)]).toEqual(['0.00', '0.05', '19.90', '-0.12000', '1234.56']);
  });

  it('is being made until ten, then lists payments and refunds, adds up, and has the hash of its content', async () => {
    await advanceTo(8);
    const day = beijingDay(await now());
    expect((await offer(`bill_date=${day}`)).json.code).toBe('STATEMENT_CREATING');
    const { no, transaction } = await merchant.placePaid({ description: '第一行\n第二行, 逗号', attach: undefined }, { coupon: 90 });
    await merchant.placePaid({ amount: { total: 100 } });
    await merchant.place();
    await merchant.control('PUT', 'refunds', { default: 'success' });
    await merchant.refund({ out_trade_no: no, out_refund_no: 'BR1', amount: { refund: 990, total: 1990, currency: 'CNY' } });
    await advanceTo(9);
    await merchant.control('PUT', 'clock', { advance_ms: DAY });
    const early = await offer(`bill_date=${day}`);
    expect([early.status, early.json.code, early.isSigned]).toEqual([400, 'STATEMENT_CREATING', true]);
    await advanceTo(10);

    const offered = await offer(`bill_date=${day}&tar_type=GZIP`);
    expect([offered.status, offered.isSigned, offered.json.hash_type]).toEqual([200, true, 'SHA1']);
    const got = await download(offered);
    expect([got.status, got.isSigned]).toEqual([200, undefined]);
    const file = gunzipSync(got.bytes);
    expect(createHash('sha1').update(file).digest('hex')).toBe(offered.json.hash_value);
    const { columns, rows, summary } = parse(file);
    expect(columns).toHaveLength(27);
    expect(rows).toHaveLength(3);
    const [first, , refund] = rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
    expect(first).toMatchObject({ 商品名称: '第一行 第二行, 逗号', 商户订单号: no, 微信订单号: transaction, 交易状态: 'SUCCESS', 应结订单金额: '19.90', 代金券金额: '0.90', 手续费: '0.12000' });
    expect(refund).toMatchObject({ 商户订单号: no, 商户退款单号: 'BR1', 交易状态: 'REFUND', 退款金额: '9.90', 申请退款金额: '9.90', 订单金额: '0.00', 手续费: '-0.05000', 退款状态: 'PROCESSING', 费率: '0.60%' });
    expect(summary).toEqual(['3', '20.90', '9.90', '0.45', '0.08000', '20.90', '9.90']);

    const success = parse((await download(await offer(`bill_date=${day}&bill_type=SUCCESS`))).bytes);
    expect([success.columns.length, success.rows.length]).toEqual([20, 2]);
    const refunds = parse((await download(await offer(`bill_date=${day}&bill_type=REFUND`))).bytes);
    expect([refunds.columns.length, refunds.rows.length]).toEqual([29, 1]);
    expect(refunds.columns.slice(14, 17)).toEqual(['退款申请时间', '退款成功时间', '微信退款单号']);

    const other = new TestMerchant(simulator.url, '1900000501');
    await other.register();
    expect((await download(offered, other)).status).toBe(400);
    expect((await other.call('GET', `/v3/bill/tradebill?bill_date=${day}`)).json.code).toBe('NO_STATEMENT_EXIST');
    await merchant.control('PUT', 'clock', { advance_ms: 5 * 60_000 });
    expect((await download(offered)).json.message).toBe('账单下载地址已过期');

    // Spoilt once each, then honest again.
    const bill = async (tamper: string): Promise<{ offered: Reply; bytes: Buffer; rows: string[][] }> => {
      await merchant.control('POST', 'bills', { date: day, tamper });
      const spoilt = await offer(`bill_date=${day}`);
      const { bytes } = await download(spoilt);
      return { offered: spoilt, bytes, ...parse(bytes) };
    };
    expect((await bill('missing_row')).rows).toHaveLength(2);
    expect((await bill('extra_row')).rows[3]?.[6]).toMatch(/^EXTRA/u);
    expect((await bill('amount')).rows[0]?.[12]).toBe('19.91');
    const wrong = await bill('hash');
    expect(wrong.offered.json.hash_value).not.toBe(createHash('sha1').update(wrong.bytes).digest('hex'));
    const honest = await offer(`bill_date=${day}`);
    expect(honest.json.hash_value).toBe(offered.json.hash_value);
    expect((await download(honest)).bytes).toEqual(file);

    await merchant.control('PUT', 'clock', { advance_ms: 100 * DAY });
    expect((await offer(`bill_date=${day}`)).json.code).toBe('INVALID_REQUEST');
  });

  it.each([['bill_date=yesterday', 'PARAM_ERROR'], ['', 'PARAM_ERROR'], ['bill_date=2026-02-30', 'PARAM_ERROR'], ['bill_date=2099-01-01', 'PARAM_ERROR'], ['bill_date=2026-01-01&bill_type=NONE', 'PARAM_ERROR'], ['bill_date=2026-01-01&tar_type=ZIP', 'PARAM_ERROR'], ['bill_date=2020-01-01', 'INVALID_REQUEST']])('is refused: %s', async (query, code) => {
    const reply = await offer(query);
    expect([reply.status, reply.json.code]).toEqual([400, code]);
  });

  it('is spoilt by control in known ways only, and downloaded with a token only', async () => {
    for (const bad of [{ date: 'x', tamper: 'hash' }, { date: '2026-01-01', tamper: 'all' }]) expect((await merchant.control('POST', 'bills', bad)).status).toBe(400);
    expect((await merchant.call('GET', '/v3/billdownload/file?token=no')).status).toBe(400);
    expect((await fetch(`${simulator.url}/v3/billdownload/file?token=no`, { headers: { 'user-agent': 'x' } })).status).toBe(401);
  });
});

describe('the platform certificate', () => {
  it('is given, encrypted, to merchants that have one, and verifies the answer that it came in', async () => {
    const none = await merchant.call('GET', '/v3/certificates');
    expect([none.status, none.json.code, none.isSigned]).toEqual([404, 'RESOURCE_NOT_EXISTS', true]);
    const old = new TestMerchant(simulator.url, '1900000502');
    await old.register({ mode: 'certificate' });
    const reply = await old.call('GET', '/v3/certificates?algorithm_type=RSA');
    const { serial_no: serial, encrypt_certificate: sealed } = reply.json.data[0];
    const certificate = new X509Certificate(decrypt(API_V3_KEY, sealed.nonce, sealed.associated_data, sealed.ciphertext));
    expect([certificate.serialNumber, reply.headers.get('wechatpay-serial'), reply.isSigned]).toEqual([serial, serial, true]);
    expect((await old.call('GET', '/v3/certificates?algorithm_type=DSA')).status).toBe(400);
    expect((await old.call('GET', '/v3/certificates?algorithm_type=SM2')).status).toBe(404);
  });
});
