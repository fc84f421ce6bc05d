import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_V3_KEY, APPID, MCHID, MERCHANT, SERIAL, authorization, opened, signedBy, unsealed } from './merchant.spec-kit.js';
import { RETRY_MS } from './postman.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Changed } from './merchant.spec-kit.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
  readonly text: string;
}

let simulator: WechatPaySimulator;
let shop: Server;
let shopUrl: string;
let letters: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
let shopStatus: number;
let wechat: Record<'wechatpay_public_key_id' | 'wechatpay_public_key' | 'platform_certificate_serial' | 'platform_certificate_key', string>;

beforeEach(async () => {
  letters = [];
  shopStatus = 204;
  shop = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      letters.push({ headers: request.headers, body });
      response.writeHead(shopStatus).end();
      shop.emit('letter');
    });
  }).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/notify`;
  simulator = await startWechatPaySimulator();
  await register();
});
afterEach(async () => {
  await simulator.close();
  shop.closeAllConnections();
  shop.close();
});

async function register(more: Json = {}): Promise<void> {
  const publicKey = MERCHANT.publicKey.export({ type: 'spki', format: 'pem' });
  const answer = await control('POST', '/control/merchants', { merchant_id: MCHID, app_ids: [APPID], api_v3_key: API_V3_KEY, merchant_serial: SERIAL, merchant_public_key: publicKey, ...more });
  wechat = answer.body as typeof wechat;
}

async function control(method: string, path: string, body?: Json): Promise<{ status: number; body: Json }> {
  const response = await fetch(simulator.url + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: response.status, body: (await response.json()) as Json };
}

async function call(method: string, path: string, body?: Json, changed: Changed & { named?: string } = {}): Promise<Answer> {
  const content = body ? JSON.stringify(body) : '';
  const response = await fetch(simulator.url + path, {
    method, ...(body ? { body: content } : {}),
    headers: {
      authorization: authorization(method, path, content, changed),
      'wechatpay-serial': changed.named ?? wechat.wechatpay_public_key_id,
    },
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, body: text === '' || !text.startsWith('{') ? {} : (JSON.parse(text) as Json) };
}

const isSigned = (headers: { get(name: string): string | null }, body: string, pem = wechat.wechatpay_public_key): boolean => signedBy(pem, headers, body);

const orderOf = (number: string, more: Json = {}): Json => ({ appid: APPID, mchid: MCHID, description: '十万点', out_trade_no: number, notify_url: shopUrl, amount: { total: 990, currency: 'CNY' }, payer: { openid: 'oA' }, ...more });
const place = (number = 'ORDER001', more: Json = {}): Promise<Answer> => call('POST', '/v3/pay/transactions/jsapi', orderOf(number, more));
const query = (number = 'ORDER001'): Promise<Answer> => call('GET', `/v3/pay/transactions/out-trade-no/${number}?mchid=${MCHID}`);
const close = (number = 'ORDER001'): Promise<Answer> => call('POST', `/v3/pay/transactions/out-trade-no/${number}/close`, { mchid: MCHID });
const pay = (more: Json = {}): Promise<{ status: number; body: Json }> => control('POST', '/control/pay', { out_trade_no: 'ORDER001', ...more });
const refund = (number: string, fen: number, more: Json = {}): Promise<Answer> => call('POST', '/v3/refund/domestic/refunds', { out_trade_no: 'ORDER001', out_refund_no: number, notify_url: shopUrl, amount: { refund: fen, total: 990, currency: 'CNY' }, ...more });
const letter = async (count = 1): Promise<void> => {
  while (letters.length < count) await once(shop, 'letter');
};

describe('a request', () => {
  it('is answered, signed with the key that it names', async () => {
    const placed = await place();
    expect([placed.status, Object.keys(placed.body), isSigned(placed.headers, placed.text), placed.headers.get('wechatpay-serial')]).toEqual([200, ['prepay_id'], true, wechat.wechatpay_public_key_id]);
    const missing = await query('NOBODY01');
    expect([missing.status, missing.body['code'], isSigned(missing.headers, missing.text), missing.headers.get('request-id')?.split('-')[1]]).toEqual([404, 'ORDER_NOT_EXIST', true, '268512771']);
    const closed = await close();
    expect([closed.status, closed.text, isSigned(closed.headers, '')]).toEqual([204, '', true]);
  });

  it.each([
    ['another text', { text: 'x' }], ['an old time', { timestamp: 1_700_000_000 }], ['another serial', { serial: 'AAAA' }], ['another merchant', { mchid: '1' }],
  ])('signed with %s is refused, unsigned, with what would have been right', async (_, changed) => {
    const answer = await call('GET', `/v3/pay/transactions/out-trade-no/ORDER001?mchid=${MCHID}`, undefined, changed);
    expect([answer.status, answer.body['code'], answer.headers.get('wechatpay-signature')]).toEqual([401, 'SIGN_ERROR', null]);
  });

  it('without any signature is refused', async () => {
    expect((await fetch(`${simulator.url}/v3/certificates`)).status).toBe(401);
  });

  it('gets the older certificate in the modes that have it', async () => {
    await register({ mode: 'certificate' });
    const answer = await place();
    expect([answer.headers.get('wechatpay-serial'), isSigned(answer.headers, answer.text, wechat.platform_certificate_key)]).toEqual([wechat.platform_certificate_serial, true]);
    const { data } = (await call('GET', '/v3/certificates')).body as { data: { serial_no: string; encrypt_certificate: Json }[] };
    const certificate = new X509Certificate(unsealed(data[0]?.encrypt_certificate as never).toString());
    expect([data[0]?.serial_no, certificate.serialNumber, certificate.verify(certificate.publicKey), certificate.publicKey.export({ type: 'spki', format: 'pem' })]).toEqual([wechat.platform_certificate_serial, wechat.platform_certificate_serial, true, wechat.platform_certificate_key]);
    await register({ mode: 'mixed' });
    expect((await place('ORDER002', {})).headers.get('wechatpay-serial')).toBe(wechat.wechatpay_public_key_id);
    expect((await call('POST', '/v3/pay/transactions/jsapi', orderOf('ORDER003'), { named: '' })).headers.get('wechatpay-serial')).toBe(wechat.platform_certificate_serial);
    await register({ mode: 'public_key' });
    expect((await call('GET', '/v3/certificates')).status).toBe(404);
  });
});

describe('an order', () => {
  it.each([
    [{ amount: { total: 0 } }, 'PARAM_ERROR'], [{ amount: { total: 1.5 } }, 'PARAM_ERROR'], [{ amount: { total: '1' } }, 'PARAM_ERROR'], [{ amount: { total: 1, currency: 'USD' } }, 'PARAM_ERROR'],
    [{ nonsense: 1 }, 'PARAM_ERROR'], [{ description: '' }, 'PARAM_ERROR'], [{ out_trade_no: 'a' }, 'PARAM_ERROR'], [{ out_trade_no: '中文中文中文' }, 'PARAM_ERROR'], [{ notify_url: 'https://x.example/a?b=c' }, 'PARAM_ERROR'],
    [{ payer: undefined }, 'PARAM_ERROR'], [{ appid: 'wxother' }, 'APPID_MCHID_NOT_MATCH'], [{ mchid: '1' }, 'INVALID_REQUEST'], [{ time_expire: 'soon' }, 'PARAM_ERROR'],
  ])('with %j is refused as %s', async (more, code) => {
    const answer = await place('ORDER001', more);
    expect([answer.status, answer.body['code']]).toEqual([400, code]);
  });

  it('placed again is the same, unless anything differs', async () => {
    const first = await place();
    expect((await place()).body).toEqual(first.body);
    expect((await place('ORDER001', { amount: { total: 991, currency: 'CNY' } })).body['code']).toBe('INVALID_REQUEST');
    await control('PUT', '/control/clock', { advance_ms: 2 * 3_600_000 + 1 });
    const later = await place();
    expect([later.status, later.body['prepay_id'] === first.body['prepay_id']]).toEqual([200, false]);
  });

  it('is not paid, paid, and then neither placed nor closed again', async () => {
    await place();
    expect((await query()).body).toMatchObject({ trade_state: 'NOTPAY', out_trade_no: 'ORDER001' });
    expect((await pay({ openid: 'oB' })).status).toBe(409);
    expect((await pay({ outcome: 'fail' })).body).toEqual({ trade_state: 'NOTPAY' });
    const paid = await pay({ payer_total: 490 });
    expect((await query()).body).toMatchObject({ trade_state: 'SUCCESS', transaction_id: paid.body['transaction_id'], amount: { total: 990, payer_total: 490 }, payer: { openid: 'oA' } });
    expect((await call('GET', `/v3/pay/transactions/id/${String(paid.body['transaction_id'])}?mchid=${MCHID}`)).body).toMatchObject({ out_trade_no: 'ORDER001' });
    expect([(await place()).body['code'], (await close()).body['code'], (await pay()).status]).toEqual(['ORDER_PAID', 'ORDER_PAID', 409]);
    expect((await pay({ force: true })).body['transaction_id']).not.toBe(paid.body['transaction_id']);
  });

  it('is closed once and for all, and by itself after seven days', async () => {
    await place();
    expect([(await close()).status, (await close()).status, (await query()).body['trade_state'], (await place()).body['code'], (await pay()).status]).toEqual([204, 204, 'CLOSED', 'ORDER_CLOSED', 409]);
    await place('ORDER002');
    await control('PUT', '/control/clock', { advance_ms: 7 * 86_400_000 + 1 });
    expect((await query('ORDER002')).body['trade_state']).toBe('CLOSED');
    expect((await close('NOBODY01')).status).toBe(404);
  });

  it.each([['native', 'code_url', {}], ['h5', 'h5_url', { scene_info: { payer_client_ip: '203.0.113.9', h5_info: { type: 'Wap' } } }]])('by %s gives a place where a person can pay', async (channel, field, more) => {
    const body = orderOf('ORDER001', { ...more, description: '<b>"十万点"</b>', payer: undefined });
    const placed = await call('POST', `/v3/pay/transactions/${channel}`, body);
    const place = String(placed.body[field]);
    const page = await fetch(place.startsWith('http') ? place : `${simulator.url}/pay?code_url=${encodeURIComponent(place)}`);
    const html = await page.text();
    expect([page.status, html.includes('不会扣真钱'), html.includes('&lt;b&gt;&quot;十万点'), html.includes('<b>"')]).toEqual([200, true, true, false]);
    expect(await (await fetch(simulator.url)).text()).toContain('/pay/ORDER001');
  });
});

describe('a letter', () => {
  it('tells of a payment, signed and sealed', async () => {
    await place();
    await pay();
    await letter();
    const [got] = letters;
    expect(isSigned(new Headers(got?.headers as Record<string, string>), got?.body ?? '')).toBe(true);
    expect(opened(got?.body ?? '')).toMatchObject({ mchid: MCHID, appid: APPID, out_trade_no: 'ORDER001', trade_state: 'SUCCESS', amount: { total: 990 } });
  });

  it('comes again until it is taken, by the real table', async () => {
    expect(RETRY_MS.reduce((sum, each) => sum + each, 0)).toBe((24 * 3_600 + 4 * 60) * 1_000);
    await control('PUT', '/control/clock', { time_scale: 1_000 });
    shopStatus = 500;
    await place();
    await pay();
    await letter(3);
    shopStatus = 204;
    await letter(4);
    expect(new Set(letters.map((each) => opened(each.body)['transaction_id'])).size).toBe(1);
    const { body } = await control('GET', '/control/counters');
    expect(body['notifications']).toMatchObject({ refused: 3 });
  });

  it('comes twice, or not at all, as scripted', async () => {
    await control('PUT', '/control/script', { notifications: 'duplicate' });
    await place();
    await pay();
    await letter(2);
    await control('PUT', '/control/script', { notifications: 'off' });
    await place('ORDER002');
    await control('POST', '/control/pay', { out_trade_no: 'ORDER002' });
    expect((await control('POST', '/control/notify', { out_trade_no: 'ORDER002' })).body).toMatchObject({ answers: [{ status: 204 }] });
    expect(letters).toHaveLength(3);
  });

  it.each(['probe', 'unknown_serial', 'no_signature', 'tampered_body'])('can be bad: %s', async (variant) => {
    await place();
    await pay({ notify: false });
    await control('POST', '/control/notify', { out_trade_no: 'ORDER001', variant });
    const [got] = letters;
    const headers = new Headers(got?.headers as Record<string, string>);
    expect(headers.get('wechatpay-serial') === wechat.wechatpay_public_key_id && isSigned(headers, got?.body ?? '')).toBe(false);
  });
});

describe('a refund', () => {
  beforeEach(async () => {
    await place();
    await pay({ notify: false });
  });

  it('is taken, succeeds, and is told; the same number is the same refund', async () => {
    const first = await refund('R1', 90);
    expect(first.body).toMatchObject({ status: 'PROCESSING', out_refund_no: 'R1', amount: { refund: 90, total: 990 } });
    await letter();
    expect(opened(letters[0]?.body ?? '')).toMatchObject({ refund_status: 'SUCCESS', mchid: MCHID, out_refund_no: 'R1' });
    expect((await refund('R1', 90)).body['refund_id']).toBe(first.body['refund_id']);
    expect((await refund('R1', 91)).body['code']).toBe('INVALID_REQUEST');
    expect((await query()).body['trade_state']).toBe('REFUND');
    expect((await call('GET', '/v3/refund/domestic/refunds/R1')).body['status']).toBe('SUCCESS');
  });

  it('never gives more than was paid', async () => {
    await refund('R1', 900);
    expect((await refund('R2', 91)).body['code']).toBe('INVALID_REQUEST');
    expect((await refund('R2', 90)).status).toBe(200);
  });

  it.each([
    [{ out_trade_no: 'NOBODY01' }, 404, 'RESOURCE_NOT_EXISTS'], [{ amount: { refund: 1, total: 1, currency: 'CNY' } }, 400, 'INVALID_REQUEST'],
    [{ amount: { refund: 0, total: 990, currency: 'CNY' } }, 400, 'PARAM_ERROR'], [{ amount: { refund: 1, total: 990 } }, 400, 'PARAM_ERROR'], [{ nonsense: 1 }, 400, 'PARAM_ERROR'], [{ transaction_id: 'x' }, 400, 'PARAM_ERROR'],
  ])('with %j is refused', async (more, status, code) => {
    const answer = await refund('R1', 1, more);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('ends as planned', async () => {
    await control('PUT', '/control/refunds', { default: 'not_enough' });
    expect((await refund('R1', 1)).body['code']).toBe('NOT_ENOUGH');
    expect((await call('GET', '/v3/refund/domestic/refunds/R1')).status).toBe(404);
    await control('PUT', '/control/refunds', { default: 'abnormal', delay_ms: 0 });
    await refund('R2', 1);
    await letter();
    expect(opened(letters[0]?.body ?? '')['refund_status']).toBe('ABNORMAL');
    expect((await control('POST', '/control/refunds/R2', { state: 'success' })).body).toEqual({ status: 'SUCCESS' });
  });
});

describe('a bill', () => {
  const day = new Date(Date.now() + 8 * 3_600_000 - 3 * 86_400_000).toISOString().slice(0, 10);
  const ask = (date = day): Promise<Answer> => call('GET', `/v3/bill/tradebill?bill_date=${date}&bill_type=ALL&tar_type=GZIP`);

  it('lists the payments of its day, packed, with the digest of the unpacked file', async () => {
    await place('ORDER001', { description: '逗号,与`引号' });
    await pay({ success_time: `${day}T12:00:00+08:00` });
    const told = (await ask()).body as Record<'hash_value' | 'download_url', string>;
    const file = new URL(told.download_url);
    const response = await fetch(file, { headers: { authorization: authorization('GET', `${file.pathname}${file.search}`, '') } });
    const csv = gunzipSync(Buffer.from(await response.arrayBuffer()));
    expect([response.headers.get('wechatpay-signature'), createHash('sha1').update(csv).digest('hex')]).toEqual([null, told.hash_value]);
    const lines = csv.toString().split('\r\n');
    expect([lines.length, lines[1]?.split(',`')[5], lines[1]?.split(',`')[6], lines[3]]).toEqual([5, expect.stringMatching(/^42/u), 'ORDER001', '`1,`9.90,`0.00,`0.00,`0.05000,`9.90,`0.00']);
  });

  it('is not there without trades, before its time, or too late', async () => {
    expect((await ask()).body['code']).toBe('NO_STATEMENT_EXIST');
    expect((await ask(new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10))).body['code']).toBe('STATEMENT_CREATING');
    expect((await ask('2020-01-01')).body['code']).toBe('INVALID_REQUEST');
    expect((await ask('yesterday')).body['code']).toBe('PARAM_ERROR');
  });
});

