/**
 * The states of an order: 0 initialised, 1 created, 2 paid and to be delivered, 3 delivering, 4 delivered,
 * 5 refunded (the merchant's side), 6 closed, 7 refund failed, 8 the user has the refund, 9 advertising money
 * reclaimed, 10 share returned. The simulator itself passes through 1, 2, 4, 5, 7 and 8; a test sets the others.
 */
export const STATES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
export type OrderState = (typeof STATES)[number];

/** An order of goods. Amounts in fen, times in milliseconds since 1970. */
export interface VirtualOrder {
  readonly appid: string;
  readonly openid: string;
  /** The merchant's number. */
  readonly outTradeNo: string;
  /** WeChat's own number. */
  readonly wxOrderId: string;
  /** The merchant's number in the user's bill, or Apple's. */
  readonly channelOrderId: string;
  /** WeChat Pay's transaction; Apple has none. */
  readonly wxpayOrderId: string;
  readonly env: 0 | 1;
  readonly isIos: boolean;
  readonly productId: string;
  readonly quantity: number;
  /** Of all items, before and after the reduction. */
  readonly originalFee: number;
  readonly fee: number;
  readonly attach: string;
  readonly createdAt: number;
  updatedAt: number;
  paidAt: number | undefined;
  providedAt: number | undefined;
  state: OrderState;
  /** What is not refunded yet. */
  leftFee: number;
}

/** Whether its goods wait to be delivered, so that the merchant may say that they were. */
export function isToDeliver({ state }: VirtualOrder): boolean {
  return state === 2 || state === 3;
}

/** The `order` of `query_order`, of an order or of a refund. Amounts in fen, times in seconds since 1970, 0 = never. */
export interface OrderView {
  readonly order_id: string;
  readonly create_time: number;
  readonly update_time: number;
  readonly status: OrderState;
  readonly biz_type: number;
  readonly order_fee: number;
  readonly coupon_fee: number;
  readonly paid_fee: number;
  /** 0 = an order, 1 = its refund; of Apple's payments 7 and 8. */
  readonly order_type: 0 | 1 | 7 | 8;
  readonly refund_fee: number;
  readonly paid_time: number;
  readonly provide_time: number;
  readonly biz_meta: string;
  /** 1 = live, 2 = the sandbox. */
  readonly env_type: number;
  readonly token: string;
  readonly left_fee: number;
  readonly wx_order_id: string;
  readonly channel_order_id: string;
  readonly wxpay_order_id: string;
  readonly sett_time: number;
  readonly sett_state: number;
}

/** An order as `query_order` tells it. */
export function orderView(order: VirtualOrder): OrderView {
  return {
    order_id: order.outTradeNo,
    create_time: seconds(order.createdAt),
    update_time: seconds(order.updatedAt),
    status: order.state,
    biz_type: 0,
    order_fee: order.fee,
    coupon_fee: 0,
    paid_fee: order.paidAt === undefined ? 0 : order.fee,
    order_type: order.isIos ? 7 : 0,
    refund_fee: 0,
    paid_time: seconds(order.paidAt),
    provide_time: seconds(order.providedAt),
    biz_meta: order.attach,
    env_type: order.env + 1,
    token: '',
    left_fee: order.paidAt === undefined ? 0 : order.leftFee,
    wx_order_id: order.wxOrderId,
    channel_order_id: order.channelOrderId,
    wxpay_order_id: order.wxpayOrderId,
    sett_time: 0,
    sett_state: 0,
  };
}

/** Whole seconds; 0 = never. */
export function seconds(ms: number | undefined): number {
  return ms === undefined ? 0 : Math.floor(ms / 1000);
}
