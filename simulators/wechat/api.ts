import { BadBody, parseJsonObject, readBody, readJsonObject } from '../http/read-body.js';
import { checkMedia } from './media-check-async.js';
import { checkText } from './msg-sec-check.js';
import { errorBody } from './wechat-errors.js';
import { sendCustom, showTyping } from './customer/custom-send.js';
import { provideGoods } from './xpay/provide-goods.js';
import { queryOrder } from './xpay/query-order.js';
import { refuseCoins } from './xpay/coin-calls.js';
import { refundOrder } from './xpay/refund-order.js';
import { sendSubscribed } from './subscribe/subscribe-send.js';
import { logIn, plainToken, stableToken } from './credentials.js';
import { signed } from './xpay/signed-call.js';
import type { IncomingMessage } from 'node:http';
import type { Answer, ApiCall } from './api-call.js';
import type { WechatState } from './wechat-state.js';

const BODY_LIMIT = 1024 * 1024;

/** A call after its work: the answer, and what the log keeps of it. */
export interface Called {
  readonly body?: Answer;
  readonly appid?: string | undefined;
  readonly asked?: unknown;
  /** Its JSON is called plain text; clients must not go by the type. */
  readonly isPlainText?: boolean;
}

type Parameters = Readonly<Record<string, unknown>>;

/** Calls that prove who they are by the app's secret. */
const WITH_SECRET: Readonly<Record<string, { readonly method: 'GET' | 'POST'; readonly answer: (parameters: Parameters, state: WechatState) => Answer }>> = {
  '/sns/jscode2session': { method: 'GET', answer: logIn },
  '/cgi-bin/token': { method: 'GET', answer: plainToken },
  '/cgi-bin/stable_token': { method: 'POST', answer: stableToken },
};

/** Calls that show an access token in the query: a further one is an entry here. */
const WITH_TOKEN: Readonly<Record<string, { readonly answer: (call: ApiCall, state: WechatState) => Answer; readonly wrongMethod?: number }>> = {
  '/wxa/msg_sec_check': { answer: checkText, wrongMethod: 43302 },
  '/wxa/media_check_async': { answer: checkMedia, wrongMethod: 43302 },
  '/cgi-bin/message/custom/send': { answer: sendCustom },
  '/cgi-bin/message/custom/typing': { answer: showTyping },
  '/cgi-bin/message/subscribe/send': { answer: sendSubscribed },
  '/xpay/query_order': { answer: signed('/xpay/query_order', queryOrder) },
  '/xpay/refund_order': { answer: signed('/xpay/refund_order', refundOrder) },
  '/xpay/notify_provide_goods': { answer: signed('/xpay/notify_provide_goods', provideGoods) },
  '/xpay/query_user_balance': { answer: signed('/xpay/query_user_balance', refuseCoins) },
  '/xpay/currency_pay': { answer: signed('/xpay/currency_pay', refuseCoins) },
  '/xpay/cancel_currency_pay': { answer: signed('/xpay/cancel_currency_pay', refuseCoins) },
};

/** Whether this path is one of the API's. */
export function knows(path: string): boolean {
  return Object.hasOwn(WITH_SECRET, path) || Object.hasOwn(WITH_TOKEN, path);
}

/** Does the work of a call, or gives the scripted answer instead. */
export async function answerCall(request: IncomingMessage, url: URL, state: WechatState, scripted: Answer | undefined): Promise<Called> {
  return Object.hasOwn(WITH_SECRET, url.pathname) ? callWithSecret(request, url, state, scripted) : callWithToken(request, url, state, scripted);
}

async function callWithSecret(request: IncomingMessage, url: URL, state: WechatState, scripted: Answer | undefined): Promise<Called> {
  const call = WITH_SECRET[url.pathname];
  if (!call) return {};
  const isPlainText = url.pathname === '/sns/jscode2session';
  const parameters = call.method === 'GET' ? Object.fromEntries(url.searchParams) : await unlessBad(() => readJsonObject(request, BODY_LIMIT));
  const appid = parameters === undefined ? undefined : text(parameters['appid']);
  if (scripted) return { body: scripted, appid, isPlainText };
  if (call.method === 'POST' && request.method !== 'POST') return { body: errorBody(43002), isPlainText };
  if (!parameters) return { body: errorBody(47001) };
  return { body: call.answer(parameters, state), appid, isPlainText };
}

/** WeChat's order is not documented; assumed: method, token, quota, form, fields. */
async function callWithToken(request: IncomingMessage, url: URL, state: WechatState, scripted: Answer | undefined): Promise<Called> {
  const call = WITH_TOKEN[url.pathname];
  if (!call) return {};
  const raw = (await unlessBad(() => readBody(request, BODY_LIMIT))) ?? Buffer.alloc(0);
  const asked = await unlessBad(() => parseJsonObject(raw));
  const appid = state.issued.appOf(url.searchParams.get('access_token'));
  const about = { asked, appid: typeof appid === 'string' ? appid : state.issued.ownerOf(url.searchParams.get('access_token')) };
  if (scripted) return { ...about, body: scripted };
  if (request.method !== 'POST') return { ...about, body: errorBody(call.wrongMethod ?? 43002) };
  const app = typeof appid === 'string' ? state.apps.get(appid) : undefined;
  if (!app) return { ...about, body: errorBody(typeof appid === 'number' ? appid : 40014) };
  const beyond = state.quotas.take(app.appid, url.pathname);
  if (beyond !== undefined) return { ...about, body: errorBody(beyond) };
  return { ...about, body: asked ? call.answer({ app, body: asked, raw, query: url.searchParams }, state) : errorBody(47001) };
}

/** What `read` gives; undefined for a body that nobody can read. Throws BadBody for one that is too long. */
async function unlessBad<Read>(read: () => Read | Promise<Read>): Promise<Read | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BadBody && error.status === 400) return undefined;
    throw error;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
