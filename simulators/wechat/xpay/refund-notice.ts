import { pushOnce, pushUntilTaken } from './event.js';
import { seconds } from './order.js';
import type { Delivery } from '../push/sender.js';
import type { PushFields } from '../push/message.js';
import type { Variant } from '../push/letter.js';
import type { VirtualRefund } from './refund.js';
import type { WechatState } from '../wechat-state.js';

const EVENT = 'xpay_refund_notify';

/** Ends a refund after the time that the offer says, as it says, and pushes that until it is taken. */
export async function tellRefund(state: WechatState, refund: VirtualRefund): Promise<Delivery[]> {
  const offer = state.offers.of(refund.order.appid);
  if (!(await state.pauses.wait(offer?.refundMs ?? 0))) return [];
  state.virtualRefunds.end(refund, !offer?.refundsFail);
  const isPushed = offer?.refundPushes === true && (refund.order.env === 0 || offer.sandboxPushes);
  return isPushed ? pushUntilTaken(state, aboutOf(refund), (repeat) => noticeOf(refund, repeat)) : [];
}

/** Pushes the end of a refund once more. */
export function tellRefundOnce(state: WechatState, refund: VirtualRefund, variant: Variant): Promise<Delivery> {
  return pushOnce(state, { ...aboutOf(refund), fields: noticeOf(refund, 0) }, variant);
}

function aboutOf({ order: { appid, openid } }: VirtualRefund): { readonly appid: string; readonly openid: string; readonly event: string } {
  return { appid, openid, event: EVENT };
}

/** (That of a failed one `RetCode` is −1, and the time of success 0, is assumed.) */
function noticeOf({ order, refundOrderId, wxRefundId, wxpayRefundId, fee, startedAt, endedAt, state }: VirtualRefund, repeat: number): PushFields {
  const isPaidOut = state === 8;
  return {
    OpenId: order.openid,
    WxRefundId: wxRefundId,
    MchRefundId: refundOrderId,
    WxOrderId: order.wxOrderId,
    MchOrderId: order.outTradeNo,
    RefundFee: fee,
    RetCode: isPaidOut ? 0 : -1,
    RetMsg: isPaidOut ? 'success' : 'refund failed',
    RefundStartTimestamp: seconds(startedAt),
    RefundSuccTimestamp: isPaidOut ? seconds(endedAt) : 0,
    WxpayRefundTransactionId: wxpayRefundId,
    RetryTimes: repeat,
  };
}
