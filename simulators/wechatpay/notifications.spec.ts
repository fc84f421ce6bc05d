import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OPENID, TestMerchant, openInbox, openLetter } from './merchant.fixture.js';
import { RETRY_DELAYS_MS } from './notifier.js';
import { VARIANTS } from './notice.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { Inbox } from './merchant.fixture.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

let simulator: WechatPaySimulator;
let merchant: TestMerchant;
let inbox: Inbox;

beforeAll(async () => {
  simulator = await startWechatPaySimulator({ timeScale: 1000, answerLimitMs: 200 });
  merchant = new TestMerchant(simulator.url);
  await merchant.register();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  inbox = await openInbox();
  await merchant.control('DELETE', 'script');
  await merchant.control('PUT', 'clock', { time_scale: 1000 });
  await merchant.control('DELETE', 'counters');
  return () => inbox.close();
});

async function waitFor(name: string, atLeast: number): Promise<void> {
  expect((await merchant.control('GET', `counters?wait=${encodeURIComponent(name)}&atLeast=${atLeast}&timeoutMs=5000`)).status).toBe(200);
}

async function payOne(): Promise<string> {
  const no = await merchant.place({ notify_url: inbox.url });
  await merchant.control('POST', 'pay', { out_trade_no: no });
  return no;
}

describe('a notification', () => {
  it('is repeated by the real table, scaled, until it is answered with 200 or 204 in time', async () => {
    expect(RETRY_DELAYS_MS.reduce((sum, ms) => sum + ms, 0)).toBe((24 * 60 + 4) * 60_000);
    inbox.statuses.push(500, 302, 0, 200);
    await payOne();
    await inbox.has(4);
    await waitFor('accepted', 1);
    const letters = inbox.received.map((letter) => openLetter(letter));
    expect(new Set(letters.map(({ envelope }) => envelope.id)).size).toBe(1);
    expect(new Set(inbox.received.map(({ headers }) => headers['wechatpay-nonce'])).size).toBe(4);
    const gaps = inbox.received.slice(1).map(({ at }, index) => at - inbox.received[index]!.at);
    expect(gaps[0]).toBeGreaterThanOrEqual(12);
    expect(gaps[2]).toBeGreaterThanOrEqual(200 + 25);
    expect(await merchant.control('GET', 'counters')).toMatchObject({ notifications: { sent: 4, accepted: 1, refused: 3, given_up: 0 }, open_notices: 0, open_retries: 0 });
  });

  it('is given up after fifteen repeats', async () => {
    await merchant.control('PUT', 'clock', { time_scale: 1_000_000 });
    inbox.statuses.push(...Array.from({ length: 20 }, () => 500));
    await payOne();
    await waitFor('given_up', 1);
    expect(inbox.received).toHaveLength(16);
  });

  it('that waits for its next delivery comes sooner when the time scale grows', async () => {
    await merchant.control('PUT', 'clock', { time_scale: 1 });
    inbox.statuses.push(500);
    await payOne();
    await waitFor('open_retries', 1);
    await merchant.control('PUT', 'clock', { time_scale: 10_000 });
    await waitFor('accepted', 1);
    expect(inbox.received).toHaveLength(2);
    expect((await merchant.control('PUT', 'clock', { time_scale: 0 })).status).toBe(400);
    expect((await merchant.control('PUT', 'clock', {})).status).toBe(400);
  });

  it('goes out never, twice or late, as scripted, and not when the payer is silent', async () => {
    await merchant.control('PUT', 'script', { notifications: 'off' });
    await payOne();
    await merchant.control('PUT', 'script', { notifications: 'duplicate' });
    const twice = await payOne();
    await inbox.has(2);
    expect(inbox.received.map((letter) => openLetter(letter).resource.out_trade_no)).toEqual([twice, twice]);
    await merchant.control('PUT', 'script', { notifications: 'delay', delay_ms: 80 });
    const started = performance.now();
    await payOne();
    await inbox.has(3);
    expect(inbox.received[2]!.at - started).toBeGreaterThanOrEqual(75);
    expect((await merchant.control('PUT', 'script', { notifications: 'sometimes' })).status).toBe(400);
  });

  it('takes turns between the keys during the switch', async () => {
    const mixed = new TestMerchant(simulator.url, '1900000401');
    await mixed.register({ mode: 'mixed' });
    const { no } = await mixed.placePaid({ notify_url: inbox.url });
    await mixed.control('POST', 'notify', { out_trade_no: no, times: 4 });
    expect(inbox.received.map(({ headers, body }) => mixed.verify(headers, body))).toEqual([true, true, true, true]);
    expect(new Set(inbox.received.map(({ headers }) => headers['wechatpay-serial']))).toEqual(new Set([mixed.known.wechatpay_public_key_id, mixed.known.platform_certificate_serial]));
  });
});

