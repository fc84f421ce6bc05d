import { invalid, readContentReply } from '../push/reply.js';
import { pushUntilTaken } from './event.js';
import { seconds } from './order.js';
import { tellRefund } from './refund-notice.js';
import type { Course, Delivery } from '../push/sender.js';
import type { PushFields } from '../push/message.js';
import type { VirtualOrder } from './order.js';
import type { WechatState } from '../wechat-state.js';

/** What a user asks Apple for, and how Apple decides: by the server's advice, or by its own mind. */
export interface AppleRequest {
  readonly reason: string;
  readonly decision: 'advice' | 'refund' | 'keep';
  /** 0, 1, 2, as the inquiry tells it; unset: 1 when the goods were delivered, else 0. (Which is which is assumed.) */
  readonly provideStatus: number | undefined;
}

/** How it ended; without an answer in time there is no advice, and Apple gives the money back (assumed). */
export interface AppleOutcome {
  readonly advice: 0 | 1 | undefined;
  readonly isRefunded: boolean;
  /** The inquiries, then the notices of the refund. */
  readonly deliveries: readonly Delivery[];
}

/** An inquiry must be answered within 3 s, with the code, a text and the evidence. It is put three times at most. */
const INQUIRY: Course = {
  attempts: 1,
  answerMs: 3_000,
  read: (body, _, settings, appid) =>
    readContentReply(body, settings, appid, ({ result_code: code, result_info: info, evidence }, encrypted) => {
      if (code !== '0' && code !== '1') return invalid('result_code must be 0 or 1.', encrypted);
      if (info === undefined || evidence === undefined) return invalid('result_info or evidence is missing.', encrypted);
      return { kind: 'success', encrypted, advice: code === '0' ? 0 : 1 };
    }),
};
const REPEATS = 2;

/** The user asks Apple for their money: the server is asked first, then Apple decides; a refund is told as any other. */
export async function askApple(state: WechatState, order: VirtualOrder, { reason, decision, provideStatus }: AppleRequest): Promise<AppleOutcome> {
  const fields = inquiryOf(order, reason, provideStatus ?? (order.state === 4 ? 1 : 0), state.clock.now());
  const about = { appid: order.appid, openid: order.openid, event: 'xpay_subscribe_ios_refund_query_notify' };
  const inquiries = await pushUntilTaken(state, about, () => fields, { course: INQUIRY, repeats: REPEATS });
  const advice = inquiries.at(-1)?.attempts.at(-1)?.reply?.advice;
  const isRefunded = decision === 'refund' || (decision === 'advice' && advice !== 1);
  if (!isRefunded || order.leftFee === 0) return { advice, isRefunded: false, deliveries: inquiries };
  const refund = state.virtualRefunds.begin({ order, refundOrderId: '', fee: order.leftFee, bizMeta: '' });
  return { advice, isRefunded, deliveries: [...inquiries, ...(await tellRefund(state, refund))] };
}

function inquiryOf(order: VirtualOrder, reason: string, provideStatus: number, now: number): PushFields {
  return {
    refund_time: seconds(now),
    order_time: seconds(order.paidAt),
    channel_bill: order.channelOrderId,
    bundleid: 'com.tencent.xin',
    product_id: order.productId,
    p_count: order.quantity,
    refund_request_reason: reason,
    provide_status: provideStatus,
    pay_order_id: order.outTradeNo,
  };
}
