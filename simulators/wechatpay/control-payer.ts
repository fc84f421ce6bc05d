import { ControlError } from './api-error.js';
import { VARIANTS, paymentNotice } from './notice.js';
import { findRefund } from './control-refunds.js';
import { momentOf } from './moment.js';
import { newPayment, pay } from './payments.js';
import { paymentOf } from './refund-rules.js';
import { refundNotice } from './refund-object.js';
import type { Delivery } from './post-letter.js';
import type { Notice, Variant } from './notice.js';
import type { Order } from './orders.js';
import type { PayState } from './pay-state.js';

const MOST_TIMES = 1_000;

type Body = Record<string, unknown>;

/** `POST /control/pay`: plays the payer of an order. Throws {@link ControlError}. */
export function payOrder(body: Body, state: PayState): unknown {
  const { out_trade_no: no, merchant_id: merchantId, outcome = 'success', openid, payer_total: payerTotal, coupon, notify: shallNotify = true, force = false, success_time: successTime } = body;
  const order = findOrder(state, no, merchantId);
  if (outcome !== 'success' && outcome !== 'fail' && outcome !== 'cancel') throw new ControlError(400, '"outcome" must be success, fail or cancel.');
  if (openid !== undefined && typeof openid !== 'string') throw new ControlError(400, '"openid" must be a string.');
  if (typeof shallNotify !== 'boolean' || typeof force !== 'boolean') throw new ControlError(400, '"notify" and "force" must be true or false.');
  if (!isOptionalFen(payerTotal) || !isOptionalFen(coupon)) throw new ControlError(400, '"payer_total" and "coupon" must be integers in fen.');
  return pay(state, order, { outcome, at: momentOf(successTime, 'success_time'), openid, payerTotal: payerTotal ?? (coupon === undefined ? undefined : order.total - coupon), notify: shallNotify, force });
}

/** The order of this number; without a merchant it must be the only one. */
export function findOrder(state: PayState, no: unknown, merchantId: unknown): Order {
  if (typeof no !== 'string') throw new ControlError(400, '"out_trade_no" must be a string.');
  if (merchantId !== undefined && typeof merchantId !== 'string') throw new ControlError(400, '"merchant_id" must be a string.');
  const merchants = merchantId === undefined ? state.merchants.list().map(({ merchant_id: id }) => id) : [merchantId];
  const found = merchants.flatMap((id) => state.orders.find(id, no) ?? []);
  if (found.length > 1) throw new ControlError(409, 'Several merchants have an order of this number; say "merchant_id".');
  const order = found[0];
  if (!order) throw new ControlError(404, 'No such order.');
  return order;
}

/** `POST /control/notify`: sends now, as often as asked, and waits for the answers. Throws {@link ControlError}. */
export async function notify(body: Body, state: PayState): Promise<Delivery[]> {
  const { times = 1, parallel = false, variant = 'good', url } = body;
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > MOST_TIMES) throw new ControlError(400, `"times" must be an integer from 1 to ${MOST_TIMES}.`);
  if (typeof parallel !== 'boolean') throw new ControlError(400, '"parallel" must be true or false.');
  if (!isVariant(variant)) throw new ControlError(400, `"variant" must be one of ${VARIANTS.join(', ')}.`);
  if (url !== undefined && (typeof url !== 'string' || !/^https?:\/\//u.test(url) || !URL.canParse(url))) throw new ControlError(400, '"url" must be an http(s) URL.');
  const notice = noticeOf(body, state, variant);
  const send = (): Promise<Delivery> => state.notifier.send(notice, variant, url);
  if (parallel) return Promise.all(Array.from({ length: times }, send));
  const answers: Delivery[] = [];
  for (let sent = 0; sent < times; sent += 1) answers.push(await send());
  return answers;
}

/** The notice that is asked for. An unpaid order has no honest one, but a forger may send one all the same. */
function noticeOf({ out_trade_no: no, out_refund_no: refundNo, merchant_id: merchantId }: Body, state: PayState, variant: Variant): Notice {
  if (refundNo !== undefined) {
    if (typeof refundNo !== 'string') throw new ControlError(400, '"out_refund_no" must be a string.');
    const refund = findRefund(state, refundNo, merchantId);
    if (refund.status === 'PROCESSING' && (variant === 'good' || variant === 'certificate')) throw new ControlError(409, 'The refund is under way; there is nothing to tell.');
    return refundNotice(refund, paymentOf(state, refund));
  }
  const order = findOrder(state, no, merchantId);
  const payment = order.payments[0];
  if (payment) return paymentNotice(order, payment);
  if (variant === 'good' || variant === 'certificate') throw new ControlError(409, 'The order is not paid; there is nothing true to tell.');
  return paymentNotice(order, newPayment(state, order, undefined, order.total));
}

function isVariant(value: unknown): value is Variant {
  return VARIANTS.some((known) => known === value);
}

function isOptionalFen(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
}
