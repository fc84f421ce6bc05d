import { paySignature, userSignature } from './signing.js';
import type { Bench } from '../simulator.fixture.js';
import type { Delivery } from '../push/sender.js';
import type { OrderView } from './order.js';

type Fields = Readonly<Record<string, unknown>>;

const APP_KEY = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345';
const SANDBOX_KEY = 'sandbox-key';
export const SESSION_KEY = '9hAb/NEYUlkaMBEsmFgzig==';

/** What came of `wx.requestVirtualPayment`; a spec that expects a failure looks at the error alone. */
export interface Payment {
  readonly errCode: number;
  readonly errMsg: string;
  readonly order: OrderView;
  readonly deliveries: readonly Pick<Delivery, 'outcome' | 'attempts'>[];
}

/** What a signed call is answered; `order` by query_order, the number of WeChat by refund_order. */
export interface XpayAnswer {
  readonly errcode: number;
  readonly errmsg: string;
  readonly order: OrderView;
  readonly refund_wx_order_id?: string;
}

/** A user who buys a month for 19.90 yuan, and the server that signs for them. */
export class Buyer {
  readonly openid: string;
  readonly #bench: Bench;
  #orders = 0;

  private constructor(bench: Bench, openid: string) {
    this.#bench = bench;
    this.openid = openid;
  }

  /** Opens the virtual payment of the bench's app, too. */
  static async open(bench: Bench): Promise<Buyer> {
    await Buyer.offer(bench);
    await bench.control('PUT', 'xpay/goods', { appid: bench.appid, goods: [{ productId: 'vip_month', price: 1990 }] });
    const buyer = new Buyer(bench, await bench.user());
    await bench.control('PUT', 'session-keys', { appid: bench.appid, openid: buyer.openid, sessionKey: SESSION_KEY });
    return buyer;
  }

  /** The app's virtual payment, without any delay. */
  static async offer(bench: Bench, more: Fields = {}): Promise<void> {
    await bench.control('PUT', 'xpay', { appid: bench.appid, offerId: '1450000000', appKey: APP_KEY, sandboxAppKey: SANDBOX_KEY, repeatMs: 0, refundMs: 0, ...more });
  }

  /** A number that was never used. */
  nextNo(): string {
    this.#orders += 1;
    return `VP2026112100000${this.#orders}`;
  }

  signData(fields: Fields = {}): string {
    return JSON.stringify({ offerId: '1450000000', buyQuantity: 1, env: 0, currencyType: 'CNY', productId: 'vip_month', goodsPrice: 1990, outTradeNo: this.nextNo(), attach: 'uid=42', ...fields });
  }

  /** Pays by a text that was signed; `more` goes to the control call. */
  async paySigned(signData: string, more: Fields = {}): Promise<Payment> {
    const key = signData.includes('"env":1') ? SANDBOX_KEY : APP_KEY;
    const signatures = { paySig: paySignature(key, 'requestVirtualPayment', signData), signature: userSignature(SESSION_KEY, signData) };
    return (await this.#bench.control('POST', 'xpay/payments', { appid: this.#bench.appid, openid: this.openid, signData, ...signatures, ...more })) as Payment;
  }

  async pay(fields: Fields = {}, more: Fields = {}): Promise<Payment> {
    return this.paySigned(this.signData(fields), more);
  }

  /** A signed call of the server; `paySig` in place of the right one, `signature` where the user's state is to be shown. */
  async call(name: string, body: Fields | string, paySig?: string, signature?: string): Promise<XpayAnswer> {
    const [path, text] = [`/xpay/${name}`, typeof body === 'string' ? body : JSON.stringify(body)];
    const key = text.includes('"env":1') ? SANDBOX_KEY : APP_KEY;
    const query = new URLSearchParams({ access_token: await this.#bench.freshToken(), pay_sig: paySig ?? paySignature(key, path, text), ...(signature === undefined ? {} : { signature }) });
    const response = await fetch(`${this.#bench.url}${path}?${query.toString()}`, { method: 'POST', body: text });
    return (await response.json()) as XpayAnswer;
  }

  async query(orderId: string, more: Fields = {}): Promise<XpayAnswer> {
    return this.call('query_order', { openid: this.openid, env: 0, order_id: orderId, ...more });
  }
}
