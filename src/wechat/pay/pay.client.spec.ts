import { createHash, createPublicKey, createSign, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VECTORS, VECTOR_MERCHANT as merchant } from '../../../test/kit/wechat-vectors.js';
import { WechatPay } from './pay.client.js';
import { WechatPayError } from './pay-error.js';
import { clientParameters } from './prepay.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Reply = (response: ServerResponse, request: Seen) => void;

let server: Server;
let url: string;
let seen: Seen[];
/** One for each request; the last one stays. */
let replies: Reply[];

beforeEach(async () => {
  seen = [];
  replies = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const each = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      seen.push(each);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response, each);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const pay = (hosts = [url]): WechatPay => new WechatPay(merchant, hosts);

function headersFor(body: string, changed: Record<string, string> = {}): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const nonce = randomBytes(8).toString('hex');
  const signature = createSign('sha256').update(`${timestamp}\n${nonce}\n${body}\n`).sign(VECTORS.keys.wechatpay_private_key_pkcs8, 'base64');
  return { 'Wechatpay-Timestamp': timestamp, 'Wechatpay-Nonce': nonce, 'Wechatpay-Signature': signature, 'Wechatpay-Serial': merchant.preferredSerial, ...changed };
}

const answer = (status: number, json: object | undefined, changed: Record<string, string> = {}): Reply => (response) => {
  const body = json === undefined ? '' : JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json', ...headersFor(body, changed) }).end(body);
};
const unsigned = (status: number, json: object): Reply => (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
const reset: Reply = (response) => void response.socket?.destroy();

const order = { channel: 'jsapi', outTradeNo: 'CHAT20261120000001', description: 'AI会员月卡', total: 1990n, notifyUrl: 'https://pay.example.com/hook', expiresAt: new Date('2026-11-20T04:30:00Z'), openid: 'oTEST' } as const;
const trade = { appid: merchant.appId, mchid: merchant.merchantId, out_trade_no: 'N1', trade_state: 'NOTPAY' };

async function failure(work: Promise<unknown>): Promise<[string, string]> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof WechatPayError)) throw new Error('no WechatPayError', { cause: error });
  return [error.kind, error.code];
}

/** Rebuilds the signed text from what arrived, as WeChat does (reference: 3.1). */
function isSigned(request: Seen): boolean {
  const fields = Object.fromEntries([...(request.headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2] ?? '']));
  const text = `${request.method}\n${request.url}\n${fields['timestamp']}\n${fields['nonce_str']}\n${request.body}\n`;
  return fields['mchid'] === merchant.merchantId && fields['serial_no'] === merchant.merchantSerial && (fields['nonce_str']?.length ?? 0) === 32
    && verify('sha256', Buffer.from(text), createPublicKey(VECTORS.keys.merchant_public_key_spki), Buffer.from(fields['signature'] ?? '', 'base64'));
}

