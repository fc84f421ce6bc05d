import { PayError, paramError } from './pay-error.js';
import { fen, notifyUrl, object, onlyFields, optionalText, text } from './fields.js';
import type { Body } from './fields.js';
import type { Merchant } from './merchants.js';
import type { Channel } from './order.js';

export interface PrepayRequest {
  readonly appId: string;
  readonly description: string;
  readonly outTradeNo: string;
  readonly total: number;
  readonly notifyUrl: string;
  readonly attach: string | undefined;
  readonly openid: string | undefined;
  readonly expiresAt: number;
  readonly canonical: string;
}

const FIELDS = ['appid', 'mchid', 'description', 'out_trade_no', 'time_expire', 'attach', 'notify_url', 'goods_tag', 'limit_pay', 'support_fapiao', 'amount', 'detail', 'scene_info', 'settle_info'];
export const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*]{6,32}$/u;
const MINUTE = 60_000;
const DEFAULT_LIFE_MS = 7 * 86_400_000;
const LONGEST_LIFE_MS = 90 * 86_400_000;

/** Reads and checks an order (reference 4.1, 4.3). Throws PayError. */
export function readPrepay(channel: Channel, body: Body, merchant: Merchant, now: number): PrepayRequest {
  onlyFields(body, channel === 'jsapi' ? [...FIELDS, 'payer'] : FIELDS);
  const appId = text(body, 'appid', 32);
  if (text(body, 'mchid', 32) !== merchant.merchantId) throw new PayError(400, 'INVALID_REQUEST', '商户号与Authorization不一致', 268447843);
  if (!merchant.appIds.includes(appId)) throw new PayError(400, 'APPID_MCHID_NOT_MATCH', '商户号mch_id与appid不匹配', 268445527);
  const outTradeNo = text(body, 'out_trade_no', 32);
  if (!OUT_TRADE_NO.test(outTradeNo)) throw paramError('out_trade_no', '应为 6 到 32 个字母、数字、_-|*', outTradeNo);
  const amount = object(body, 'amount');
  onlyFields(amount, ['total', 'currency'], 'amount.');
  if (amount['currency'] !== undefined && amount['currency'] !== 'CNY') throw paramError('amount.currency', '仅支持 CNY', amount['currency']);
  return {
    appId, outTradeNo, description: text(body, 'description', 127), total: fen(amount, 'total', 'amount.'), notifyUrl: notifyUrl(body), attach: optionalText(body, 'attach', 128),
    openid: channel === 'jsapi' ? openidOf(body) : (checkScene(channel, body), undefined), expiresAt: expiryOf(body, now), canonical: canonical(body),
  };
}

function openidOf(body: Body): string {
  if (body['payer'] === undefined) throw new PayError(400, 'PARAM_ERROR', '缺少参数 payer.openid', 268501013);
  const payer = object(body, 'payer');
  onlyFields(payer, ['openid'], 'payer.');
  return text(payer, 'openid', 128, 'payer.');
}

function checkScene(channel: Channel, body: Body): void {
  if (channel !== 'h5') return;
  const scene = object(body, 'scene_info');
  text(scene, 'payer_client_ip', 45, 'scene_info.');
  text(object(scene, 'h5_info', 'scene_info.'), 'type', 32, 'scene_info.h5_info.');
}

/** Too early is raised and too late is cut, silently, as WeChat does. */
function expiryOf(body: Body, now: number): number {
  const given = optionalText(body, 'time_expire', 64);
  if (given === undefined) return now + DEFAULT_LIFE_MS;
  const at = Date.parse(given);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/u.test(given) || Number.isNaN(at)) throw paramError('time_expire', '应为 yyyy-MM-ddTHH:mm:ss+08:00', given);
  return Math.min(Math.max(at, now + MINUTE), now + LONGEST_LIFE_MS);
}

/** The same order, whatever the order of its fields. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
