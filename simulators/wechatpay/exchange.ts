import { randomBytes } from 'node:crypto';
import { ApiError, NUMBERS, scriptedError } from './api-error.js';
import { SCHEME, answerMessage, signMessage } from './signing.js';
import { authorize } from './authorization.js';
import { gzipSync } from 'node:zlib';
import { isObject } from '../http/json-object.js';
import { matchRoute } from './routes.js';
import { probe } from './notice.js';
import { readBody } from '../http/read-body.js';
import type { Answer } from './routes.js';
import type { Fault } from './faults.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Merchant } from './merchants.js';
import type { PayState } from './pay-state.js';
import type { Signer } from './platform-keys.js';

const BODY_LIMIT = 1024 * 1024;
const LONGEST_HANG_MS = 10 * 60_000;

/** An answer before it is signed. */
interface Outcome {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly number: number;
  readonly encoding?: 'gzip';
  /** Bill files are never signed. */
  readonly isSignable: boolean;
}

/** Answers a request below `/v3`: verifies its signature, does the work, signs the answer; a scripted fault strikes before or after the work. */
export async function answerApi(request: IncomingMessage, response: ServerResponse, state: PayState): Promise<void> {
  const target = request.url ?? '/';
  const raw = { method: request.method ?? 'GET', target, authorization: request.headers.authorization, body: await readBody(request, BODY_LIMIT) };
  const fault = state.faults.take(raw.method, target.split('?', 1)[0] ?? '/');
  if (!fault.after && (await strike(request, response, fault))) return;
  let signer: Signer | undefined;
  let outcome: Outcome;
  try {
    checkHeaders(request);
    const merchant = authorize(raw, state.merchants, Date.now());
    ({ signer } = chooseSigner(request, state, merchant));
    if (isError(fault) && !fault.after) throw scriptedError(fault.status, fault.code);
    outcome = work(request, state, merchant, raw.body);
    if (isError(fault)) throw scriptedError(fault.status, fault.code);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error instanceof WrongSerial) ({ signer } = error);
    outcome = refused(error);
    state.counters.error(error.code);
  }
  if (fault.after && (await strike(request, response, fault))) return;
  send(response, outcome, fault.unsigned ? undefined : signer, fault.bad_signature);
}

function isError({ status, code }: Fault): boolean {
  return status !== undefined || code !== undefined;
}

/** Waits, hangs or resets as scripted; true when there is nobody left to answer. */
async function strike(request: IncomingMessage, response: ServerResponse, { delay_ms: delayMs, hang, reset }: Fault): Promise<boolean> {
  if (hang || delayMs) await pause(response, hang ? LONGEST_HANG_MS : (delayMs ?? 0));
  if (reset || hang) request.socket.resetAndDestroy();
  return Boolean(reset || hang) || response.destroyed;
}

/** Waits, but no longer than the client stays. */
function pause(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    response.once('close', end);
  });
}

/** What every request must say, signed or not. */
function checkHeaders({ method, headers }: IncomingMessage): void {
  if (!headers.accept || !headers['user-agent']) throw new ApiError('PARAM_ERROR', 'Http头缺少Accept或User-Agent');
  if (!/application\/json|\*\/\*/u.test(headers.accept)) throw new ApiError('INVALID_REQUEST', 'Http头Accept应包含application/json', { status: 406 });
  if (method === 'POST' && !headers['content-type']?.startsWith('application/json')) throw new ApiError('INVALID_REQUEST', 'Http头Content-Type应为application/json', { status: 415 });
}

/** A `Wechatpay-Serial` that names no key of this merchant; the refusal is signed with the usual one. */
class WrongSerial extends ApiError {
  readonly signer: Signer | undefined;

  constructor(signer: Signer | undefined) {
    super('PARAM_ERROR', '平台证书序列号Wechatpay-Serial错误');
    this.signer = signer;
  }
}

function chooseSigner({ headers }: IncomingMessage, { keys }: PayState, { merchant_id: id, mode }: Merchant): { readonly signer: Signer } {
  const asked = headers['wechatpay-serial'];
  const signer = keys.answerSigner(id, mode, typeof asked === 'string' ? asked : undefined);
  if (!signer) throw new WrongSerial(keys.answerSigner(id, mode, undefined));
  return { signer };
}

function work(request: IncomingMessage, state: PayState, merchant: Merchant, body: Buffer): Outcome {
  try {
    const url = new URL(request.url ?? '/', 'http://simulator');
    const { route, name } = matchRoute(request.method ?? 'GET', url.pathname);
    state.counters.call(`${route.method} ${route.path}`);
    return succeeded(route.answer({ state, merchant, name, query: url.searchParams, body: route.method === 'POST' ? parse(body) : {} }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.counters.error(error.code);
    return refused(error);
  }
}

function parse(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // Told below: what is no JSON is refused as what is no object.
  }
  if (!isObject(value)) throw new ApiError('PARAM_ERROR', '请求体不是合法的JSON对象');
  return value;
}

function succeeded(answer: Answer): Outcome {
  if (answer === undefined) return { status: 204, body: Buffer.alloc(0), contentType: undefined, number: NUMBERS.ok, isSignable: true };
  if ('json' in answer) return { status: 200, body: Buffer.from(JSON.stringify(answer.json)), contentType: 'application/json; charset=utf-8', number: NUMBERS.ok, isSignable: true };
  const body = answer.gzip ? gzipSync(answer.file) : answer.file;
  return { status: 200, body, contentType: answer.gzip ? 'application/x-gzip' : 'text/plain; charset=utf-8', number: NUMBERS.ok, isSignable: false };
}

function refused(error: ApiError): Outcome {
  return { status: error.status, body: Buffer.from(JSON.stringify(error.body)), contentType: 'application/json; charset=utf-8', number: error.number, isSignable: true };
}

function send(response: ServerResponse, outcome: Outcome, signer: Signer | undefined, isProbe = false): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(outcome.status, {
    ...(outcome.contentType === undefined ? {} : { 'content-type': outcome.contentType }),
    ...(outcome.status === 204 ? {} : { 'content-length': outcome.body.length }),
    'cache-control': 'no-cache, must-revalidate',
    'request-id': `08${randomBytes(20).toString('hex').toUpperCase()}-${outcome.number}`,
    ...(signer && outcome.isSignable ? signatureHeaders(signer, outcome.body, isProbe) : {}),
  });
  response.end(outcome.body);
}

function signatureHeaders({ key, serial }: Signer, body: Buffer, isProbe: boolean): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const nonce = randomBytes(16).toString('hex');
  const signature = signMessage(key, answerMessage(timestamp, nonce, body));
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': isProbe ? probe(signature) : signature,
    'wechatpay-serial': serial,
    'wechatpay-signature-type': SCHEME,
  };
}
