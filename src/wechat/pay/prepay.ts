import { createSign, randomBytes } from 'node:crypto';
import type { Fen } from '../../platform/values/index.js';
import type { WechatPayMerchant } from './merchant.js';

export type PayChannel = 'jsapi' | 'native' | 'h5';

export interface PrepayRequest {
  readonly channel: PayChannel;
  readonly outTradeNo: string;
  readonly description: string;
  readonly total: Fen;
  /** Absolute, public, without a query. */
  readonly notifyUrl: string;
  /** The last moment to pay; whole seconds. */
  readonly expiresAt: Date;
  /** jsapi: who pays. */
  readonly openid?: string;
  /** h5: the payer's address. */
  readonly clientIp?: string;
}

/** What the client needs, and nothing else. */
export type PrepayAnswer =
  | { readonly channel: 'jsapi'; readonly appId: string; readonly timeStamp: string; readonly nonceStr: string; readonly package: string; readonly signType: 'RSA'; readonly paySign: string }
  | { readonly channel: 'native'; readonly codeUrl: string }
  | { readonly channel: 'h5'; readonly h5Url: string };

const BEIJING_MS = 8 * 3_600_000;

/** yyyy-MM-ddTHH:mm:ss+08:00 (reference: 1). */
export function beijingTime(at: Date): string {
  return `${new Date(at.getTime() + BEIJING_MS).toISOString().slice(0, 19)}+08:00`;
}

/** A random string of 32 characters. */
export function nonce(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}

/** The parameters of `wx.requestPayment`, signed by the merchant: appId, timeStamp, nonceStr and package, a line each (reference: 3.5). */
export function clientParameters(merchant: WechatPayMerchant, prepayId: string, at: Date, nonceStr = nonce()): Extract<PrepayAnswer, { channel: 'jsapi' }> {
  const timeStamp = Math.floor(at.getTime() / 1000).toString();
  const content = `prepay_id=${prepayId}`;
  const paySign = createSign('sha256').update(`${merchant.appId}\n${timeStamp}\n${nonceStr}\n${content}\n`).sign(merchant.privateKeyPem, 'base64');
  return { channel: 'jsapi', appId: merchant.appId, timeStamp, nonceStr, package: content, signType: 'RSA', paySign };
}
