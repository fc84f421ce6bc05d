import { createServer } from 'node:http';
import { answerJson, answerText } from '../http/answer-json.js';
import { BadBody } from '../http/read-body.js';
import { listen } from '../http/listen.js';
import { BadFault } from './faults.js';
import { ControlError } from './control-error.js';
import { WechatState } from './wechat-state.js';
import { answerCall, knows } from './api.js';
import { answerControl } from './wechat-control.js';
import { errorBody } from './wechat-errors.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Called } from './api.js';
import type { Fault } from './faults.js';

const NAME = 'bailiao-wechat-simulator';
const LONGEST_HANG_MS = 10 * 60_000;

/** Where to listen; port 0 or unset = a free one. */
export interface WechatSimulatorOptions {
  readonly host?: string;
  readonly port?: number;
}

/** A running simulator of `api.weixin.qq.com`. */
export interface WechatSimulator {
  /** The base URL that stands for `https://api.weixin.qq.com`; the control endpoints are at `/control/…` of it. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the WeChat simulator: login, access tokens, content checks, customer and subscribe messages, virtual payment and message push. Rejects when the port is taken. */
export async function startWechatSimulator(options: WechatSimulatorOptions = {}): Promise<WechatSimulator> {
  const host = options.host ?? '127.0.0.1';
  const state = new WechatState();
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: unknown) => fail(response, error));
  });
  const listening = await listen(server, host, options.port ?? 0);
  const close = (): Promise<void> => {
    state.close();
    return listening.close();
  };
  return { url: `http://${host}:${listening.port}`, port: listening.port, close };
}

async function handle(request: IncomingMessage, response: ServerResponse, state: WechatState): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  response.setHeader('x-simulator', NAME);
  response.on('error', () => undefined);
  if (url.pathname.startsWith('/control/')) {
    await answerControl(request, response, url, state);
    return;
  }
  if (!knows(url.pathname)) {
    answerText(response, 404, 'text/plain', 'The WeChat simulator does not know this path.');
    return;
  }
  const fault = state.faults.take(url.pathname, state.issued.ownerOf(url.searchParams.get('access_token')) ?? url.searchParams.get('appid') ?? undefined);
  const strikes = fault.hang === true || fault.reset === true || fault.status !== undefined;
  const called = strikes && !fault.after ? {} : await answerCall(request, url, state, fault.errcode === undefined ? undefined : errorBody(fault.errcode, fault.errmsg));
  note(state, url, called);
  if (fault.hang || fault.delayMs) await pause(response, fault.hang ? LONGEST_HANG_MS : (fault.delayMs as number));
  if (strikes) strike(request, response, fault);
  else if (called.isPlainText) answerText(response, 200, 'text/plain', JSON.stringify(called.body));
  else answerJson(response, 200, called.body);
}

function note({ log, clock }: WechatState, { pathname: path }: URL, { appid, asked, body }: Called): void {
  const errcode = body?.['errcode'];
  log.add({ path, appid, at: new Date(clock.now()).toISOString(), errcode: typeof errcode === 'number' ? errcode : undefined, ...(asked === undefined ? {} : { asked }) });
}

function strike(request: IncomingMessage, response: ServerResponse, { status, hang, reset }: Fault): void {
  if (hang || reset) request.socket.resetAndDestroy();
  else answerText(response, status ?? 500, 'text/html', `<html><body><center><h1>${status} simulated</h1></center></body></html>`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (error instanceof BadBody || error instanceof ControlError || error instanceof BadFault) {
    answerJson(response, error instanceof BadFault ? 400 : error.status, { error: { message: error.message } });
    return;
  }
  console.error('WeChat simulator: unexpected error', error);
  if (response.headersSent) response.destroy();
  else answerJson(response, 500, { error: { message: 'The simulator failed; see its log.' } });
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