describe('a notification sent by hand', () => {
  it('is sent as often as asked, one by one or all at once, anywhere, and its answers are told', async () => {
    const { no } = await merchant.placePaid();
    inbox.statuses.push(200, 500, 302);
    const { answers } = await merchant.control('POST', 'notify', { out_trade_no: no, times: 3, url: inbox.url });
    expect(answers.map(({ status }: { status: number }) => status)).toEqual([200, 500, 302]);
    const all = await merchant.control('POST', 'notify', { out_trade_no: no, times: 20, parallel: true, url: inbox.url });
    expect(all.answers).toHaveLength(20);
    expect(new Set(inbox.received.map(({ body }) => JSON.parse(body).id)).size).toBe(1);
    expect((await merchant.control('POST', 'notify', { out_trade_no: no, url: 'http://127.0.0.1:1/' })).answers[0].status).toBe(0);
    for (const bad of [{ times: 0 }, { variant: 'nice' }, { url: 'ftp://a' }, { parallel: 1 }]) expect((await merchant.control('POST', 'notify', { out_trade_no: no, ...bad })).status).toBe(400);
  });

  it('of an unpaid order is possible for a forger only', async () => {
    const no = await merchant.place({ notify_url: inbox.url });
    expect((await merchant.control('POST', 'notify', { out_trade_no: no })).status).toBe(409);
    expect((await merchant.control('POST', 'notify', { out_trade_no: no, variant: 'wrong_amount' })).answers).toHaveLength(1);
    expect(openLetter(inbox.received[0]!).resource.amount).toMatchObject({ total: 1, payer_total: 1 });
    expect((await merchant.query(no)).json.trade_state).toBe('NOTPAY');
  });

  it('has one thing wrong, and nothing else', async () => {
    const { no } = await merchant.placePaid({ notify_url: inbox.url });
    const honest = (await merchant.query(no)).json;
    for (const variant of VARIANTS) {
      await merchant.control('POST', 'notify', { out_trade_no: no, variant });
      const letter = inbox.received.at(-1)!;
      const isVerified = merchant.verify(letter.headers, letter.body);
      const age = Math.abs(Date.now() / 1000 - Number(letter.headers['wechatpay-timestamp'] ?? Date.now() / 1000));
      expect([variant, isVerified]).toEqual([variant, variant === 'no_signature' ? undefined : !['probe', 'unknown_serial', 'tampered_body'].includes(variant)]);
      expect([variant, age > 300]).toEqual([variant, variant === 'old_timestamp' || variant === 'future_timestamp']);
      if (variant === 'probe') expect(letter.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//u);
      if (variant === 'unknown_serial') expect(letter.headers['wechatpay-serial']).toHaveLength(45);
      if (variant === 'certificate') expect(letter.headers['wechatpay-serial']).toBe(merchant.known.platform_certificate_serial);
      if (variant === 'wrong_aad' || variant === 'tampered_ciphertext') {
        expect(() => openLetter(letter)).toThrow();
        continue;
      }
      const { resource } = openLetter(letter);
      const false_ = Object.keys(honest).filter((name) => JSON.stringify(honest[name]) !== JSON.stringify(resource[name]));
      const expected: Record<string, string> = { wrong_amount: 'amount', wrong_mchid: 'mchid', wrong_appid: 'appid', wrong_currency: 'amount', wrong_payer: 'payer', unknown_order: 'out_trade_no' };
      expect([variant, ...false_]).toEqual(expected[variant] === undefined ? [variant] : [variant, expected[variant]]);
    }
    expect(honest.payer.openid).toBe(OPENID);
  });
});
