import { answerJson } from '../http/answer-json.js';
import { readJsonObject } from '../http/read-body.js';
import { BadScript } from './script.js';
import { CannotPay } from './orders.js';
import { VARIANTS, paymentLetter, refundLetter } from './letters.js';
import { stateOf } from './order.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Delivery, PostMode } from './postman.js';
import type { KeyMode } from './merchants.js';
import type { Letter, Variant } from './letters.js';
import type { Order } from './order.js';
import type { RefundPlan, State } from './state.js';
import type { RefundStatus } from './refunds.js';
import type { Tamper } from './bill.js';

const BODY_LIMIT = 1024 * 1024;
const MOST_LETTERS = 10_000;
/** A try-out page of another origin may pay: it plays the phone. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, POST, PUT, DELETE', 'access-control-allow-headers': 'content-type' };

type Body = Record<string, unknown>;
type Reply = { readonly status: number; readonly body: unknown };

const ok = (body: unknown): Reply => ({ status: 200, body });
const refuse = (status: number, message: string): Reply => ({ status, body: { error: { message } } });
const oneOf = <T extends string>(value: unknown, choices: readonly T[]): T | undefined => choices.find((choice) => choice === value);

/** Answers `/control/…`; the table is in the README beside this folder. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, url: URL, state: State): Promise<void> {
  // Set before anything can fail, so that a page can read the refusals, too.
  for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const { status, body } = await reply(request, url, state);
  answerJson(response, status, body);
}

async function reply(request: IncomingMessage, url: URL, state: State): Promise<Reply> {
  const body = (): Promise<Body> => readJsonObject(request, BODY_LIMIT);
  const refundNo = /^\/control\/refunds\/([^/]+)$/u.exec(url.pathname)?.[1];
  if (request.method === 'POST' && refundNo) return moveRefund(decodeURIComponent(refundNo), await body(), state);
  switch (`${request.method} ${url.pathname}`) {
    case 'POST /control/merchants': return register(await body(), state);
    case 'POST /control/pay': return pay(await body(), state);
    case 'POST /control/notify': return notify(await body(), state);
    case 'POST /control/bills': return tamperBill(await body(), state);
    case 'PUT /control/script': return setScript(await body(), state);
    case 'GET /control/script': return ok(script(state));
    case 'DELETE /control/script': return setScript({ notifications: 'on' }, state);
    case 'PUT /control/refunds': return planRefunds(await body(), state);
    case 'PUT /control/clock': return setClock(await body(), state);
    case 'GET /control/record': return ok(record(url.searchParams.get('merchant_id') ?? undefined, state));
    case 'GET /control/counters': return ok(counters(state));
    case 'DELETE /control/counters':
      state.counters.reset();
      return ok(counters(state));
    default: return refuse(404, `No control endpoint ${request.method} ${url.pathname}.`);
  }
}

function register(body: Body, state: State): Reply {
  const { merchant_id: merchantId, app_ids: appIds, api_v3_key: apiV3Key, merchant_serial: serial, merchant_public_key: publicKey, mode = 'public_key' } = body;
  const keyMode = oneOf<KeyMode>(mode, ['public_key', 'certificate', 'mixed']);
  if (typeof merchantId !== 'string' || typeof serial !== 'string' || typeof publicKey !== 'string' || !keyMode) return refuse(400, '"merchant_id", "merchant_serial", "merchant_public_key" must be strings, "mode" public_key, certificate or mixed.');
  if (typeof apiV3Key !== 'string' || apiV3Key.length !== 32) return refuse(400, '"api_v3_key" must have 32 characters.');
  if (!Array.isArray(appIds) || !appIds.every((appId) => typeof appId === 'string')) return refuse(400, '"app_ids" must be a list of texts.');
  try {
    if (!state.registerMerchant({ merchantId, appIds, apiV3Key, serial, publicKey, mode: keyMode })) return refuse(507, 'Too many merchants.');
  } catch {
    return refuse(400, '"merchant_public_key" must be an RSA public key, PEM.');
  }
  const { publicKey: current, certificate } = state.keys;
  return ok({ merchant_id: merchantId, wechatpay_public_key_id: current.serial, wechatpay_public_key: current.publicPem, platform_certificate_serial: certificate.serial, platform_certificate_key: certificate.publicPem });
}

function pay(body: Body, state: State): Reply {
  const order = findOrder(body, state);
  if (!order) return refuse(404, 'There is no such order.');
  const outcome = body['outcome'] === undefined ? 'success' : oneOf(body['outcome'], ['success', 'fail', 'cancel']);
  if (!outcome) return refuse(400, '"outcome" must be success, fail or cancel.');
  if (outcome !== 'success') return ok({ trade_state: stateOf(order, state.clock.now()) });
  const at = typeof body['success_time'] === 'string' ? Date.parse(body['success_time']) : undefined;
  if (at !== undefined && Number.isNaN(at)) return refuse(400, '"success_time" must be a moment.');
  const payerTotal = typeof body['coupon'] === 'number' ? order.total - body['coupon'] : typeof body['payer_total'] === 'number' ? body['payer_total'] : undefined;
  try {
    const { order: paid, payment } = state.orders.pay(order, { openid: typeof body['openid'] === 'string' ? body['openid'] : undefined, payerTotal, at, force: body['force'] === true });
    if (body['notify'] !== false) state.tellPayment(paid, payment);
    return ok({ trade_state: stateOf(paid, state.clock.now()), transaction_id: payment.transactionId });
  } catch (error) {
    if (error instanceof CannotPay) return refuse(409, error.message);
    throw error;
  }
}

async function notify(body: Body, state: State): Promise<Reply> {
  const variant = body['variant'] === undefined ? 'good' : oneOf<Variant>(body['variant'], VARIANTS);
  if (!variant) return refuse(400, `"variant" must be one of ${VARIANTS.join(', ')}.`);
  const times = typeof body['times'] === 'number' ? body['times'] : 1;
  if (!(times >= 1 && times <= MOST_LETTERS)) return refuse(400, `"times" must be from 1 to ${MOST_LETTERS}.`);
  const letter = letterFor(body, variant, state);
  if (!letter) return refuse(404, 'There is no paid order or ended refund to tell of.');
  const url = typeof body['url'] === 'string' ? body['url'] : letter.url;
  const answers: Delivery[] = [];
  if (body['parallel'] === true) answers.push(...(await Promise.all(Array.from({ length: times }, () => state.postman.deliver(letter, url)))));
  else for (let sent = 0; sent < times; sent += 1) answers.push(await state.postman.deliver(letter, url));
  return ok({ answers });
}

function letterFor(body: Body, variant: Variant, state: State): Letter | undefined {
  if (typeof body['out_refund_no'] === 'string') {
    const refund = state.refunds.findAny(body['out_refund_no']);
    const merchant = refund && state.merchants.get(refund.merchantId);
    return refund && merchant && refund.status !== 'PROCESSING' ? refundLetter(state.keys, merchant, refund, variant) : undefined;
  }
  const order = findOrder(body, state);
  const payment = order?.payments.at(-1);
  const merchant = order && state.merchants.get(order.merchantId);
  return order && payment && merchant ? paymentLetter(state.keys, merchant, order, payment, variant) : undefined;
}

function moveRefund(outRefundNo: string, body: Body, state: State): Reply {
  const refund = state.refunds.findAny(outRefundNo);
  if (!refund) return refuse(404, 'There is no such refund.');
  if (typeof body['create_time'] === 'string') return ok({ create_time: new Date(state.refunds.put({ ...refund, createdAt: Date.parse(body['create_time']) }).createdAt).toISOString() });
  const status = oneOf<RefundStatus>(String(body['state']).toUpperCase(), ['PROCESSING', 'SUCCESS', 'ABNORMAL', 'CLOSED']);
  return status ? ok({ status: state.endRefund(refund, status).status }) : refuse(400, '"state" must be processing, success, abnormal or closed.');
}

function planRefunds(body: Body, state: State): Reply {
  const plan = body['default'] === undefined ? state.refundPlan : oneOf<RefundPlan>(body['default'], ['success', 'processing', 'abnormal', 'closed', 'not_enough']);
  if (!plan) return refuse(400, '"default" must be success, processing, abnormal, closed or not_enough.');
  state.refundPlan = plan;
  if (typeof body['delay_ms'] === 'number') state.refundDelayMs = body['delay_ms'];
  return ok({ default: state.refundPlan, delay_ms: state.refundDelayMs });
}

function tamperBill(body: Body, state: State): Reply {
  const tamper = oneOf<Tamper>(body['tamper'], ['missing_row', 'extra_row', 'amount', 'hash']);
  if (typeof body['date'] !== 'string' || !tamper) return refuse(400, '"date" must be a day, "tamper" missing_row, extra_row, amount or hash.');
  state.tampers.set(body['date'], tamper);
  return ok({ date: body['date'], tamper });
}

function setScript(body: Body, state: State): Reply {
  const { default: standard = {}, next = [], notifications, delay_ms: delayMs } = body;
  const mode = notifications === undefined ? state.postman.mode : oneOf<PostMode>(notifications, ['on', 'off', 'duplicate', 'delay']);
  if (!mode) return refuse(400, '"notifications" must be on, off, duplicate or delay.');
  try {
    state.script.set(standard, next);
  } catch (error) {
    if (error instanceof BadScript) return refuse(400, error.message);
    throw error;
  }
  state.postman.mode = mode;
  if (typeof delayMs === 'number') state.postman.delayMs = delayMs;
  return ok(script(state));
}

function script(state: State): Body {
  return { ...state.script.snapshot(), notifications: state.postman.mode, delay_ms: state.postman.delayMs };
}

function setClock(body: Body, state: State): Reply {
  const { advance_ms: advanceMs, time_scale: timeScale } = body;
  if (advanceMs !== undefined && !(typeof advanceMs === 'number' && advanceMs >= 0)) return refuse(400, '"advance_ms" must be a number, 0 or more.');
  if (timeScale !== undefined && !(typeof timeScale === 'number' && timeScale > 0)) return refuse(400, '"time_scale" must be a number above 0.');
  if (typeof advanceMs === 'number') state.clock.advance(advanceMs);
  if (typeof timeScale === 'number') state.postman.timeScale = timeScale;
  return ok({ now: new Date(state.clock.now()).toISOString(), time_scale: state.postman.timeScale });
}

/** What is true: whatever anybody says, these payments and refunds happened. */
function record(merchantId: string | undefined, state: State): Body {
  const mine = (each: { merchantId: string }): boolean => merchantId === undefined || each.merchantId === merchantId;
  return {
    orders: state.orders.all().filter(mine).map((order) => ({
      merchant_id: order.merchantId, out_trade_no: order.outTradeNo, app_id: order.appId, trade_state: stateOf(order, state.clock.now()), total: order.total,
      payments: order.payments.map((payment) => ({ transaction_id: payment.transactionId, openid: payment.openid, total: payment.total, payer_total: payment.payerTotal, success_time: new Date(payment.at).toISOString() })),
    })),
    refunds: state.refunds.all().filter(mine).map((refund) => ({ out_trade_no: refund.outTradeNo, out_refund_no: refund.outRefundNo, refund_id: refund.refundId, refund: refund.refund, status: refund.status })),
  };
}

function counters(state: State): Body {
  const { sent, accepted, refused, waiting } = state.postman;
  return { ...state.counters.snapshot(), notifications: { sent, accepted, refused, waiting } };
}

function findOrder(body: Body, state: State): Order | undefined {
  const number = body['out_trade_no'];
  if (typeof number !== 'string') return undefined;
  return typeof body['merchant_id'] === 'string' ? state.orders.find(body['merchant_id'], number) : state.orders.findAny(number);
}