describe('requests', () => {
  it.each([
    ['jsapi', { prepay_id: 'wx1' }, { payer: { openid: 'oTEST' } }],
    ['native', { code_url: 'weixin://x' }, {}],
    ['h5', { h5_url: 'https://wx.tenpay.com/x' }, { scene_info: { payer_client_ip: '203.0.113.9', h5_info: { type: 'Wap' } } }],
  ] as const)('place an order by %s, signed over the bytes that were sent', async (channel, json, more) => {
    replies = [answer(200, json)];
    const made = await pay().prepay({ ...order, channel, clientIp: '203.0.113.9' });
    expect(made.channel).toBe(channel);
    const request = seen[0]!;
    expect([request.method, request.url, isSigned(request), request.headers['wechatpay-serial']]).toEqual(['POST', `/v3/pay/transactions/${channel}`, true, merchant.preferredSerial]);
    expect(JSON.parse(request.body)).toEqual({
      appid: merchant.appId, mchid: merchant.merchantId, description: 'AI会员月卡', out_trade_no: 'CHAT20261120000001', notify_url: 'https://pay.example.com/hook',
      time_expire: '2026-11-20T12:30:00+08:00', amount: { total: 1990, currency: 'CNY' }, ...more,
    });
  });

  it('sign what the client pays with, as in the vectors', () => {
    const { timeStamp = '', nonceStr = '', ...params } = VECTORS.client_jsapi.params;
    expect(clientParameters(merchant, 'wx201200001234567a89bcdef01234560000', new Date(parseInt(timeStamp, 10) * 1000), nonceStr)).toEqual({ channel: 'jsapi', appId: merchant.appId, timeStamp, nonceStr, ...params });
  });

  it('are signed anew when they are sent again, to the standby host', async () => {
    const other = createServer((_, response) => void response.socket?.destroy()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    replies = [answer(200, trade)];
    expect((await pay([`http://127.0.0.1:${(other.address() as AddressInfo).port}`, url]).query('N1'))?.state).toBe('NOTPAY');
    expect([seen.length, isSigned(seen[0]!), seen[0]!.url]).toEqual([1, true, `/v3/pay/transactions/out-trade-no/N1?mchid=${merchant.merchantId}`]);
    other.close();
  });
});

describe('answers', () => {
  it.each([
    ['without a signature', unsigned(200, trade)],
    ['of an unknown serial', answer(200, trade, { 'Wechatpay-Serial': 'PUB_KEY_ID_9' })],
    ['with a probe', answer(200, trade, { 'Wechatpay-Signature': 'WECHATPAY/SIGNTEST/abc' })],
    ['of long ago', answer(200, trade, { 'Wechatpay-Timestamp': '1700000000' })],
    ['that was changed', (response: ServerResponse) => void response.writeHead(200, headersFor(JSON.stringify(trade))).end(JSON.stringify({ ...trade, trade_state: 'SUCCESS' }))],
  ])('%s are not believed', async (_, reply) => {
    replies = [reply];
    expect(await failure(pay().query('N1'))).toEqual(['unknown', 'RESPONSE_NOT_VERIFIED']);
    expect(seen).toHaveLength(2);
  });

  it('are believed on the second try after a probe', async () => {
    replies = [answer(200, trade, { 'Wechatpay-Signature': 'WECHATPAY/SIGNTEST/abc' }), answer(200, trade)];
    expect((await pay().query('N1'))?.outTradeNo).toBe('N1');
  });

  it.each([
    [404, 'ORDER_NOT_EXIST', true, 'absent'],
    [404, 'ORDERNOTEXIST', true, 'absent'],
    [404, 'ORDER_NOT_EXIST', false, 'unknown RESPONSE_NOT_VERIFIED'],
    [400, 'PARAM_ERROR', true, 'refused PARAM_ERROR'],
    [401, 'SIGN_ERROR', false, 'misconfigured SIGN_ERROR'],
    [400, 'APPID_MCHID_NOT_MATCH', true, 'misconfigured APPID_MCHID_NOT_MATCH'],
    [403, 'NOAUTH', true, 'misconfigured NO_AUTH'],
    [429, 'FREQUENCY_LIMITED', true, 'unknown FREQUENCY_LIMITED'],
    [500, 'SYSTEMERROR', true, 'unknown SYSTEM_ERROR'],
    [403, '<script>', true, 'refused NO_CODE'],
  ])('%s %s (signed: %s) mean: %s', async (status, code, signed, meaning) => {
    replies = [signed ? answer(status, { code, message: 'x' }) : unsigned(status, { code, message: 'x' })];
    const found = await pay().query('N1').then((value) => (value === undefined ? 'absent' : 'found'), (error: WechatPayError) => `${error.kind} ${error.code}`);
    expect(found).toBe(meaning);
  });

  it.each([
    [answer(204, undefined), 'closed'],
    [answer(202, { code: 'USERPAYING', message: 'x' }), 'paying'],
    [answer(400, { code: 'ORDER_CLOSED', message: 'x' }), 'closed'],
    [answer(400, { code: 'ORDER_PAID', message: 'x' }), 'paid'],
    [answer(400, { code: 'INVALID_REQUEST', message: '订单已支付' }), 'paid'],
    [answer(404, { code: 'ORDER_NOT_EXIST', message: 'x' }), 'unknown_order'],
    [answer(429, { code: 'FREQUENCY_LIMITED', message: 'x' }), 'paying'],
  ] as const)('to a closing are told apart', async (reply, meaning) => {
    replies = [reply];
    expect(await pay().close('N1')).toBe(meaning);
    expect(JSON.parse(seen[0]!.body)).toEqual({ mchid: merchant.merchantId });
  });

  it('that are lost leave it open what happened, after a second try', async () => {
    replies = [reset];
    expect((await failure(pay().refund({ outTradeNo: 'N1', outRefundNo: 'R1', refund: 1n, total: 2n, notifyUrl: 'https://pay.example.com/hook' })))[0]).toBe('unknown');
    expect(seen.map((request) => request.body)).toEqual([seen[0]!.body, seen[0]!.body]);
  });

  it.each([['"1990"'], ['19.9'], ['-1'], ['9007199254740993']])('with the amount %s are malformed', async (total) => {
    const body = `{"appid":"a","mchid":"m","out_trade_no":"N1","trade_state":"SUCCESS","amount":{"total":${total}}}`;
    replies = [(response) => void response.writeHead(200, headersFor(body)).end(body)];
    expect(await failure(pay().query('N1'))).toEqual(['unknown', 'MALFORMED']);
  });

  it('never bring a secret into an error', async () => {
    replies = [unsigned(401, { code: 'SIGN_ERROR', message: merchant.apiV3Key })];
    const error = await pay().query('N1').catch((reason: unknown) => reason);
    const text = JSON.stringify([String(error), error, (error as Error).stack]);
    for (const secret of [merchant.apiV3Key, merchant.privateKeyPem.slice(40, 80), seen[0]!.headers.authorization!]) expect(text).not.toContain(secret);
  });

  it('end with the reason of whoever stopped waiting', async () => {
    replies = [() => undefined];
    const stop = new AbortController();
    const waiting = pay().query('N1', stop.signal);
    stop.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

describe('bills', () => {
  const csv = Buffer.from(VECTORS.trade_bill.csv_utf8);
  const place = (download: string, hash = createHash('sha1').update(csv).digest('hex')): Reply => answer(200, { hash_type: 'SHA1', hash_value: hash, download_url: download });
  const file: Reply = (response) => void response.writeHead(200).end(gzipSync(csv));
  const day = '2026-11-20';

  it('are found, downloaded from our host, and compared with their digest', async () => {
    replies = [place('https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Bb&tartype=gzip'), file];
    expect((await pay().tradeBill(day))?.rows).toHaveLength(1);
    expect(seen.map((request) => [request.url, isSigned(request)])).toEqual([['/v3/bill/tradebill?bill_date=2026-11-20&bill_type=ALL&tar_type=GZIP', true], ['/v3/billdownload/file?token=a%2Bb&tartype=gzip', true]]);
  });

  it('of another digest are not read', async () => {
    replies = [place('https://api.mch.weixin.qq.com/v3/billdownload/file?token=a', '0'.repeat(40)), file];
    expect(await failure(pay().tradeBill(day))).toEqual(['unknown', 'BILL_DIGEST_DIFFERS']);
  });

  it('are never fetched from a foreign host', async () => {
    replies = [place('http://169.254.169.254/latest/meta-data')];
    expect(await failure(pay().tradeBill(day))).toEqual(['unknown', 'FOREIGN_HOST']);
  });

  it('are absent on a day without trades', async () => {
    replies = [answer(400, { code: 'NO_STATEMENT_EXIST', message: 'x' })];
    expect(await pay().tradeBill(day)).toBeUndefined();
    replies = [answer(400, { code: 'STATEMENT_CREATING', message: 'x' })];
    expect(await failure(pay().tradeBill(day))).toEqual(['refused', 'STATEMENT_CREATING']);
  });
});
