import { gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { PayError, invalidRequest, orderNotExist, refundNotExist } from './pay-error.js';
import { assertReady, isOn, tradeBill } from './bill.js';
import { beijing, transaction } from './order.js';
import { object, text } from './fields.js';
import { readPrepay } from './prepay-request.js';
import { refundObject } from './refunds.js';
import { sealResource } from './seal.js';
import type { Body } from './fields.js';
import type { Channel, Order } from './order.js';
import type { Merchant } from './merchants.js';
import type { State } from './state.js';

/** An answer to be signed; without a body it is 204. */
export interface ApiAnswer {
  readonly status: number;
  readonly body?: Record<string, unknown>;
}

/** A bill's file, which nobody signs. */
export interface BillFile {
  readonly bytes: Buffer;
}

const TOKEN_LIFE_MS = 5 * 60_000;
const MOST_FILES = 100;

/** The endpoints under /v3, for a merchant whose signature was checked. */
export class PayApi {
  readonly #state: State;
  readonly #url: () => string;
  readonly #files = new Map<string, { readonly bytes: Buffer; readonly until: number }>();

  constructor(state: State, url: () => string) {
    this.#state = state;
    this.#url = url;
  }

  /** Throws PayError. */
  answer(merchant: Merchant, method: string, url: URL, body: Buffer): ApiAnswer {
    const path = url.pathname;
    const prepay = /^\/v3\/pay\/transactions\/(jsapi|native|h5)$/u.exec(path)?.[1] as Channel | undefined;
    if (method === 'POST' && prepay) return this.#prepay(merchant, prepay, parse(body));
    const number = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)(\/close)?$/u.exec(path);
    if (method === 'GET' && number && !number[2]) return this.#query(merchant, url, this.#state.orders.find(merchant.merchantId, decodeURIComponent(number[1] as string)));
    if (method === 'POST' && number?.[2]) return this.#close(merchant, decodeURIComponent(number[1] as string), parse(body));
    const id = /^\/v3\/pay\/transactions\/id\/([^/]+)$/u.exec(path)?.[1];
    if (method === 'GET' && id) return this.#query(merchant, url, this.#state.orders.byTransactionId(merchant.merchantId, id));
    if (method === 'POST' && path === '/v3/refund/domestic/refunds') return this.#refund(merchant, parse(body));
    const refund = /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/u.exec(path)?.[1];
    if (method === 'GET' && refund) return this.#findRefund(merchant, decodeURIComponent(refund));
    if (method === 'GET' && path === '/v3/certificates') return this.#certificates(merchant);
    if (method === 'GET' && path === '/v3/bill/tradebill') return this.#bill(merchant, url);
    throw new PayError(404, 'RESOURCE_NOT_EXISTS', '接口不存在', 268435461);
  }

  /** The file of a bill that was asked for less than five minutes ago. Throws PayError. */
  file(url: URL): BillFile {
    const file = this.#files.get(url.searchParams.get('token') ?? '');
    if (!file || file.until < Date.now()) throw new PayError(404, 'RESOURCE_NOT_EXISTS', '下载链接已失效', 268435461);
    return { bytes: file.bytes };
  }

  #prepay(merchant: Merchant, channel: Channel, body: Body): ApiAnswer {
    const request = readPrepay(channel, body, merchant, this.#state.clock.now());
    const order = this.#state.orders.prepay(merchant.merchantId, channel, request);
    return { status: 200, body: this.#place(order) };
  }

  #place(order: Order): Record<string, unknown> {
    if (order.channel === 'jsapi') return { prepay_id: order.prepayId };
    if (order.channel === 'native') return { code_url: `weixin://wxpay/bizpayurl?pr=${order.prepayId}` };
    return { h5_url: `${this.#url()}/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${order.prepayId}&package=${randomBytes(4).readUInt32BE()}` };
  }

  #query(merchant: Merchant, url: URL, order: Order | undefined): ApiAnswer {
    if (url.searchParams.get('mchid') !== merchant.merchantId) throw invalidRequest('mchid 与Authorization不一致', 268447843);
    if (!order) throw orderNotExist();
    return { status: 200, body: transaction(order, this.#state.clock.now()) };
  }

  #close(merchant: Merchant, outTradeNo: string, body: Body): ApiAnswer {
    if (text(body, 'mchid', 32) !== merchant.merchantId) throw invalidRequest('mchid 与Authorization不一致', 268447843);
    this.#state.orders.close(merchant.merchantId, outTradeNo);
    return { status: 204 };
  }

  #refund(merchant: Merchant, body: Body): ApiAnswer {
    const { refund, isNew } = this.#state.refunds.request(merchant.merchantId, body, this.#state.refundPlan === 'not_enough');
    if (isNew) this.#state.proceed(refund);
    return { status: 200, body: refundObject(refund, 'answer') };
  }

  #findRefund(merchant: Merchant, outRefundNo: string): ApiAnswer {
    const refund = this.#state.refunds.find(merchant.merchantId, outRefundNo);
    if (!refund) throw refundNotExist();
    return { status: 200, body: refundObject(refund, 'answer') };
  }

  /** Merchants of the public-key mode have no platform certificate (reference 2.1). */
  #certificates(merchant: Merchant): ApiAnswer {
    if (merchant.mode === 'public_key') throw new PayError(404, 'RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台申请使用微信支付公钥', 268435461);
    const { certificate, certificatePem } = this.#state.keys;
    const now = Date.now();
    const data = [{ serial_no: certificate.serial, effective_time: beijing(now - 86_400_000), expire_time: beijing(now + 5 * 365 * 86_400_000), encrypt_certificate: sealResource(merchant.apiV3Key, certificatePem, 'certificate') }];
    return { status: 200, body: { data } };
  }

  #bill(merchant: Merchant, url: URL): ApiAnswer {
    const day = url.searchParams.get('bill_date') ?? '';
    assertReady(day, this.#state.clock.now());
    const type = url.searchParams.get('bill_type') ?? 'ALL';
    if (type !== 'ALL') throw new PayError(400, 'PARAM_ERROR', 'The simulator has bills of the type ALL only.');
    const { orders, refunds } = this.#state;
    const payments = orders.ofMerchant(merchant.merchantId).flatMap((order) => order.payments.filter((payment) => isOn(day, payment.at)).map((payment) => ({ order, payment })));
    const refunded = refunds.ofMerchant(merchant.merchantId).filter((refund) => isOn(day, refund.createdAt)).flatMap((refund) => {
      const order = orders.find(merchant.merchantId, refund.outTradeNo);
      return order ? [{ order, refund }] : [];
    });
    const { csv, sha1 } = tradeBill({ payments, refunds: refunded, tamper: this.#takeTamper(day) });
    const token = randomBytes(16).toString('hex');
    const [oldest] = this.#files.keys();
    if (this.#files.size >= MOST_FILES && oldest !== undefined) this.#files.delete(oldest);
    this.#files.set(token, { bytes: url.searchParams.get('tar_type') === 'GZIP' ? gzipSync(csv) : csv, until: Date.now() + TOKEN_LIFE_MS });
    return { status: 200, body: { hash_type: 'SHA1', hash_value: sha1, download_url: `${this.#url()}/v3/billdownload/file?token=${token}` } };
  }

  #takeTamper(day: string): ReturnType<State['tampers']['get']> {
    const tamper = this.#state.tampers.get(day);
    this.#state.tampers.delete(day);
    return tamper;
  }
}

function parse(body: Buffer): Body {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new PayError(400, 'PARAM_ERROR', '请求体不是合法的 JSON', 268435461);
  }
  return object({ value }, 'value');
}
