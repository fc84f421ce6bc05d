import { createHash } from 'node:crypto';
import { delay, exactNumber, nowDate } from '../../platform/values/index.js';
import { parseTradeBill, type TradeBill } from './bill.js';
import type { Answer } from './exchange.client.js';
import { MalformedAnswer, objectOf, textOf } from './fields.js';
import type { WechatPayMerchant } from './merchant.js';
import { WechatPayError, codeOf } from './pay-error.js';
import { beijingTime, clientParameters, type PrepayAnswer, type PrepayRequest } from './prepay.js';
import { refundOf, type RefundRequest, type WechatRefund } from './refund.js';
import { SigningPay } from './signing-pay.client.js';
import { tradeOf, type WechatTrade } from './trade.js';

const RETRY_PAUSE_MS = 200;

/**
 * WeChat Pay as one merchant. Every request carries its own number, so that one whose answer was lost is sent once
 * more, to the standby host where there is one.
 * Errors of every method: WechatPayError; the signal's reason when it is aborted.
 */
export class WechatPay {
  constructor(private readonly merchant: WechatPayMerchant, private readonly hosts: readonly string[]) {}

  /** Re-posting the same request for an unpaid order gives what is valid now. */
  async prepay(request: PrepayRequest, signal?: AbortSignal): Promise<PrepayAnswer> {
    const common = {
      description: request.description, out_trade_no: request.outTradeNo, notify_url: request.notifyUrl, time_expire: beijingTime(request.expiresAt),
      amount: { total: exactNumber(request.total), currency: 'CNY' },
    };
    switch (request.channel) {
      case 'jsapi': {
        const openid = required(request.openid, 'openid');
        const data = await this.ask((pay) => pay.transactions_jsapi({ ...common, payer: { openid } }), signal);
        // The library has put the id into parameters of its own, signed over a weak nonce: only the id is taken.
        return clientParameters(this.merchant, textOf(data, 'package').replace(/^prepay_id=/, ''), nowDate());
      }
      case 'native':
        return { channel: 'native', codeUrl: textOf(await this.ask((pay) => pay.transactions_native(common), signal), 'code_url') };
      case 'h5': {
        const scene_info = { payer_client_ip: required(request.clientIp, 'clientIp'), h5_info: { type: 'Wap' } };
        const data = await this.ask((pay) => pay.transactions_h5({ ...common, scene_info } as Parameters<SigningPay['transactions_h5']>[0]), signal);
        return { channel: 'h5', h5Url: textOf(data, 'h5_url') };
      }
    }
  }

  /** undefined: WeChat knows no such order. */
  async query(outTradeNo: string, signal?: AbortSignal): Promise<WechatTrade | undefined> {
    return this.unless('ORDER_NOT_EXIST', async () => tradeOf(await this.ask((pay) => pay.query({ out_trade_no: encodeURIComponent(outTradeNo) }), signal)));
  }

  /** `paid` says only that it can't be closed: ask what it is. `paying`: the payer is at it, ask again. */
  async close(outTradeNo: string, signal?: AbortSignal): Promise<'closed' | 'paid' | 'paying' | 'unknown_order'> {
    try {
      const answer = await this.call((pay) => pay.close(encodeURIComponent(outTradeNo)), signal);
      return answer.status === 202 || codeOf(answer.data) === 'USER_PAYING' ? 'paying' : 'closed';
    } catch (error) {
      const code = error instanceof WechatPayError ? error.code : '';
      if (code === 'USER_PAYING' || code === 'FREQUENCY_LIMITED') return 'paying';
      if (error instanceof WechatPayError && error.kind === 'refused') {
        if (code === 'ORDER_NOT_EXIST') return 'unknown_order';
        if (code === 'ORDER_CLOSED') return 'closed';
        if (code === 'ORDER_PAID' || code === 'INVALID_REQUEST' || code === 'TRADE_ERROR') return 'paid';
      }
      throw error;
    }
  }

  /** The same number refunds once, and is answered as the first time. */
  async refund(request: RefundRequest, signal?: AbortSignal): Promise<WechatRefund> {
    const body = {
      out_trade_no: request.outTradeNo, out_refund_no: request.outRefundNo, notify_url: request.notifyUrl,
      amount: { refund: exactNumber(request.refund), total: exactNumber(request.total), currency: 'CNY' }, ...(request.reason === undefined ? {} : { reason: request.reason }),
    };
    return this.reading(async () => refundOf(await this.ask((pay) => pay.refunds(body), signal), 'status'));
  }

  /** undefined: WeChat knows no such refund. */
  async findRefund(outRefundNo: string, signal?: AbortSignal): Promise<WechatRefund | undefined> {
    return this.unless('RESOURCE_NOT_EXISTS', async () => refundOf(await this.ask((pay) => pay.find_refunds(encodeURIComponent(outRefundNo)), signal), 'status'));
  }

  /** The bill of a Beijing day, yyyy-MM-dd. undefined: no trades that day. STATEMENT_CREATING: it is not ready. */
  async tradeBill(date: string, signal?: AbortSignal): Promise<TradeBill | undefined> {
    return this.unless('NO_STATEMENT_EXIST', async () => {
      const place = await this.ask((pay) => pay.tradebill({ bill_date: date, bill_type: 'ALL', tar_type: 'GZIP' }), signal);
      const file = await this.attempts((pay) => pay.billFile(textOf(place, 'download_url')), signal);
      if (createHash('sha1').update(file).digest('hex') !== textOf(place, 'hash_value').toLowerCase()) throw new WechatPayError('unknown', 'BILL_DIGEST_DIFFERS');
      return parseTradeBill(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file));
    });
  }

  private async ask(work: (pay: SigningPay) => Promise<unknown>, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    return this.reading(async () => objectOf((await this.call(work, signal)).data, 'answer'));
  }

  private async call(work: (pay: SigningPay) => Promise<unknown>, signal?: AbortSignal): Promise<Answer> {
    return this.attempts(async (pay) => (await work(pay)) as Answer, signal);
  }

  private async attempts<T>(work: (pay: SigningPay) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work(new SigningPay(this.merchant, this.hosts[0] ?? '', signal));
    } catch (error) {
      if (!(error instanceof WechatPayError) || error.kind !== 'unknown' || signal?.aborted === true) throw error;
      await delay(RETRY_PAUSE_MS, signal);
      return work(new SigningPay(this.merchant, this.hosts.at(-1) ?? '', signal));
    }
  }

  /** A signed answer of another shape than documented may stand for anything. */
  private async reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw error instanceof MalformedAnswer || error instanceof TypeError ? new WechatPayError('unknown', 'MALFORMED') : error;
    }
  }

  private async unless<T>(absent: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.reading(read);
    } catch (error) {
      if (error instanceof WechatPayError && error.kind === 'refused' && error.code === absent) return undefined;
      throw error;
    }
  }
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`this channel needs ${name}`);
  return value;
}
