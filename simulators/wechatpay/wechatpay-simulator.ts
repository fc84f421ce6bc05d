import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { answerJson, answerText } from '../http/answer-json.js';
import { BadBody, readBody } from '../http/read-body.js';
import { listen } from '../http/listen.js';
import { PayApi } from './api.js';
import { PayError } from './pay-error.js';
import { State } from './state.js';
import { answerControl } from './control.js';
import { answerKey } from './merchants.js';
import { authorize } from './authorization.js';
import { listPage, payPage } from './page.js';
import { signatureHeaders } from './seal.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiAnswer } from './api.js';
import type { Fault } from './script.js';
import type { Merchant } from './merchants.js';

const NAME = 'bailiao-wechatpay-simulator';
const BODY_LIMIT = 1024 * 1024;
const LONGEST_HANG_MS = 10 * 60_000;

export interface WechatPaySimulatorOptions {
  readonly host?: string;
  /** 0 or unset: a free one. */
  readonly port?: number;
  /** Keeps keys, orders and refunds over restarts; unset forgets them. */
  readonly stateFile?: string;
  /** Divides the pauses between repeated notifications; 1 unless told. */
  readonly timeScale?: number;
}

/** A running simulator of `api.mch.weixin.qq.com`. */
export interface WechatPaySimulator {
  /** Stands for `https://api.mch.weixin.qq.com`; control endpoints at `/control/…`, the payer's page at `/pay/…`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the simulator of WeChat Pay APIv3. Rejects when the port is taken. */
export async function startWechatPaySimulator(options: WechatPaySimulatorOptions = {}): Promise<WechatPaySimulator> {
  const host = options.host ?? '127.0.0.1';
  const state = new State(options.stateFile);
  state.postman.timeScale = options.timeScale ?? 1;
  let url = '';
  const pay = new WechatPayServer(state, new PayApi(state, () => url));
  const server = createServer((request, response) => {
    pay.handle(request, response).catch((error: unknown) => pay.fail(response, error));
  });
  const listening = await listen(server, host, options.port ?? 0);
  url = `http://${host}:${listening.port}`;
  return {
    url, port: listening.port,
    close: async () => {
      state.postman.stop();
      await listening.close();
    },
  };
}

class WechatPayServer {
  readonly #state: State;
  readonly #api: PayApi;

  constructor(state: State, api: PayApi) {
    this.#state = state;
    this.#api = api;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    response.setHeader('x-simulator', NAME);
    response.on('error', () => undefined);
    if (url.pathname.startsWith('/control/')) await answerControl(request, response, url, this.#state);
    else if (url.pathname.startsWith('/v3/')) await this.#v3(request, response, url);
    else this.#page(response, url);
  }

  async #v3(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const method = request.method ?? 'GET';
    this.#state.counters.call(method, url.pathname);
    const body = await readBody(request, BODY_LIMIT);
    const fault = this.#state.script.take(method, url.pathname);
    if (fault.after !== true && (await this.#strike(request, response, fault))) return;
    let merchant: Merchant | undefined;
    try {
      merchant = authorize(request, body, this.#state.merchants);
      if (url.pathname === '/v3/billdownload/file') {
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(this.#api.file(url).bytes);
        return;
      }
      const answer = this.#api.answer(merchant, method, url, body);
      if (fault.after === true && (await this.#strike(request, response, fault, merchant))) return;
      this.#send(request, response, merchant, answer, fault, 0);
    } catch (error) {
      if (!(error instanceof PayError)) throw error;
      this.#state.counters.error(error.code);
      this.#send(request, response, merchant, { status: error.status, body: error.body }, fault, error.number);
    }
  }

  /** True when the fault has answered, or ended the connection. */
  async #strike(request: IncomingMessage, response: ServerResponse, fault: Fault, merchant?: Merchant): Promise<boolean> {
    if (fault.hang === true || fault.delay_ms !== undefined) await pause(response, fault.hang === true ? LONGEST_HANG_MS : (fault.delay_ms as number));
    if (response.destroyed) return true;
    if (fault.reset === true || fault.hang === true) {
      request.socket.resetAndDestroy();
      return true;
    }
    if (fault.status === undefined) return false;
    const code = fault.code ?? (fault.status === 429 ? 'FREQUENCY_LIMITED' : 'SYSTEM_ERROR');
    this.#state.counters.error(code);
    this.#send(request, response, merchant, { status: fault.status, body: { code, message: '模拟的错误' } }, fault, 0);
    return true;
  }

  #send(request: IncomingMessage, response: ServerResponse, merchant: Merchant | undefined, answer: ApiAnswer, fault: Fault, number: number): void {
    if (response.destroyed) return;
    const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
    const named = request.headers['wechatpay-serial'];
    const signed = merchant && fault.unsigned !== true ? signatureHeaders(answerKey(this.#state.keys, merchant, typeof named === 'string' ? named : undefined), body) : {};
    const headers = fault.bad_signature === true ? { ...signed, 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${randomBytes(32).toString('base64')}` } : signed;
    response.writeHead(answer.status, { ...headers, 'Request-ID': `${randomBytes(16).toString('hex').toUpperCase()}-${number}`, ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }) }).end(body);
  }

  #page(response: ServerResponse, url: URL): void {
    const now = this.#state.clock.now();
    const orders = this.#state.orders;
    if (url.pathname === '/') {
      html(response, 200, listPage(orders.all(), now));
      return;
    }
    const prepayId = url.searchParams.get('prepay_id') ?? (URL.canParse(url.searchParams.get('code_url') ?? '') ? new URL(url.searchParams.get('code_url') as string).searchParams.get('pr') : null);
    const number = /^\/pay\/([^/]+)$/u.exec(url.pathname)?.[1];
    const known = url.pathname === '/pay' || url.pathname === '/cgi-bin/mmpayweb-bin/checkmweb';
    const order = number ? orders.findAny(decodeURIComponent(number)) : known && prepayId !== null ? orders.byPrepayId(prepayId) : undefined;
    if (order) html(response, 200, payPage(order, now));
    else answerText(response, 404, 'text/plain; charset=utf-8', '没有这个订单 (there is no such order).');
  }

  fail(response: ServerResponse, error: unknown): void {
    if (error instanceof BadBody) {
      answerJson(response, error.status, { error: { message: error.message } });
      return;
    }
    console.error('WeChat Pay simulator: unexpected error', error);
    if (response.headersSent) response.destroy();
    else answerJson(response, 500, { code: 'SYSTEM_ERROR', message: 'The simulator failed; see its log.' });
  }
}

function html(response: ServerResponse, status: number, text: string): void {
  answerText(response, status, 'text/html; charset=utf-8', text, { 'cache-control': 'no-store' });
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
