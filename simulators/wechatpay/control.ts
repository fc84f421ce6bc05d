import { ControlError } from './api-error.js';
import { answerJson } from '../http/answer-json.js';
import { notify, payOrder } from './control-payer.js';
import { moveRefundByName } from './control-refunds.js';
import { publicKeyId } from './platform-keys.js';
import { recordOf } from './record.js';
import { readJsonObject } from '../http/read-body.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PayState } from './pay-state.js';

const BODY_LIMIT = 1024 * 1024;
/** Below a tenth, six hours would outgrow what a timer can count. */
const LEAST_FACTOR = 0.1;
const MOST_FACTOR = 1_000_000;
const LONGEST_WAIT_MS = 60_000;
const USUAL_WAIT_MS = 10_000;
/** A page of another origin may play the phone. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, POST, PUT, DELETE', 'access-control-allow-headers': 'content-type' };

type Body = Record<string, unknown>;

/** Answers `/control/…`; the table is in the README beside this folder. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, url: URL, state: PayState): Promise<void> {
  // Set before anything can fail, so that a page can read the refusals, too.
  for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const { status = 200, body } = await reply(request, url, state);
  answerJson(response, status, body);
}

async function reply(request: IncomingMessage, url: URL, state: PayState): Promise<{ readonly status?: number; readonly body: unknown }> {
  const json = (): Promise<Body> => readJsonObject(request, BODY_LIMIT);
  const refundNo = request.method === 'POST' ? /^\/control\/refunds\/([^/]+)$/u.exec(url.pathname)?.[1] : undefined;
  if (refundNo !== undefined) return { body: moveRefundByName(refundNo, await json(), state) };
  switch (`${request.method} ${url.pathname}`) {
    case 'POST /control/merchants':
      return { body: registerMerchant(await json(), state) };
    case 'POST /control/pay':
      return { body: payOrder(await json(), state) };
    case 'POST /control/notify':
      return { body: { answers: await notify(await json(), state) } };
    case 'PUT /control/refunds':
      state.refundPlan.set(await json());
      return { body: state.refundPlan.snapshot() };
    case 'GET /control/refunds':
      return { body: state.refundPlan.snapshot() };
    case 'PUT /control/clock':
      return { body: setClock(await json(), state) };
    case 'PUT /control/script':
      state.faults.set(await json());
      return { body: state.faults.snapshot() };
    case 'GET /control/script':
      return { body: state.faults.snapshot() };
    case 'DELETE /control/script':
      state.faults.set({});
      return { body: state.faults.snapshot() };
    case 'POST /control/bills':
      return { body: state.bills.tamper(await json()) };
    case 'GET /control/record':
      return { body: recordOf(state, url.searchParams.get('merchant_id')) };
    case 'GET /control/counters':
      return answerCounters(url, state);
    case 'DELETE /control/counters':
      state.counters.reset();
      return { body: state.counters.snapshot() };
    default:
      throw new ControlError(404, `No control endpoint ${request.method} ${url.pathname}.`);
  }
}

function registerMerchant(body: Body, { merchants, keys }: PayState): Body {
  const { merchant_id: id } = merchants.register(body);
  return {
    merchant_id: id,
    wechatpay_public_key_id: publicKeyId(id),
    wechatpay_public_key: keys.publicKeyPem,
    platform_certificate_serial: keys.certificateSerial,
    platform_certificate_key: keys.certificateKeyPem,
  };
}

function setClock({ advance_ms: advance, time_scale: scale }: Body, { clock, notifier }: PayState): Body {
  if (advance === undefined && scale === undefined) throw new ControlError(400, 'Say "advance_ms" or "time_scale".');
  if (advance !== undefined && (typeof advance !== 'number' || !(advance >= 0) || !Number.isSafeInteger(advance))) throw new ControlError(400, '"advance_ms" must be an integer, 0 or more.');
  if (scale !== undefined && (typeof scale !== 'number' || !(scale >= LEAST_FACTOR) || scale > MOST_FACTOR)) throw new ControlError(400, `"time_scale" must be a number from ${LEAST_FACTOR} to ${MOST_FACTOR}.`);
  if (advance !== undefined) clock.advance(advance);
  if (scale !== undefined) notifier.scale = scale;
  return { now: new Date(clock.now()).toISOString(), time_scale: notifier.scale };
}

/** With `?wait=<name>&atLeast=1` (or `atMost`) it answers once that holds, or 408 after `timeoutMs` (10 s). */
async function answerCounters(url: URL, { counters }: PayState): Promise<{ readonly status: number; readonly body: unknown }> {
  const name = url.searchParams.get('wait');
  if (name === null) return { status: 200, body: counters.snapshot() };
  const [atLeast, atMost, timeoutMs] = [readNumber(url, 'atLeast', -Infinity), readNumber(url, 'atMost', Infinity), readNumber(url, 'timeoutMs', USUAL_WAIT_MS)];
  if ([atLeast, atMost, timeoutMs].some(Number.isNaN)) throw new ControlError(400, 'atLeast, atMost and timeoutMs must be numbers.');
  const reached = await counters.wait(name, atLeast, atMost, Math.min(timeoutMs, LONGEST_WAIT_MS));
  return { status: reached ? 200 : 408, body: counters.snapshot() };
}

function readNumber(url: URL, name: string, unset: number): number {
  const value = url.searchParams.get(name);
  return value === null ? unset : Number(value);
}
