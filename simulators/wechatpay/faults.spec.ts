import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { TestMerchant, openInbox } from './merchant.fixture.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

const JSAPI = '/v3/pay/transactions/jsapi';

describe('scripted faults', () => {
  let simulator: WechatPaySimulator;
  let merchant: TestMerchant;

  beforeAll(async () => {
    simulator = await startWechatPaySimulator();
    merchant = new TestMerchant(simulator.url);
    await merchant.register();
  });
  afterAll(() => simulator.close());
  beforeEach(() => merchant.control('DELETE', 'script'));

  const script = (fault: Record<string, unknown>): Promise<unknown> => merchant.control('PUT', 'script', { next: [fault] });
  const order = (no: string): Record<string, unknown> => merchant.order({ out_trade_no: no });

  it('refuse before the work, signed, for so many calls of a path and method', async () => {
    await script({ path: JSAPI, method: 'post', code: 'FREQUENCY_LIMITED', times: 2 });
    expect((await merchant.query('FAULT1')).status).toBe(404);
    for (const status of [429, 429, 200]) {
      const reply = await merchant.call('POST', JSAPI, { body: order('FAULT1') });
      expect([reply.status, reply.isSigned]).toEqual([status, true]);
    }
    await merchant.control('PUT', 'script', { default: { status: 503 } });
    const reply = await merchant.query('FAULT1');
    expect([reply.status, reply.json.code]).toEqual([503, 'SYSTEM_ERROR']);
    expect((await merchant.control('GET', 'script')).default).toEqual({ status: 503 });
  });

  it('do the work first when told so: an error, a reset or silence after the order was made', async () => {
    await script({ path: JSAPI, status: 500, after: true });
    expect((await merchant.call('POST', JSAPI, { body: order('FAULT2') })).json.code).toBe('SYSTEM_ERROR');
    expect((await merchant.query('FAULT2')).json.trade_state).toBe('NOTPAY');
    await script({ path: JSAPI, reset: true, after: true });
    await expect(merchant.call('POST', JSAPI, { body: order('FAULT3') })).rejects.toThrow();
    expect((await merchant.query('FAULT3')).status).toBe(200);
    await script({ path: JSAPI, reset: true });
    await expect(merchant.call('POST', JSAPI, { body: order('FAULT4') })).rejects.toThrow();
    expect((await merchant.query('FAULT4')).status).toBe(404);
    await script({ path: JSAPI, hang: true, after: true });
    await expect(fetch(`${simulator.url}${JSAPI}`, { method: 'POST', signal: AbortSignal.timeout(50) })).rejects.toThrow();
    await script({ path: '/v3', delay_ms: 60 });
    const started = performance.now();
    await merchant.query('FAULT4');
    expect(performance.now() - started).toBeGreaterThanOrEqual(55);
  });

  it('leave the signature out or make it one of the probing kind', async () => {
    await script({ path: JSAPI, unsigned: true });
    expect((await merchant.call('POST', JSAPI, { body: order('FAULT5') })).isSigned).toBeUndefined();
    await script({ path: JSAPI, bad_signature: true });
    const probed = await merchant.call('POST', JSAPI, { body: order('FAULT5') });
    expect([probed.status, probed.isSigned]).toEqual([200, false]);
    expect(probed.headers.get('wechatpay-signature')).toMatch(/^WECHATPAY\/SIGNTEST\//u);
  });

  it.each([{ next: 1 }, { foo: 1 }, { next: [1] }, { next: [{ foo: 1 }] }, { next: [{ status: '500' }] }, { next: [{ status: 42 }] }, { next: [{ times: 0 }] }, { default: { delay_ms: -1 } }, { delay_ms: -1 }])('are refused when they cannot be meant: %j', async (bad) => {
    expect((await merchant.control('PUT', 'script', bad)).status).toBe(400);
  });

  it('and everything else are counted', async () => {
    await merchant.control('DELETE', 'counters');
    await merchant.place();
    await merchant.query('NOTHING');
    const route = 'GET /v3/pay/transactions/out-trade-no/{}';
    expect(await merchant.control('GET', 'counters')).toMatchObject({ calls: { [`POST ${JSAPI}`]: 1, [route]: 1 }, errors: { ORDER_NOT_EXIST: 1 }, open_retries: 0 });
    const waiting = merchant.control('GET', `counters?wait=${encodeURIComponent(route)}&atLeast=2`);
    await merchant.query('NOTHING');
    expect((await waiting).status).toBe(200);
    expect((await merchant.control('GET', 'counters?wait=sent&atLeast=1&timeoutMs=5')).status).toBe(408);
    expect((await merchant.control('GET', 'counters?wait=sent&atLeast=one')).status).toBe(400);
  });
});

describe('the control endpoints', () => {
  it('are open to pages of other origins and refuse what cannot be meant', async () => {
    const simulator = await startWechatPaySimulator();
    const guest = new TestMerchant(simulator.url);
    const preflight = await fetch(`${simulator.url}/control/pay`, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin'), preflight.headers.get('x-simulator')]).toEqual([204, '*', 'bailiao-wechatpay-simulator']);
    expect((await guest.control('GET', 'nothing')).status).toBe(404);
    const changes = [{ api_v3_key: 'short' }, { app_ids: [] }, { merchant_serial: 'x' }, { merchant_public_key: 'no key' }, { mode: 'none' }, { foo: 1 }, { balance_fen: -1 }, { merchant_id: '' }];
    for (const change of changes) {
      await guest.register(change);
      expect(guest.known.status).toBe(400);
    }
    for (const bad of [{ out_trade_no: 1 }, { out_trade_no: 'A', merchant_id: 1 }]) expect((await guest.control('POST', 'pay', bad)).status).toBe(400);
    await guest.register();
    const [twin, no] = [new TestMerchant(simulator.url, '1900000110'), 'SAME_NUMBER'];
    await twin.register();
    await guest.place({ out_trade_no: no });
    await twin.place({ out_trade_no: no });
    expect((await guest.control('POST', 'pay', { out_trade_no: no })).status).toBe(409);
    for (const bad of [{ outcome: 'maybe' }, { openid: 1 }, { force: 1 }, { coupon: -1 }]) expect((await guest.control('POST', 'pay', { out_trade_no: no, merchant_id: guest.id, ...bad })).status).toBe(400);
    await simulator.close();
  });
});

describe('the state file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wechatpay-simulator-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keeps keys, merchants, orders, payments, refunds, undelivered notices and the clock over a restart, also after a cut line', async () => {
    const stateFile = join(folder, 'deep', 'state.jsonl');
    const inbox = await openInbox();
    inbox.statuses.push(500);
    const first = await startWechatPaySimulator({ stateFile });
    let merchant = new TestMerchant(first.url);
    await merchant.register({ balance_fen: 100_000 });
    const { known } = merchant;
    await merchant.control('PUT', 'clock', { advance_ms: 5_000_000 });
    const body = merchant.order();
    const prepay = await merchant.call('POST', JSAPI, { body });
    const closed = await merchant.place();
    await merchant.close(closed);
    const { no } = await merchant.placePaid({ notify_url: inbox.url }, { notify: true });
    await merchant.control('GET', 'counters?wait=open_retries&atLeast=1');
    await merchant.control('PUT', 'refunds', { default: 'success', delay_ms: 100 });
    await merchant.refund({ out_trade_no: no, out_refund_no: 'R1', notify_url: inbox.url, amount: { refund: 90, total: 1990, currency: 'CNY' } });
    const record = await merchant.control('GET', `record?merchant_id=${merchant.id}`);
    expect(record.orders).toHaveLength(3);
    expect(record.orders[2]).toMatchObject({ out_trade_no: no, trade_state: 'REFUND', total: 1990, payments: [{ total: 1990, payer_total: 1990 }] });
    expect(record.refunds).toMatchObject([{ out_trade_no: no, out_refund_no: 'R1', refund: 90, status: 'PROCESSING' }]);
    expect(await merchant.control('GET', 'record?merchant_id=0')).toEqual({ status: 200, orders: [], refunds: [] });
    // What a killed process leaves is what is in the file now; a line that it did not finish was told to nobody.
    const left = readFileSync(stateFile, 'utf8');
    await first.close();
    writeFileSync(stateFile, left);
    appendFileSync(stateFile, '{"kind":"order","value":{"merch');

    const second = await startWechatPaySimulator({ stateFile, timeScale: 1_000 });
    merchant = new TestMerchant(second.url);
    merchant.known = known;
    expect((await merchant.call('POST', JSAPI, { body })).json.prepay_id).toBe(prepay.json.prepay_id);
    const reply = await merchant.query(closed);
    expect([reply.json.trade_state, reply.isSigned]).toEqual(['CLOSED', true]);
    await inbox.has(3);
    await merchant.control('GET', 'counters?wait=open_notices&atMost=0');
    const after = await merchant.control('GET', 'record');
    expect(after.orders).toEqual(record.orders);
    expect(after.refunds[0].status).toBe('SUCCESS');
    expect(Date.parse((await merchant.control('PUT', 'clock', { advance_ms: 0 })).now)).toBeGreaterThan(Date.now() + 4_900_000);
    await second.close();

    const third = await startWechatPaySimulator({ stateFile });
    expect((await new TestMerchant(third.url).control('GET', 'record')).refunds).toEqual(after.refunds);
    await third.close();
    await inbox.close();
  });

  it('is refused when it is something else', async () => {
    const stateFile = join(folder, 'other');
    for (const text of ['one\ntwo\n', 'one']) {
      writeFileSync(stateFile, text);
      await expect(startWechatPaySimulator({ stateFile })).rejects.toThrow(/no state/u);
      expect(readFileSync(stateFile, 'utf8')).toBe(text);
    }
  });
});
