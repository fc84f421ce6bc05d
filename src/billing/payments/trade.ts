import { integerJson } from '../../platform/values/index.js';
import type { PayChannel, WechatTrade } from '../../wechat/index.js';
import { derivedId } from '../ledger/derived-id.js';
import { tenantAccount, walletOf } from '../ledger/account.js';
import type { Transfer } from '../ledger/transfer.js';
import type { Order } from '../orders/order.js';

/** Who told us of a payment. */
export type TradeSource = 'notice' | 'query' | 'bill';

/** What became of WeChat's word about an order. */
export type TradeOutcome =
  /** The order is paid now, and the credits are in the wallet. */
  | 'paid'
  /** It had been before. */
  | 'already_paid'
  /** Not paid, or not yet. */
  | 'not_paid'
  | 'closed'
  /** Kept as findings; nothing was credited. */
  | 'unknown_order'
  | 'trade_mismatch'
  | 'second_payment'
  | 'refunded_elsewhere';

/** `trade_type` of each channel (reference/wechat.md 4.3). */
const TRADE_TYPES: Readonly<Record<PayChannel, string>> = { jsapi: 'JSAPI', native: 'NATIVE', h5: 'MWEB' };

/**
 * In what a payment is not that of the order. A coupon makes the payer's total smaller; what counts is the total.
 * The payer is compared where the order names one: JSAPI orders are paid by whoever made them.
 */
export function mismatches(order: Order, trade: WechatTrade): readonly string[] {
  const faults: string[] = [];
  if (trade.appId !== order.appId) faults.push('app_id');
  if (trade.merchantId !== order.merchantId) faults.push('merchant_id');
  if (trade.outTradeNo !== order.outTradeNo) faults.push('out_trade_no');
  if (trade.total !== order.total) faults.push('total');
  if (trade.currency !== undefined && trade.currency !== 'CNY') faults.push('currency');
  if (trade.tradeType !== undefined && trade.tradeType !== TRADE_TYPES[order.channel]) faults.push('channel');
  if (order.openid !== undefined && trade.openid !== order.openid) faults.push('payer');
  if (trade.transactionId === undefined || trade.transactionId === '') faults.push('transaction_id');
  return faults;
}

/** A payment's money and credits, as one batch. Its ids come from the order alone: the second time moves nothing. */
export function topupTransfers(tenantId: string, order: Order): readonly Transfer[] {
  const common = { kind: 'single', reason: 'topup', reference: order.id } as const;
  return [
    { ...common, id: derivedId(`${order.id}:topup:credits`), ownerId: order.userId, debit: tenantAccount(tenantId, 'issued'), credit: walletOf(tenantId, order.userId), amount: order.credits + order.bonusCredits },
    { ...common, id: derivedId(`${order.id}:topup:fen`), ownerId: undefined, debit: tenantAccount(tenantId, 'payer'), credit: tenantAccount(tenantId, 'cash'), amount: order.total },
  ];
}

/** A payment as findings keep it. */
export function tradeDetails(trade: WechatTrade): Readonly<Record<string, unknown>> {
  return {
    app_id: trade.appId, merchant_id: trade.merchantId, out_trade_no: trade.outTradeNo, transaction_id: trade.transactionId ?? null, trade_state: trade.state,
    trade_type: trade.tradeType ?? null, total_fen: trade.total === undefined ? null : integerJson(trade.total),
    payer_total_fen: trade.payerTotal === undefined ? null : integerJson(trade.payerTotal), currency: trade.currency ?? null,
    openid: trade.openid ?? null, paid_at: trade.succeededAt?.toISOString() ?? null,
  };
}
