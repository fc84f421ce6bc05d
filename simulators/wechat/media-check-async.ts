import { makeTraceId } from './apps.js';
import { refuseCheck } from './check-fields.js';
import { mediaEvent } from './media-checks.js';
import { pushEvent } from './user-acts.js';
import { errorBody } from './wechat-errors.js';
import type { Answer, ApiCall } from './api-call.js';
import type { Delivery } from './push/sender.js';
import type { MediaCheck, MediaVerdict } from './media-checks.js';
import type { WechatState } from './wechat-state.js';

const LONGEST_URL = 2_048;

/** `POST /wxa/media_check_async`, version 2: the trace id now, the verdict as an event later. The media itself is never fetched. (40097 for bad fields is assumed.) */
export function checkMedia(call: ApiCall, state: WechatState): Answer {
  const { media_url: url, media_type: type, openid } = call.body;
  if (url === undefined || url === '') return errorBody(44002);
  if (typeof url !== 'string' || url.length > LONGEST_URL || !/^https?:\/\//u.test(url) || !URL.canParse(url)) return errorBody(40097);
  if (type !== 1 && type !== 2) return errorBody(40097);
  const refused = refuseCheck(call, state.openids);
  if (refused !== undefined) return errorBody(refused);
  const check = { traceId: makeTraceId(), appid: call.app.appid, openid: openid as string, url };
  state.media.begin(check, (verdict) => void tellVerdict(check, verdict, state));
  return { errcode: 0, errmsg: 'ok', trace_id: check.traceId };
}

/** Pushes the verdict of a check. */
export function tellVerdict(check: MediaCheck, verdict: MediaVerdict, state: WechatState): Promise<Delivery> {
  return pushEvent(state, { appid: check.appid, openid: check.openid, event: 'wxa_media_check', fields: mediaEvent(check, verdict) });
}
