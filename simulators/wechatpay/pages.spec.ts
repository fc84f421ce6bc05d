import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPID, MCHID, TestMerchant, VECTORS } from './merchant.fixture.js';
import { signMessage } from './signing.js';
import { startWechatPaySimulator } from './wechatpay-simulator.js';
import type { WechatPaySimulator } from './wechatpay-simulator.js';

let simulator: WechatPaySimulator;
let merchant: TestMerchant;

beforeAll(async () => {
  simulator = await startWechatPaySimulator();
  merchant = new TestMerchant(simulator.url);
  await merchant.register();
});
afterAll(() => simulator.close());

async function open(path: string): Promise<{ status: number; html: string; headers: Headers }> {
  const response = await fetch(`${simulator.url}${path}`);
  return { status: response.status, html: await response.text(), headers: response.headers };
}

async function press(path: string, outcome: string): Promise<Response> {
  return fetch(`${simulator.url}${path}`, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' });
}

/** Where the page's form sends its choice. */
function actionOf(html: string): string {
  const href = /<form method="post" action="([^"]+)">/u.exec(html)?.[1] as string;
  return href.replace(/&#(\d+);/gu, (_, code: string) => String.fromCharCode(Number(code)));
}

describe('the cashier page', () => {
  it('says what it is, shows the order escaped, and pays when the button is pressed, once', async () => {
    const description = `<script>alert("1")</script> & '月卡'`;
    const no = await merchant.place({ description });
    const { html, status, headers } = await open(`/pay/${no}`);
    expect(status).toBe(200);
    expect(headers.get('x-simulator')).toBe('bailiao-wechatpay-simulator');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain('模拟支付，不会扣真钱');
    expect(html).toContain('no real money moves');
    expect(html).toContain('¥19.90');
    expect(html).toContain(MCHID);
    expect(html).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;月卡&#39;');
    expect(html).not.toContain('<script');
    for (const button of ['支付 · Pay', '支付失败', '取消']) expect(html).toContain(button);

    const failed = await press(actionOf(html), 'fail');
    expect(failed.status).toBe(303);
    expect((await open(failed.headers.get('location') as string)).html).toContain('支付失败，可重新支付');
    expect((await open((await press(actionOf(html), 'cancel')).headers.get('location') as string)).html).toContain('已取消');
    const paid = await press(actionOf(html), 'success');
    const result = await open(paid.headers.get('location') as string);
    expect(result.html).toContain('支付成功');
    expect(result.html).not.toContain('<form');
    expect((await press(actionOf(html), 'success')).status).toBe(409);
    expect((await press(actionOf(html), 'maybe')).status).toBe(400);
    expect((await merchant.query(no)).json.trade_state).toBe('SUCCESS');
  });

  it('is found by prepay id and by native code, and by nothing else', async () => {
    const body = merchant.order({ payer: undefined });
    const { json } = await merchant.call('POST', '/v3/pay/transactions/native', { body });
    expect((await open(`/pay?code_url=${encodeURIComponent(json.code_url as string)}`)).html).toContain(body['out_trade_no'] as string);
    const prepay = await merchant.call('POST', '/v3/pay/transactions/jsapi', { body: merchant.order() });
    expect((await open(`/pay?prepay_id=${prepay.json.prepay_id}`)).status).toBe(200);
    for (const path of ['/pay', '/pay?prepay_id=wx1', '/pay?code_url=weixin%3A', '/pay/NOTHING', '/pay/%E0%A4%A']) expect((await open(path)).status).toBe(404);
    expect((await open('/elsewhere')).status).toBe(404);
    expect((await fetch(`${simulator.url}/`, { method: 'POST' })).status).toBe(405);
  });

  it('checks the paySign of a mini program where the link brings one', async () => {
    const { json } = await merchant.call('POST', '/v3/pay/transactions/jsapi', { body: merchant.order() });
    const values = { appId: APPID, timeStamp: '1795147204', nonceStr: 'N', package: `prepay_id=${json.prepay_id}` };
    const paySign = signMessage(createPrivateKey(VECTORS.keys.merchant_private_key_pkcs8 as string), Buffer.from(`${Object.values(values).join('\n')}\n`));
    expect((await open(`/pay?${new URLSearchParams({ ...values, paySign }).toString()}`)).status).toBe(200);
    expect((await open(`/pay?${new URLSearchParams({ ...values, nonceStr: 'M', paySign }).toString()}`)).status).toBe(400);
  });

  it('is where h5_url points, for five minutes, and leads back to web addresses only', async () => {
    const body = merchant.order({ payer: undefined, scene_info: { payer_client_ip: '14.23.150.211', h5_info: { type: 'Wap' } } });
    const { json } = await merchant.call('POST', '/v3/pay/transactions/h5', { body });
    const path = (json.h5_url as string).slice(simulator.url.length);
    const { html } = await open(`${path}&redirect_url=${encodeURIComponent('https://shop.example/done?a=1&b=2')}`);
    expect(html).toContain('href="https://shop.example/done?a=1&#38;b=2"');
    const after = await open((await press(actionOf(html), 'success')).headers.get('location') as string);
    expect(after.html).toContain('https://shop.example/done');
    expect((await open(`${path}&redirect_url=javascript:alert(1)`)).html).not.toContain('返回商户');
    await merchant.control('PUT', 'clock', { advance_ms: 5 * 60_000 });
    expect((await open(path)).status).toBe(410);
  });

  it('offers no buttons for what cannot be paid', async () => {
    const closed = await merchant.place();
    await merchant.close(closed);
    const stale = await merchant.place();
    await merchant.control('PUT', 'clock', { advance_ms: 2 * 3_600_000 });
    for (const [no, text] of [[closed, '已关闭'], [stale, '订单已过期']] as const) {
      const { html } = await open(`/pay/${no}`);
      expect(html).toContain(text);
      expect(html).not.toContain('<form');
    }
  });
});

describe('the list of orders', () => {
  it('shows the newest fifty, newest first, with links', async () => {
    for (let index = 0; index < 51; index += 1) await merchant.place({ description: `第${index}号` });
    const { html } = await open('/');
    expect(html.match(/href="\/pay\//gu)).toHaveLength(50);
    expect(html.indexOf('第50号')).toBeLessThan(html.indexOf('第49号'));
    expect(html).not.toContain('第0号');
  });
});
