import { errorBody } from '../wechat-errors.js';
import { userSignature } from './signing.js';
import type { Answer } from '../api-call.js';
import type { WechatState } from '../wechat-state.js';
import type { XpayCall } from './signed-call.js';

/**
 * `POST /xpay/query_user_balance`, `currency_pay` and `cancel_currency_pay`: calls that show the user's state by
 * `signature`, too. Without a session key they are 268490009, with a signature of another text or an older key
 * 268490003; with the right one 268490008, because no coins are ever published here.
 */
export function refuseCoins({ app: { appid }, body: { openid }, query, raw }: XpayCall, { openids, sessionKeys }: WechatState): Answer {
  if (typeof openid !== 'string' || openids.refusal(appid, openid) !== undefined) return errorBody(268490001);
  const sessionKey = sessionKeys.of(appid, openid);
  if (sessionKey === undefined) return errorBody(268490009);
  return errorBody(query.get('signature') === userSignature(sessionKey, raw) ? 268490008 : 268490003);
}