describe('faults', () => {
  it('can strike after the work was done', async () => {
    await control('PUT', '/control/script', { next: [{ path: '/v3/pay', status: 500, after: true }, { path: '/v3/pay', reset: true, after: true }, { unsigned: true }, { bad_signature: true }, { status: 429 }] });
    expect((await place()).body['code']).toBe('SYSTEM_ERROR');
    await expect(place('ORDER002')).rejects.toThrow();
    expect((await query('ORDER002')).headers.get('wechatpay-signature')).toBeNull();
    expect((await query('ORDER001')).headers.get('wechatpay-signature')).toMatch(/^WECHATPAY\/SIGNTEST\//u);
    expect((await query()).body['code']).toBe('FREQUENCY_LIMITED');
    expect((await query()).status).toBe(200);
  });

  it('that can not be meant are refused', async () => {
    for (const script of [{ next: [{ nonsense: 1 }] }, { next: 'x' }, { next: [{ status: 'x' }] }, { notifications: 'maybe' }]) expect((await control('PUT', '/control/script', script)).status).toBe(400);
  });
});

describe('the journal', () => {
  it('brings keys, orders and refunds back after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wechatpay-'));
    const stateFile = join(folder, 'state.jsonl');
    try {
      await simulator.close();
      simulator = await startWechatPaySimulator({ stateFile });
      await register();
      const before = wechat;
      await place();
      await pay({ notify: false });
      await refund('R1', 5);
      const record = (await control('GET', '/control/record')).body;
      await simulator.close();
      simulator = await startWechatPaySimulator({ stateFile });
      expect((await control('GET', '/control/record')).body['orders']).toEqual(record['orders']);
      expect((await refund('R1', 5)).body).toMatchObject({ out_refund_no: 'R1' });
      await register();
      expect(wechat).toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
