import { isObject } from '../../http/json-object.js';
import { errorBody } from '../wechat-errors.js';
import { faultOf } from './field-values.js';
import { pushSubscribeEvent } from './subscribe-events.js';
import type { Answer, ApiCall } from '../api-call.js';
import type { Template, TemplateList } from './templates.js';
import type { WechatState } from '../wechat-state.js';

const STATES = ['formal', 'trial', 'developer'];
const LANGUAGES = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW'];
const LONGEST_PAGE = 1_024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * `POST /cgi-bin/message/subscribe/send`. The consent is looked at last, so that a message with a fault
 * costs none. (The order, and 40097 for a wrong `miniprogram_state` or `lang`, are assumed.)
 */
export function sendSubscribed({ app: { appid }, body }: ApiCall, state: WechatState): Answer {
  const { touser: openid, template_id: id, page, miniprogram_state: version = 'formal', lang = 'zh_CN' } = body;
  if (typeof openid !== 'string' || state.openids.refusal(appid, openid) !== undefined) return errorBody(40003);
  const template = state.templates.find(appid, id);
  if (!template) return errorBody(40037);
  const fault = faultOfData(template, body['data']);
  if (fault !== undefined) return errorBody(47003, `argument invalid! ${fault}`);
  if (!isPage(page, state.templates.of(appid))) return errorBody(41030);
  if (!isOneOf(version, STATES) || !isOneOf(lang, LANGUAGES)) return errorBody(40097);
  const refused = state.consents.take(appid, openid, template.id);
  if (refused !== undefined) return errorBody(refused);

  const msgid = state.nextNoticeId();
  const data = valuesOf(template, body['data'] as Fields);
  state.delivered.add(appid, openid, { at: new Date(state.clock.now()).toISOString(), msgid, template: template.id, data, page, miniprogramState: version, lang });
  void pushSubscribeEvent(state, 'sent', { appid, openid }, [{ TemplateId: template.id, MsgID: String(msgid), ErrorCode: 0, ErrorStatus: 'success' }]);
  return { errcode: 0, errmsg: 'ok', msgid };
}

/** The first field that is missing or badly formed; what the template does not have is passed over (assumed). */
function faultOfData({ fields }: Template, data: unknown): string | undefined {
  if (!isObject(data)) return 'data is empty';
  return fields.map((name) => faultOf(name, valueOf(data[name]))).find((fault) => fault !== undefined);
}

function valuesOf({ fields }: Template, data: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((name) => [name, String(valueOf(data[name]))]));
}

function valueOf(field: unknown): unknown {
  return isObject(field) ? field['value'] : undefined;
}

/** A page of the mini program, perhaps with a query; none is fine, the card then opens nothing. */
function isPage(page: unknown, { pages }: TemplateList): page is string | undefined {
  if (page === undefined || page === '') return true;
  if (typeof page !== 'string' || page.length > LONGEST_PAGE || /^\w+:/u.test(page)) return false;
  return pages === undefined || pages.includes(page.replace(/\?.*$/u, ''));
}

function isOneOf(value: unknown, known: readonly string[]): value is string {
  return typeof value === 'string' && known.includes(value);
}
