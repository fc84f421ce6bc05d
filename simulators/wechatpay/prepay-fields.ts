import { isIP } from 'node:net';
import { MOST_FEN, fault } from './fields.js';
import { NUMBERS } from './api-error.js';
import type { Rule } from './fields.js';

/** The products that the simulator sells through. */
export const PRODUCTS = ['jsapi', 'native', 'h5'] as const;
export type Product = (typeof PRODUCTS)[number];

const text = (most: number): Rule => ({ type: 'string', most });
const optional = (most: number): Rule => ({ type: 'string', most, optional: true });

/** 6 to 32 of digits, ASCII letters and `_-|*`. */
export const OUT_TRADE_NO: Rule = { type: 'string', least: 6, most: 32, pattern: /^[\w\-|*]+$/u };

const GOODS: Rule = {
  type: 'object',
  fields: {
    merchant_goods_id: text(32),
    wechatpay_goods_id: optional(32),
    goods_name: optional(256),
    quantity: { type: 'integer', least: 1, most: MOST_FEN },
    unit_price: { type: 'integer', least: 0, most: MOST_FEN },
  },
};

const STORE: Rule = { type: 'object', optional: true, fields: { id: text(32), name: optional(256), area_code: optional(32), address: optional(512) } };

const H5_INFO: Rule = {
  type: 'object',
  fields: {
    type: { type: 'string', most: 32, oneOf: ['Wap', 'iOS', 'Android', 'iOSAndroidWap'] },
    app_name: optional(64),
    app_url: optional(128),
    bundle_id: optional(128),
    package_name: optional(128),
  },
};

const SHARED: Record<string, Rule> = {
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: OUT_TRADE_NO,
  time_expire: optional(64),
  attach: optional(128),
  notify_url: text(255),
  goods_tag: optional(32),
  limit_pay: { type: 'list', optional: true, most: 4, of: { type: 'string', most: 32, oneOf: ['no_balance', 'no_credit', 'no_debit', 'balance_only'] } },
  support_fapiao: { type: 'boolean', optional: true },
  amount: {
    type: 'object',
    fields: { total: { type: 'integer', least: 1, most: MOST_FEN }, currency: { type: 'string', most: 16, oneOf: ['CNY'], optional: true } },
  },
  detail: {
    type: 'object',
    optional: true,
    fields: { cost_price: { type: 'integer', least: 0, most: MOST_FEN, optional: true }, invoice_id: optional(32), goods_detail: { type: 'list', optional: true, most: 6000, of: GOODS } },
  },
  settle_info: { type: 'object', optional: true, fields: { profit_sharing: { type: 'boolean', optional: true } } },
};

/** The fields of `POST /v3/pay/transactions/{product}`. */
export const PREPAY_FIELDS: Readonly<Record<Product, Rule>> = {
  jsapi: {
    type: 'object',
    fields: {
      ...SHARED,
      payer: { type: 'object', missing: NUMBERS.openidMissing, fields: { openid: { type: 'string', most: 128, missing: NUMBERS.openidMissing } } },
      scene_info: { type: 'object', optional: true, fields: { payer_client_ip: { ...text(45), optional: true }, device_id: optional(32), store_info: STORE } },
    },
  },
  native: {
    type: 'object',
    fields: { ...SHARED, scene_info: { type: 'object', optional: true, fields: { payer_client_ip: text(45), device_id: optional(32), store_info: STORE } } },
  },
  h5: {
    type: 'object',
    fields: { ...SHARED, scene_info: { type: 'object', fields: { payer_client_ip: text(45), device_id: optional(32), store_info: STORE, h5_info: H5_INFO } } },
  },
};

/** A request that passed {@link PREPAY_FIELDS}. */
export interface PrepayBody {
  readonly appid: string;
  readonly mchid: string;
  readonly description: string;
  readonly out_trade_no: string;
  readonly time_expire?: string;
  readonly attach?: string;
  readonly notify_url: string;
  readonly amount: { readonly total: number };
  readonly payer?: { readonly openid: string };
  readonly scene_info?: { readonly payer_client_ip?: string; readonly device_id?: string };
}

/**
 * A URL that letters may go to: absolute, http or https, without query and fragment. WeChat Pay
 * refuses loopback and private addresses, too; a simulator that runs beside its merchant cannot.
 */
export function checkNotifyUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/u.test(parsed.protocol)) throw fault('/notify_url', url, '应为以http://或https://开头的绝对地址');
  if (/[?#]/u.test(url) || parsed.username !== '' || parsed.password !== '') throw fault('/notify_url', url, '不能携带参数');
}

export function checkClientIp(ip: string | undefined): void {
  if (ip !== undefined && isIP(ip) === 0) throw fault('/scene_info/payer_client_ip', ip, '应为IP地址');
}
