import { ControlError } from './api-error.js';
import { REFUND_STATES } from './refunds.js';
import { momentOf } from './moment.js';
import { moveRefund, paymentOf } from './refund-rules.js';
import { refundObject } from './refund-object.js';
import type { PayState } from './pay-state.js';
import type { Refund } from './refunds.js';

/** `POST /control/refunds/{out_refund_no}` with `{state, merchant_id?, notify?}`: moves one refund and tells its merchant; with `{create_time}` it only belongs to another day from now on. Throws {@link ControlError}. */
export function moveRefundByName(name: string, body: Record<string, unknown>, state: PayState): Record<string, unknown> {
  const { state: wanted, merchant_id: merchantId, notify = true, create_time: createTime } = body;
  const at = momentOf(createTime, 'create_time');
  if (at !== undefined) {
    const moved = { ...findRefund(state, decode(name), merchantId), created_at: at };
    state.refunds.put(moved);
    return refundObject(moved, paymentOf(state, moved));
  }
  const status = REFUND_STATES.find((known) => typeof wanted === 'string' && known === wanted.toUpperCase());
  if (status === undefined) throw new ControlError(400, `"state" must be one of ${REFUND_STATES.join(', ')}.`);
  if (typeof notify !== 'boolean') throw new ControlError(400, '"notify" must be true or false.');
  const refund = findRefund(state, decode(name), merchantId);
  moveRefund(state, refund, status, notify);
  return refundObject(refund, paymentOf(state, refund));
}

/** The refund of this number; without a merchant it must be the only one. */
export function findRefund(state: PayState, no: string, merchantId: unknown): Refund {
  if (merchantId !== undefined && typeof merchantId !== 'string') throw new ControlError(400, '"merchant_id" must be a string.');
  const merchants = merchantId === undefined ? state.merchants.list().map(({ merchant_id: id }) => id) : [merchantId];
  const found = merchants.flatMap((id) => state.refunds.find(id, no) ?? []);
  if (found.length > 1) throw new ControlError(409, 'Several merchants have a refund of this number; say "merchant_id".');
  const refund = found[0];
  if (!refund) throw new ControlError(404, 'No such refund.');
  return refund;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new ControlError(400, 'The path is not well encoded.');
  }
}
