import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestMerchant, openInbox, openLetter } from './merchant.fixture.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { Inbox, Reply } from './merchant.fixture.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

let simulator: WechatPaySimulator;
let merchant: TestMerchant;
let inbox: Inbox;
let count = 0;

beforeAll(async () => {
  simulator = await startWechatPaySimulator({ timeScale: 1000 });
  merchant = new TestMerchant(simulator.url);
  inbox = await openInbox();
  await merchant.register();
});
afterAll(async () => {
  await simulator.close();
  await inbox.close();
});
beforeEach(() => merchant.control('PUT', 'refunds', { default: 'processing' }));

function bodyFor(no: string, refund: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  count += 1;
  return { out_trade_no: no, out_refund_no: `R${count}`, amount: { refund, total: 1990, currency: 'CNY' }, ...more };
}

async function refundState(no: string): Promise<Reply> {
  return merchant.call('GET', `/v3/refund/domestic/refunds/${no}`);
}

describe('a refund', () => {
  it('is accepted, then done, and told to its own address; the order is one with a refund from then on', async () => {
    await merchant.control('PUT', 'refunds', { default: 'success', delay_ms: 30 });
    const before = inbox.received.length;
    const { no, transaction } = await merchant.placePaid({}, { coupon: 90 });
    const body = bodyFor(no, 990, { notify_url: inbox.url, reason: '不想要了' });
    const accepted = await merchant.refund(body);
    expect([accepted.status, accepted.isSigned]).toEqual([200, true]);
    expect(accepted.json).toMatchObject({ status: 'PROCESSING', out_refund_no: body['out_refund_no'], transaction_id: transaction, channel: 'ORIGINAL' });
    expect(accepted.json.amount).toMatchObject({ total: 1990, refund: 990, payer_total: 1900, payer_refund: 945, discount_refund: 45 });
    await inbox.has(before + 1);
    const letter = inbox.received[before]!;
    expect(merchant.verify(letter.headers, letter.body)).toBe(true);
    const { envelope, resource } = openLetter(letter);
    expect(envelope).toMatchObject({ event_type: 'REFUND.SUCCESS', summary: '退款成功', resource: { original_type: 'refund' } });
    expect(resource).toMatchObject({ refund_status: 'SUCCESS', out_trade_no: no, amount: { total: 1990, refund: 990, payer_total: 1900, payer_refund: 945 } });
    expect((await refundState(body['out_refund_no'] as string)).json).toMatchObject({ status: 'SUCCESS', success_time: resource.success_time });
    expect((await merchant.query(no)).json.trade_state).toBe('REFUND');
  });

  it('refunds once per number and answers the first result, but no other parameters', async () => {
    const { no } = await merchant.placePaid();
    const body = bodyFor(no, 1000);
    const [first, again] = [await merchant.refund(body), await merchant.refund(body)];
    expect(again.json).toEqual(first.json);
    expect((await merchant.refund({ ...body, amount: { refund: 1, total: 1990, currency: 'CNY' } })).json.code).toBe('INVALID_REQUEST');
    expect((await merchant.refund(bodyFor(no, 991))).json.code).toBe('INVALID_REQUEST');
    expect((await merchant.refund(bodyFor(no, 990))).status).toBe(200);
  });

  it('adds up in parts, coupon and all, 50 of them and no more', async () => {
    const { no, transaction } = await merchant.placePaid({}, { payer_total: 1001 });
    let payer = 0;
    for (let part = 0; part < 50; part += 1) {
      const reply = await merchant.refund(bodyFor(no, part === 0 ? 1010 : 20, { out_trade_no: undefined, transaction_id: transaction }));
      if (part < 50) expect(reply.status).toBe(200);
      payer += reply.json.amount.payer_refund as number;
    }
    expect(payer).toBe(1001);
    const { no: other } = await merchant.placePaid();
    for (let part = 0; part < 50; part += 1) await merchant.refund(bodyFor(other, 1));
    const more = await merchant.refund(bodyFor(other, 1));
    expect([more.status, more.json.message]).toEqual([400, '部分退款次数超过50次']);
  });

  it.each<[string, (no: string) => Record<string, unknown>, number, string]>([
    ['an unknown order', () => bodyFor('NOTHING', 1), 404, 'RESOURCE_NOT_EXISTS'],
    ['another total', (no) => bodyFor(no, 1, { amount: { refund: 1, total: 2000, currency: 'CNY' } }), 400, 'INVALID_REQUEST'],
    ['more than was paid', (no) => bodyFor(no, 1991), 400, 'INVALID_REQUEST'],
    ['nothing', (no) => bodyFor(no, 0), 400, 'PARAM_ERROR'],
    ['no currency', (no) => bodyFor(no, 1, { amount: { refund: 1, total: 1990 } }), 400, 'PARAM_ERROR'],
    ['two names of the order', (no) => bodyFor(no, 1, { transaction_id: '4200' }), 400, 'PARAM_ERROR'],
    ['no name of the order', (no) => bodyFor(no, 1, { out_trade_no: undefined }), 400, 'PARAM_ERROR'],
    ['a field that is not known', (no) => bodyFor(no, 1, { foo: 1 }), 400, 'PARAM_ERROR'],
    ['a URL with a query', (no) => bodyFor(no, 1, { notify_url: 'https://a.example/?a' }), 400, 'PARAM_ERROR'],
  ])('refuses %s', async (_, body, status, code) => {
    const { no } = await merchant.placePaid();
    const reply = await merchant.refund(body(no));
    expect([reply.status, reply.json.code, reply.isSigned]).toEqual([status, code, true]);
    expect((await merchant.query(no)).json.trade_state).toBe('SUCCESS');
  });

  it('refuses what is not paid, what is a year old, and what the balance does not cover', async () => {
    expect((await merchant.refund(bodyFor(await merchant.place(), 1))).status).toBe(404);
    const { no } = await merchant.placePaid();
    await merchant.control('PUT', 'refunds', { default: 'not_enough' });
    const body = bodyFor(no, 1);
    const short = await merchant.refund(body);
    expect([short.status, short.json.code]).toEqual([403, 'NOT_ENOUGH']);
    await merchant.control('PUT', 'refunds', { default: 'processing' });
    expect((await merchant.refund(body)).status).toBe(200);
    const poor = new TestMerchant(simulator.url, '1900000301');
    await poor.register({ balance_fen: 0 });
    const own = await poor.placePaid();
    expect((await poor.refund(bodyFor(own.no, 1990))).status).toBe(200);
    await poor.register({ balance_fen: 5 });
    const more = await poor.placePaid();
    await poor.register({ balance_fen: 5 });
    expect((await poor.refund(bodyFor(more.no, 6))).json.code).toBe('NOT_ENOUGH');
    expect((await merchant.call('GET', '/v3/refund/domestic/refunds/R0')).status).toBe(404);
    await merchant.control('PUT', 'clock', { advance_ms: 366 * 24 * 3_600_000 });
    expect((await merchant.refund(bodyFor(no, 1))).json.message).toBe('订单已超过可退款期限');
  });

  it('is moved by control, from processing over abnormal to its end, and is told each time', async () => {
    const { no } = await merchant.placePaid();
    const body = bodyFor(no, 1990, { notify_url: inbox.url });
    const name = body['out_refund_no'] as string;
    await merchant.refund(body);
    const before = inbox.received.length;
    expect((await merchant.control('POST', 'notify', { out_refund_no: name })).status).toBe(409);
    expect((await merchant.control('POST', `refunds/${name}`, { state: 'PROCESSING' })).status).toBe(409);
    expect((await merchant.control('POST', `refunds/${name}`, { state: 'nowhere' })).status).toBe(400);
    expect((await merchant.control('POST', 'refunds/NOTHING', { state: 'SUCCESS' })).status).toBe(404);
    await merchant.control('POST', `refunds/${name}`, { state: 'ABNORMAL' });
    await merchant.control('POST', `refunds/${name}`, { state: 'CLOSED' });
    expect((await merchant.control('POST', `refunds/${name}`, { state: 'SUCCESS' })).status).toBe(409);
    await inbox.has(before + 2);
    expect(inbox.received.slice(before).map((letter) => openLetter(letter).envelope.event_type).sort()).toEqual(['REFUND.ABNORMAL', 'REFUND.CLOSED']);
    expect((await refundState(name)).json.status).toBe('CLOSED');
    expect((await merchant.control('POST', 'notify', { out_refund_no: name, variant: 'wrong_amount' })).answers[0].status).toBe(204);
    expect(openLetter(inbox.received.at(-1)!).resource.amount.refund).toBe(1);
    expect((await merchant.control('POST', 'notify', { out_refund_no: name, variant: 'wrong_appid' })).status).toBe(400);
    // What was closed can be refunded again, by another number.
    expect((await merchant.refund(bodyFor(no, 1990))).status).toBe(200);
  });
});
