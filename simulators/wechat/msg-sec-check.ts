import { makeTraceId } from './apps.js';
import { refuseCheck } from './check-fields.js';
import { errorBody } from './wechat-errors.js';
import type { Answer, ApiCall } from './api-call.js';
import type { WechatState } from './wechat-state.js';

/** In characters (字), whatever their bytes. */
const LONGEST_CONTENT = 2_500;

/** `POST /wxa/msg_sec_check`, version 2. (45002 for a text that is too long is assumed.) */
export function checkText(call: ApiCall, { words, openids }: WechatState): Answer {
  const { content, scene, title, nickname, signature } = call.body;
  if (content === undefined || content === '') return errorBody(44002);
  if (typeof content !== 'string') return errorBody(47001);
  if (isTooLong(content)) return errorBody(45002);
  const refused = refuseCheck(call, openids);
  if (refused !== undefined) return errorBody(refused);
  const text = [content, title, nickname, scene === 1 ? signature : undefined].filter((part) => typeof part === 'string').join('\n');
  return { errcode: 0, errmsg: 'ok', ...words.judge(call.app.appid, text), trace_id: makeTraceId() };
}

function isTooLong(text: string): boolean {
  return text.length > LONGEST_CONTENT && (text.length > 2 * LONGEST_CONTENT || [...text].length > LONGEST_CONTENT);
}
