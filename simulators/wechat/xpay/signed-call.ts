import { errorBody } from '../wechat-errors.js';
import { keyOf } from './offers.js';
import { paySignature } from './signing.js';
import type { Answer, ApiCall } from '../api-call.js';
import type { VirtualOrder } from './order.js';
import type { WechatState } from '../wechat-state.js';

/** A call of `/xpay/…` whose `pay_sig` was right. */
export interface XpayCall extends ApiCall {
  readonly env: 0 | 1;
}

/** Wraps a call so that its `pay_sig` is checked over the very bytes of the body. An app without virtual payment is 48001. */
export function signed(path: string, work: (call: XpayCall, state: WechatState) => Answer): (call: ApiCall, state: WechatState) => Answer {
  return (call, state) => {
    const offer = state.offers.of(call.app.appid);
    if (!offer) return errorBody(48001);
    const { env } = call.body;
    if (env !== 0 && env !== 1) return errorBody(268490002, 'env must be 0 or 1');
    if (call.query.get('pay_sig') !== paySignature(keyOf(offer, env), path, call.raw)) return errorBody(268490003);
    return work({ ...call, env }, state);
  };
}

/** The order that a call names by `order_id` or `wx_order_id`, of its environment; else the refusal. */
export function orderOf({ app: { appid }, body, env }: XpayCall, { virtualOrders }: WechatState): VirtualOrder | Answer {
  const { order_id: id, wx_order_id: wxId } = body;
  const order = typeof id === 'string' && id !== '' ? virtualOrders.find(appid, id) : typeof wxId === 'string' ? virtualOrders.findByWxId(appid, wxId) : undefined;
  return order?.env === env ? order : errorBody(268490002, 'no such data');
}

/** Whether {@link orderOf} found one. */
export function isOrder(found: VirtualOrder | Answer): found is VirtualOrder {
  return 'outTradeNo' in found;
}
