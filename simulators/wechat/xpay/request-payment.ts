import { ControlError } from '../control-error.js';
import { keyOf } from './offers.js';
import { paySignature, userSignature } from './signing.js';
import { readSignData } from './sign-data.js';
import type { ClientError } from './client-error.js';
import type { Offer } from './offers.js';
import type { SignData } from './sign-data.js';
import type { VirtualOrder } from './order.js';
import type { WechatState } from '../wechat-state.js';

/** Apple's smallest payment, fen. */
const LEAST_IOS_FEN = 100;
/** A reduced price stays at 40 % of the price, or above. */
const LEAST_PERCENT = 40;

/** A call of `wx.requestVirtualPayment` on the phone of a user. */
export interface PaymentRequest {
  readonly appid: string;
  readonly openid: string;
  readonly mode: string;
  readonly signData: string;
  readonly paySig: string;
  readonly signature: string;
  readonly isIos: boolean;
}

/**
 * What WeChat does with it before the user sees a price: the signatures, the goods, the number. The order is
 * assumed. Coins are not simulated: none are ever published (−15009). Throws ControlError where the app has no
 * virtual payment.
 */
export function requestPayment(request: PaymentRequest, state: WechatState): VirtualOrder | ClientError {
  const { appid, openid, isIos } = request;
  const offer = state.offers.of(appid);
  if (!offer) throw new ControlError(409, 'This app has no virtual payment.');
  if (request.mode !== 'short_series_goods') return { errCode: request.mode === 'short_series_coin' ? -15009 : -15001, reason: 'mode' };
  const data = readSignData(request.signData);
  if ('errCode' in data) return data;
  const refused = refuseSignatures(request, data, offer, state) ?? (isIos ? refuseIos(data, offer) : undefined);
  if (refused) return refused;
  const fees = feesOf(data, state.offers.find(appid, data.productId));
  if ('errCode' in fees) return fees;
  if (state.virtualOrders.isUsed(appid, data.outTradeNo)) return { errCode: -15002 };
  const { outTradeNo, env, productId, quantity, attach } = data;
  return state.virtualOrders.create({ appid, openid, outTradeNo, env, isIos, productId, quantity, attach, ...fees });
}

function refuseSignatures({ appid, openid, signData, paySig, signature }: PaymentRequest, { offerId, env }: SignData, offer: Offer, { sessionKeys }: WechatState): ClientError | undefined {
  if (offerId !== offer.offerId) return { errCode: -15001, reason: 'offerId' };
  if (paySig !== paySignature(keyOf(offer, env), 'requestVirtualPayment', signData)) return { errCode: -15006 };
  const sessionKey = sessionKeys.of(appid, openid);
  if (sessionKey === undefined) return { errCode: -15007 };
  return signature === userSignature(sessionKey, signData) ? undefined : { errCode: -15005 };
}

/** Apple has no sandbox and no payment below 1 yuan, and must be switched on. (Of its refusals only the texts are known.) */
function refuseIos({ env, quantity, goodsPrice, sellingPrice }: SignData, { ios }: Offer): ClientError | undefined {
  if (!ios) return { errCode: -1, reason: '当前商户尚未开启 iOS 支付' };
  if (env === 1) return { errCode: -15011 };
  return quantity * (sellingPrice ?? goodsPrice) < LEAST_IOS_FEN ? { errCode: -15001, reason: 'iOS payments begin at 1 yuan' } : undefined;
}

function feesOf({ goodsPrice, sellingPrice, quantity }: SignData, goods: ReturnType<WechatState['offers']['find']>): Pick<VirtualOrder, 'fee' | 'originalFee'> | ClientError {
  if (typeof goods === 'number') return { errCode: goods };
  if (goodsPrice !== goods.price) return { errCode: -15013 };
  if (sellingPrice !== undefined && (sellingPrice * 100 < goods.price * LEAST_PERCENT || sellingPrice > goods.price)) return { errCode: -15013, reason: 'activitySellingPrice' };
  return { originalFee: goods.price * quantity, fee: (sellingPrice ?? goods.price) * quantity };
}
