import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPID, MCHID, OPENID, TestMerchant, openInbox, openLetter } from './merchant.fixture.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { Inbox } from './merchant.fixture.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

const JSAPI = '/v3/pay/transactions/jsapi';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let simulator: WechatPaySimulator;
let merchant: TestMerchant;
let inbox: Inbox;

beforeAll(async () => {
  simulator = await startWechatPaySimulator({ timeScale: 1000, answerLimitMs: 300 });
  merchant = new TestMerchant(simulator.url);
  inbox = await openInbox();
  await merchant.register();
});
afterAll(async () => {
  await simulator.close();
  await inbox.close();
});

/** The number that ends the Request-ID. */
function numberOf({ headers }: { headers: Headers }): number {
  return Number(headers.get('request-id')?.split('-').at(-1));
}

describe('a signed request', () => {
  it('is answered signed, says that this is a simulator, and has a Request-ID that ends with 0', async () => {
    const reply = await merchant.call('POST', JSAPI, { body: merchant.order() });
    expect(reply.status).toBe(200);
    expect(reply.json.prepay_id).toMatch(/^wx[0-9a-f]{34}$/u);
    expect(reply.isSigned).toBe(true);
    expect(reply.headers.get('wechatpay-serial')).toBe(merchant.known.wechatpay_public_key_id);
    expect(reply.headers.get('x-simulator')).toBe('bailiao-wechatpay-simulator');
    expect(reply.headers.get('request-id')).toMatch(/^[0-9A-F]{42}-0$/u);
  });

  it('that is wrong in itself is refused with a signature, as is one to nowhere', async () => {
    for (const [method, target, raw, status] of [['POST', JSAPI, '{', 400], ['POST', JSAPI, '[]', 400], ['GET', '/v3/nothing', '', 404], ['GET', JSAPI, '', 405]] as const) {
      const reply = await merchant.call(method, target, { raw });
      expect([reply.status, reply.isSigned]).toEqual([status, true]);
    }
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['a missing field', { nonce_str: undefined }, 'authorization'],
    ['an unknown merchant', { mchid: '1999999999' }, 'mchid'],
    ['an unknown serial', { serial_no: '00'.repeat(20) }, 'serial_no'],
    ['an old timestamp', { timestamp: String(Math.floor(Date.now() / 1000) - 330) }, 'timestamp'],
    ['a timestamp to come', { timestamp: String(Math.floor(Date.now() / 1000) + 330) }, 'timestamp'],
    ['a timestamp that is none', { timestamp: 'now' }, 'timestamp'],
    ['a nonce that is none', { nonce_str: 'x'.repeat(33) }, 'nonce_str'],
    ['another signature', { signature: Buffer.alloc(256).toString('base64') }, 'signature'],
    ['no signature at all', { signature: '!' }, 'signature'],
  ])('is refused with 401, unsigned: %s', async (_, named, field) => {
    const reply = await merchant.call('POST', JSAPI, { body: merchant.order(), named });
    expect(reply.status).toBe(401);
    expect(reply.json.code).toBe('SIGN_ERROR');
    expect(reply.json.detail.field).toBe(field);
    expect(reply.isSigned).toBeUndefined();
    expect(numberOf(reply)).toBe(268443699);
  });

  it('is shown the string that was verified when the signature is wrong', async () => {
    const raw = JSON.stringify(merchant.order());
    const reply = await merchant.call('POST', JSAPI, { raw, named: { signature: 'AAAA', timestamp: String(Math.floor(Date.now() / 1000)), nonce_str: 'N1' } });
    const { sign_information: shown } = reply.json.detail;
    expect(shown.method).toBe('POST');
    expect(shown.url).toBe(JSAPI);
    expect(shown.truncated_sign_message).toMatch(/^POST\n\/v3\/pay\/transactions\/jsapi\n\d{10}\nN1\n\{"appid\n$/u);
    expect(shown.sign_message_length).toBe(Buffer.byteLength(`POST\n${JSAPI}\n1234567890\nN1\n${raw}\n`));
  });

  it('without Authorization, Accept, User-Agent or JSON type is refused', async () => {
    expect((await merchant.call('POST', JSAPI, { body: merchant.order(), authorization: '' })).status).toBe(401);
    expect((await merchant.call('POST', JSAPI, { body: merchant.order(), headers: { accept: 'text/html' } })).status).toBe(406);
    expect((await merchant.call('POST', JSAPI, { body: merchant.order(), headers: { accept: '' } })).status).toBe(400);
    expect((await merchant.call('POST', JSAPI, { body: merchant.order(), headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });

  it('is answered with the key that it names: certificate, public key, and both during the switch', async () => {
    const certificate = new TestMerchant(simulator.url, '1900000201');
    await certificate.register({ mode: 'certificate' });
    const { platform_certificate_serial: serial, wechatpay_public_key_id: id } = certificate.known;
    const signerOf = async (who: TestMerchant, asked?: string): Promise<unknown[]> => {
      const reply = await who.call('GET', `/v3/pay/transactions/out-trade-no/NOTHING?mchid=${who.id}`, asked === undefined ? {} : { headers: { 'wechatpay-serial': asked } });
      return [reply.json.code, reply.headers.get('wechatpay-serial'), reply.isSigned];
    };
    expect(await signerOf(certificate, id)).toEqual(['ORDER_NOT_EXIST', serial, true]);
    await certificate.register({ mode: 'mixed' });
    expect(await signerOf(certificate)).toEqual(['ORDER_NOT_EXIST', serial, true]);
    expect(await signerOf(certificate, id)).toEqual(['ORDER_NOT_EXIST', id, true]);
    expect(await signerOf(certificate, 'PUB_KEY_ID_0')).toEqual(['PARAM_ERROR', serial, true]);
    expect(await signerOf(merchant, serial)).toEqual(['PARAM_ERROR', merchant.known.wechatpay_public_key_id, true]);
  });
});

describe('placing an order', () => {
  it.each<[string, Record<string, unknown>, string, number]>([
    ['no AppID', { appid: undefined }, 'PARAM_ERROR', 268435461],
    ['a field that is not known', { foo: 1 }, 'PARAM_ERROR', 270924358],
    ['a field that is not known, inside', { amount: { total: 1, fee: 1 } }, 'PARAM_ERROR', 270924358],
    ['null', { attach: null }, 'PARAM_ERROR', 268435461],
    ['an amount of 0', { amount: { total: 0 } }, 'PARAM_ERROR', 268435464],
    ['an amount that is no integer', { amount: { total: 1.5 } }, 'PARAM_ERROR', 268435461],
    ['an amount in words', { amount: { total: '1990' } }, 'PARAM_ERROR', 268435461],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, 'PARAM_ERROR', 268435461],
    ['no payer', { payer: undefined }, 'PARAM_ERROR', 268501013],
    ['no openid', { payer: {} }, 'PARAM_ERROR', 268501013],
    ['a short number', { out_trade_no: '12345' }, 'PARAM_ERROR', 268435464],
    ['a number with a space', { out_trade_no: '123 456' }, 'PARAM_ERROR', 268435461],
    ['a long description', { description: '卡'.repeat(128) }, 'PARAM_ERROR', 268435464],
    ['a URL with a query', { notify_url: 'https://a.example/n?x=1' }, 'PARAM_ERROR', 268435461],
    ['a URL that is none', { notify_url: '/n' }, 'PARAM_ERROR', 268435461],
    ['a time that is none', { time_expire: 'tomorrow' }, 'PARAM_ERROR', 268435461],
    ['a flag that is none', { support_fapiao: 'yes' }, 'PARAM_ERROR', 268435461],
    ['a list that is none', { limit_pay: 'no_credit' }, 'PARAM_ERROR', 268435461],
    ['a long list', { limit_pay: Array.from({ length: 5 }, () => 'no_credit') }, 'PARAM_ERROR', 268435464],
    ['a part that is no object', { detail: 1 }, 'PARAM_ERROR', 268435461],
    ['an address that is none', { scene_info: { payer_client_ip: 'home' } }, 'PARAM_ERROR', 268435461],
    ['another merchant', { mchid: '1900000110' }, 'INVALID_REQUEST', 268447843],
    ['an AppID of somebody else', { appid: 'wxffffffffffffffff' }, 'APPID_MCHID_NOT_MATCH', 268445527],
  ])('refuses %s', async (_, change, code, number) => {
    const reply = await merchant.call('POST', JSAPI, { body: merchant.order(change) });
    expect([reply.status, reply.json.code, numberOf(reply), reply.isSigned]).toEqual([400, code, number, true]);
    if (code === 'PARAM_ERROR') expect(Object.keys(reply.json.detail)).toEqual(['field', 'value', 'issue', 'location']);
  });

  it('answers the same prepay id to the same parameters in any order, another after two hours, and refuses others', async () => {
    const body = merchant.order();
    const first = await merchant.call('POST', JSAPI, { body });
    const again = await merchant.call('POST', JSAPI, { body: Object.fromEntries(Object.entries(body).reverse()) });
    expect(again.json.prepay_id).toBe(first.json.prepay_id);
    const other = await merchant.call('POST', JSAPI, { body: { ...body, amount: { total: 1, currency: 'CNY' } } });
    expect([other.status, other.json.code, numberOf(other)]).toEqual([400, 'INVALID_REQUEST', 268498688]);
    expect((await merchant.call('POST', '/v3/pay/transactions/native', { body: { ...body, payer: undefined } })).json.code).toBe('INVALID_REQUEST');
    await merchant.control('PUT', 'clock', { advance_ms: 2 * HOUR });
    const late = await merchant.control('POST', 'pay', { out_trade_no: body['out_trade_no'] });
    expect(late.status).toBe(409);
    const renewed = await merchant.call('POST', JSAPI, { body });
    expect(renewed.status).toBe(200);
    expect(renewed.json.prepay_id).not.toBe(first.json.prepay_id);
  });

  it('gives a code to native orders and a page to H5 orders, whose own fields are checked', async () => {
    const body = merchant.order({ payer: undefined });
    const native = await merchant.call('POST', '/v3/pay/transactions/native', { body });
    expect(native.json.code_url).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=[\w-]{8}$/u);
    expect((await merchant.call('POST', '/v3/pay/transactions/native', { body: merchant.order() })).status).toBe(400);
    const h5 = await merchant.call('POST', '/v3/pay/transactions/h5', { body: merchant.order({ payer: undefined, scene_info: { payer_client_ip: '14.23.150.211', h5_info: { type: 'Wap' } } }) });
    expect(h5.json.h5_url).toMatch(new RegExp(`^${simulator.url}/cgi-bin/mmpayweb-bin/checkmweb\\?prepay_id=wx[0-9a-f]{34}&package=\\d+$`, 'u'));
    expect((await merchant.call('POST', '/v3/pay/transactions/h5', { body })).status).toBe(400);
    const odd = merchant.order({ payer: undefined, scene_info: { payer_client_ip: '14.23.150.211', h5_info: { type: 'Fridge' } } });
    expect((await merchant.call('POST', '/v3/pay/transactions/h5', { body: odd })).json.detail.field).toBe('/scene_info/h5_info/type');
  });

  it('refuses what is paid, closed or expired', async () => {
    const body = merchant.order();
    const post = async (): Promise<unknown[]> => {
      const reply = await merchant.call('POST', JSAPI, { body });
      return [reply.status, reply.json.code, numberOf(reply)];
    };
    await post();
    await merchant.control('POST', 'pay', { out_trade_no: body['out_trade_no'], notify: false });
    expect(await post()).toEqual([403, 'OUT_TRADE_NO_USED', 268498689]);
    body['out_trade_no'] = await merchant.place();
    await merchant.close(body['out_trade_no'] as string);
    expect(await post()).toEqual([400, 'ORDER_CLOSED', 268447914]);
    Object.assign(body, { out_trade_no: `E${Date.now()}`, time_expire: '2020-01-01T00:00:00+08:00' });
    expect((await post())[0]).toBe(200);
    await merchant.control('PUT', 'clock', { advance_ms: MINUTE });
    expect(await post()).toEqual([400, 'ORDER_CLOSED', 268447914]);
    expect((await merchant.control('POST', 'pay', { out_trade_no: body['out_trade_no'] })).status).toBe(409);
    expect((await merchant.query(body['out_trade_no'] as string)).json.trade_state).toBe('NOTPAY');
  });

  it('closes after seven days, and not before', async () => {
    const no = await merchant.place();
    await merchant.control('PUT', 'clock', { advance_ms: 7 * DAY - MINUTE });
    expect((await merchant.query(no)).json.trade_state).toBe('NOTPAY');
    await merchant.control('PUT', 'clock', { advance_ms: MINUTE });
    expect((await merchant.query(no)).json.trade_state).toBe('CLOSED');
  });

  it('keeps so many orders and no more', async () => {
    const small = await startWechatPaySimulator({ mostOrders: 1 });
    const guest = new TestMerchant(small.url);
    await guest.register();
    await guest.place();
    expect((await guest.call('POST', JSAPI, { body: guest.order() })).status).toBe(507);
    await small.close();
  });
});

describe('querying and closing', () => {
  it('tells an unpaid order without a transaction, a paid one with everything, by either number', async () => {
    const no = await merchant.place();
    expect((await merchant.query(no)).json).toEqual({
      mchid: MCHID, appid: APPID, out_trade_no: no, trade_type: 'JSAPI', trade_state: 'NOTPAY', trade_state_desc: '订单未支付', amount: { total: 1990, currency: 'CNY' },
    });
    const paid = await merchant.control('POST', 'pay', { out_trade_no: no, coupon: 90, notify: false });
    const byNumber = await merchant.query(no);
    expect(byNumber.isSigned).toBe(true);
    expect(byNumber.json).toMatchObject({
      transaction_id: paid.transaction_id, trade_state: 'SUCCESS', bank_type: 'OTHERS', attach: 'plan=monthly', payer: { openid: OPENID },
      amount: { total: 1990, payer_total: 1900, currency: 'CNY', payer_currency: 'CNY' }, promotion_detail: [{ amount: 90, type: 'CASH' }],
    });
    expect(byNumber.json.success_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/u);
    const byId = await merchant.call('GET', `/v3/pay/transactions/id/${paid.transaction_id}?mchid=${MCHID}`);
    expect(byId.json).toEqual(byNumber.json);
  });

  it.each([
    [`/v3/pay/transactions/out-trade-no/NOTHING?mchid=${MCHID}`, 404, 'ORDER_NOT_EXIST', 268512771],
    [`/v3/pay/transactions/id/4200000000?mchid=${MCHID}`, 404, 'ORDER_NOT_EXIST', 268512771],
    [`/v3/pay/transactions/id/abc?mchid=${MCHID}`, 500, 'INVALID_TRANSACTIONID', 268435461],
    ['/v3/pay/transactions/out-trade-no/NOTHING', 400, 'PARAM_ERROR', 268435461],
    ['/v3/pay/transactions/out-trade-no/NOTHING?mchid=1', 400, 'INVALID_REQUEST', 268447843],
  ])('refuses %s', async (target, status, code, number) => {
    const reply = await merchant.call('GET', target);
    expect([reply.status, reply.json.code, numberOf(reply), reply.isSigned]).toEqual([status, code, number, true]);
  });

  it('shows nobody the orders of another merchant', async () => {
    const other = new TestMerchant(simulator.url, '1900000202');
    await other.register();
    const { no, transaction } = await merchant.placePaid();
    expect((await other.query(no)).status).toBe(404);
    expect((await other.call('GET', `/v3/pay/transactions/id/${transaction}?mchid=${other.id}`)).status).toBe(404);
    expect((await other.close(no)).status).toBe(404);
  });

  it('closes with a signed 204, again and again, but nothing that is paid', async () => {
    const no = await merchant.place();
    for (const closed of [await merchant.close(no), await merchant.close(no)]) expect([closed.status, closed.text, closed.isSigned]).toEqual([204, '', true]);
    expect((await merchant.query(no)).json.trade_state).toBe('CLOSED');
    const refused = await merchant.close((await merchant.placePaid()).no);
    expect([refused.status, refused.json.code, numberOf(refused)]).toEqual([400, 'ORDER_PAID', 268449538]);
    expect((await merchant.call('POST', `/v3/pay/transactions/out-trade-no/${no}/close`, { body: {} })).json.code).toBe('PARAM_ERROR');
  });
});

describe('paying', () => {
  it('takes the openid that ordered and no other, and leaves the order unpaid when it fails', async () => {
    const no = await merchant.place();
    expect((await merchant.control('POST', 'pay', { out_trade_no: no, openid: 'oOther' })).status).toBe(409);
    for (const outcome of ['fail', 'cancel']) expect(await merchant.control('POST', 'pay', { out_trade_no: no, outcome })).toEqual({ status: 200, trade_state: 'NOTPAY' });
    expect((await merchant.control('POST', 'pay', { out_trade_no: no, payer_total: 1991 })).status).toBe(400);
    expect((await merchant.control('POST', 'pay', { out_trade_no: no, openid: OPENID, notify: false })).trade_state).toBe('SUCCESS');
    expect((await merchant.control('POST', 'pay', { out_trade_no: no })).status).toBe(409);
    expect((await merchant.control('POST', 'pay', { out_trade_no: 'NOTHING' })).status).toBe(404);
  });

  it('forced, pays what is closed, and pays twice with another transaction', async () => {
    const no = await merchant.place();
    await merchant.close(no);
    expect((await merchant.control('POST', 'pay', { out_trade_no: no })).status).toBe(409);
    const late = await merchant.control('POST', 'pay', { out_trade_no: no, force: true, notify: false });
    expect(late.trade_state).toBe('SUCCESS');
    const second = await merchant.control('POST', 'pay', { out_trade_no: no, force: true, notify: false });
    expect(second.transaction_id).not.toBe(late.transaction_id);
    expect((await merchant.query(no)).json.transaction_id).toBe(late.transaction_id);
    expect((await merchant.call('GET', `/v3/pay/transactions/id/${second.transaction_id}?mchid=${MCHID}`)).json.out_trade_no).toBe(no);
  });

  it('is told to the merchant in a signed and encrypted letter', async () => {
    const before = inbox.received.length;
    const no = await merchant.place({ notify_url: inbox.url });
    const paid = await merchant.control('POST', 'pay', { out_trade_no: no });
    await inbox.has(before + 1);
    const letter = inbox.received[before]!;
    expect(merchant.verify(letter.headers, letter.body)).toBe(true);
    const { envelope, resource } = openLetter(letter);
    expect(envelope).toMatchObject({ event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource', summary: '支付成功', resource: { original_type: 'transaction', associated_data: 'transaction' } });
    expect(envelope.id).toHaveLength(36);
    expect(resource).toMatchObject({ mchid: MCHID, appid: APPID, out_trade_no: no, transaction_id: paid.transaction_id, trade_state: 'SUCCESS', amount: { total: 1990 } });
    expect(Object.keys(resource)).toEqual(Object.keys(JSON.parse((await merchant.query(no)).text)));
  });
});
