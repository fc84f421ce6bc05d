import { ControlError } from './api-error.js';
import { PAGE_HEADERS, listPage, messagePage, orderPage } from './page-views.js';
import { answerText } from '../http/answer-json.js';
import { findOrder } from './control-payer.js';
import { obstacle, pay } from './payments.js';
import { readBody } from '../http/read-body.js';
import { verifyMessage } from './signing.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Order } from './orders.js';
import type { PayState } from './pay-state.js';

const BODY_LIMIT = 16 * 1024;
const CHECKMWEB = '/cgi-bin/mmpayweb-bin/checkmweb';
/** An h5_url is good for five minutes. */
const H5_MS = 5 * 60_000;

/** Answers the pages for people: the list at `/`, the cashier at `/pay` and where h5_url points. False = no page of that path. */
export async function answerPage(request: IncomingMessage, response: ServerResponse, url: URL, state: PayState): Promise<boolean> {
  const isCashier = url.pathname === '/pay' || url.pathname.startsWith('/pay/') || url.pathname === CHECKMWEB;
  if (!isCashier && url.pathname !== '/') return false;
  if (request.method !== 'GET' && request.method !== 'HEAD' && !(isCashier && request.method === 'POST')) {
    send(response, 405, messagePage('不支持的请求方法', 'Method not allowed'));
    return true;
  }
  try {
    if (!isCashier) send(response, 200, list(state));
    else if (request.method === 'POST') choose(response, url, state, await readBody(request, BODY_LIMIT));
    else send(response, 200, show(url, state));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    send(response, error.status, messagePage(error.status === 404 ? '没有这个订单' : '不能支付', error.message));
  }
  return true;
}

function list(state: PayState): string {
  const now = state.clock.now();
  return listPage(state.orders.newest().map((order) => ({ order, state: state.orders.stateOf(order, now), href: hrefOf(order, {}) })));
}

function show(url: URL, state: PayState): string {
  const order = orderOf(url, state);
  const back = readBack(url);
  const did = url.searchParams.get('did') ?? undefined;
  return orderPage({ order, state: state.orders.stateOf(order, state.clock.now()), obstacle: obstacle(state, order), action: hrefOf(order, { back }), did, back });
}

/** A button was pressed: pays, then shows the order by another request, so that reloading pays nothing again. */
function choose(response: ServerResponse, url: URL, state: PayState, body: Buffer): void {
  const outcome = new URLSearchParams(body.toString('utf8')).get('outcome');
  if (outcome !== 'success' && outcome !== 'fail' && outcome !== 'cancel') throw new ControlError(400, 'The outcome must be success, fail or cancel.');
  const order = orderOf(url, state);
  pay(state, order, { outcome, notify: true, force: false });
  response.writeHead(303, { ...PAGE_HEADERS, location: hrefOf(order, { did: outcome, back: readBack(url) }) }).end();
}

/** The order that a link is about, by what it names: a native code, a prepay id or the order's number. Throws {@link ControlError}. */
function orderOf(url: URL, state: PayState): Order {
  const query = url.searchParams;
  if (url.pathname.startsWith('/pay/')) return findOrder(state, decode(url.pathname.slice('/pay/'.length)), query.get('merchant_id') ?? undefined);
  const codeUrl = query.get('code_url');
  const prepayId = query.get('prepay_id') ?? /^prepay_id=(.+)$/u.exec(query.get('package') ?? '')?.[1];
  const order = codeUrl === null ? state.orders.byPrepay(prepayId ?? '') : state.orders.byShort(/^weixin:\/\/wxpay\/bizpayurl\?pr=([\w-]+)$/u.exec(codeUrl)?.[1] ?? '');
  if (!order) throw new ControlError(404, 'No order is known by this link; a renewed prepay id replaces the older one.');
  if (url.pathname === CHECKMWEB && state.clock.now() - order.posted_at >= H5_MS) throw new ControlError(410, 'An h5_url is good for five minutes; place the order again.');
  if (query.has('paySign')) checkPaySign(state, order, query);
  return order;
}

/** What `wx.requestPayment` checks: four lines, signed by the merchant. Only links that bring a `paySign` are checked. */
function checkPaySign(state: PayState, order: Order, query: URLSearchParams): void {
  const lines = [query.get('appId') ?? order.app_id, query.get('timeStamp') ?? '', query.get('nonceStr') ?? '', `prepay_id=${order.prepay_id}`];
  const key = state.merchants.keyOf(order.merchant_id);
  const isGood = lines[0] === order.app_id && key && verifyMessage(key, Buffer.from(lines.map((line) => `${line}\n`).join('')), query.get('paySign') ?? '');
  if (!isGood) throw new ControlError(400, 'requestPayment:fail, the paySign does not fit (appId, timeStamp, nonceStr, package).');
}

function hrefOf(order: Order, { did, back }: { readonly did?: string; readonly back?: string | undefined }): string {
  const query = new URLSearchParams({ merchant_id: order.merchant_id, ...(did === undefined ? {} : { did }), ...(back === undefined ? {} : { redirect_url: back }) });
  return `/pay/${encodeURIComponent(order.out_trade_no)}?${query.toString()}`;
}

/** `redirect_url`, which H5 merchants append; web addresses only. */
function readBack(url: URL): string | undefined {
  const back = url.searchParams.get('redirect_url');
  return back !== null && /^https?:\/\//u.test(back) && URL.canParse(back) ? back : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ControlError(404, 'The link is not well encoded.');
  }
}

function send(response: ServerResponse, status: number, html: string): void {
  answerText(response, status, 'text/html; charset=utf-8', html, PAGE_HEADERS);
}
