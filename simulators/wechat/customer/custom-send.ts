import { isObject } from '../../http/json-object.js';
import { errorBody } from '../wechat-errors.js';
import type { Answer, ApiCall } from '../api-call.js';
import type { WechatState } from '../wechat-state.js';

const LONGEST_TEXT_BYTES = 2_048;

type Content = Readonly<Record<string, unknown>>;

/** What each kind of message must hold, and the refusal of what lacks it. (The numbers are assumed, and so is the longest text.) */
const KINDS: Readonly<Record<string, (content: Content) => number | undefined>> = {
  text: ({ content }) => (!isText(content) ? 44004 : Buffer.byteLength(content) > LONGEST_TEXT_BYTES ? 45002 : undefined),
  image: ({ media_id: media }) => (isText(media) ? undefined : 40007),
  link: ({ title, description, url, thumb_url: thumb }) => ([title, description, url, thumb].every(isText) && URL.canParse(url as string) ? undefined : 40097),
  miniprogrampage: ({ title, pagepath, thumb_media_id: thumb }) => (!isText(thumb) ? 40007 : [title, pagepath].every(isText) ? undefined : 40097),
};

/** `POST /cgi-bin/message/custom/send`. */
export function sendCustom({ app: { appid }, body }: ApiCall, { openids, windows, received, clock }: WechatState): Answer {
  const { touser: openid, msgtype } = body;
  const stranger = openids.refusal(appid, openid);
  if (stranger !== undefined) return errorBody(40003);
  const check = typeof msgtype === 'string' && Object.hasOwn(KINDS, msgtype) ? KINDS[msgtype] : undefined;
  if (typeof msgtype !== 'string' || !check) return errorBody(40008);
  const content = body[msgtype];
  if (!isObject(content)) return errorBody(47001);
  const refused = check(content) ?? windows.take(appid, openid as string);
  if (refused !== undefined) return errorBody(refused);
  received.add(appid, openid as string, { at: new Date(clock.now()).toISOString(), msgtype, content });
  return { errcode: 0, errmsg: 'ok' };
}

/** `POST /cgi-bin/message/custom/typing`. */
export function showTyping({ app: { appid }, body }: ApiCall, { openids, windows }: WechatState): Answer {
  const { touser: openid, command } = body;
  if (openids.refusal(appid, openid) !== undefined) return errorBody(40003);
  if (command !== 'Typing' && command !== 'CancelTyping') return errorBody(45072);
  if (command === 'CancelTyping') windows.stopTyping(appid, openid as string);
  const refused = command === 'Typing' ? windows.type(appid, openid as string) : undefined;
  return refused === undefined ? { errcode: 0, errmsg: 'ok' } : errorBody(refused);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
