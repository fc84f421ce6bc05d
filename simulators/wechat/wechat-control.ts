import { answerJson } from '../http/answer-json.js';
import { readJsonObject } from '../http/read-body.js';
import { CHECK_ROUTES } from './control-checks.js';
import { ControlError } from './control-error.js';
import { CUSTOMER_ROUTES } from './control-customer.js';
import { LOGIN_ROUTES } from './control-login.js';
import { PUSH_ROUTES } from './control-push.js';
import { SCRIPT_ROUTES } from './control-script.js';
import { SUBSCRIBE_ROUTES } from './control-subscribe.js';
import { XPAY_ROUTES } from './control-xpay.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ControlRoutes } from './control-route.js';
import type { WechatState } from './wechat-state.js';

const BODY_LIMIT = 4 * 1024 * 1024;
/** A try-out page of another origin may ask for codes: it plays the phone. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, POST, PUT, DELETE', 'access-control-allow-headers': 'content-type' };

const ROUTES: ControlRoutes = { ...LOGIN_ROUTES, ...SCRIPT_ROUTES, ...CHECK_ROUTES, ...PUSH_ROUTES, ...CUSTOMER_ROUTES, ...SUBSCRIBE_ROUTES, ...XPAY_ROUTES };

/** Answers `/control/…`; the table is in the README beside this folder. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, url: URL, state: WechatState): Promise<void> {
  // Set before anything can fail, so that a page can read the refusals, too.
  for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const route = `${request.method} ${url.pathname}`;
  if (!Object.hasOwn(ROUTES, route)) throw new ControlError(404, `No control endpoint ${route}.`);
  const isWriting = request.method === 'POST' || request.method === 'PUT';
  const body = isWriting ? await readJsonObject(request, BODY_LIMIT) : {};
  const { status = 200, body: answer } = (await ROUTES[route]?.({ query: url.searchParams, body, state })) ?? { body: {} };
  answerJson(response, status, answer);
}
