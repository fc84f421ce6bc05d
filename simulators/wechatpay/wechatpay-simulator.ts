import { createServer } from 'node:http';
import { answerJson, answerText } from '../http/answer-json.js';
import { ApiError, ControlError } from './api-error.js';
import { BadBody } from '../http/read-body.js';
import { Bills } from './bill-downloads.js';
import { BusinessClock } from './clock.js';
import { Counters } from './counters.js';
import { Faults } from './faults.js';
import { Journal } from './journal.js';
import { Later } from './later.js';
import { Merchants } from './merchants.js';
import { Notifier } from './notifier.js';
import { MOST_ORDERS, Orders, Serials } from './orders.js';
import { PlatformKeys } from './platform-keys.js';
import { Postman } from './post-letter.js';
import { RefundPlan } from './refund-plan.js';
import { Refunds } from './refunds.js';
import { answerApi } from './exchange.js';
import { answerControl } from './control.js';
import { answerPage } from './pages.js';
import { entriesOf, readSaved, restore, resume } from './restore.js';
import { listen } from '../http/listen.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Notice } from './notice.js';
import type { PayState } from './pay-state.js';

const NAME = 'bailiao-wechatpay-simulator';

/** Where to listen and how to behave. */
export interface WechatPaySimulatorOptions {
  readonly host?: string;
  /** 0 or unset = a free one. */
  readonly port?: number;
  /** Divides the delays of the notification retries; 1 = the real table. */
  readonly timeScale?: number;
  /** The base URL by which phones and merchants reach the simulator, when it is not `http://host:port`. */
  readonly publicUrl?: string;
  /** Where keys, merchants, orders, refunds and undelivered notices are kept over a restart; unset = nowhere. */
  readonly stateFile?: string;
  /** How long a merchant may take to answer a notification, ms (5000). */
  readonly answerLimitMs?: number;
  /** The most orders that are kept (200,000); more are refused with 507. */
  readonly mostOrders?: number;
}

/** A running simulator of `api.mch.weixin.qq.com`. */
export interface WechatPaySimulator {
  /** The base URL that stands for `https://api.mch.weixin.qq.com`; the control endpoints are at `/control/…` of it. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the WeChat Pay APIv3 simulator. Rejects when the port is taken or the state file is no such file. */
export async function startWechatPaySimulator(options: WechatPaySimulatorOptions = {}): Promise<WechatPaySimulator> {
  const host = options.host ?? '127.0.0.1';
  let url = '';
  const parts = { journal: new Journal(), later: new Later(), postman: new Postman(options.answerLimitMs) };
  const saved = await readSaved(options.stateFile);
  const state = makeState(options, parts, saved.keys ?? (await PlatformKeys.generate()), () => options.publicUrl ?? url);
  restore(state, saved);
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: unknown) => fail(response, error));
  });
  const listening = await listen(server, host, options.port ?? 0);
  url = `http://${host}:${listening.port}`;
  if (options.stateFile !== undefined) parts.journal.replace(options.stateFile, entriesOf(state, saved));
  resume(state, saved);
  const close = async (): Promise<void> => {
    parts.later.close();
    state.notifier.close();
    parts.postman.close();
    await listening.close();
    parts.journal.close();
  };
  return { url, port: listening.port, close };
}

interface Parts {
  readonly journal: Journal;
  readonly later: Later;
  readonly postman: Postman;
}

function makeState(options: WechatPaySimulatorOptions, { journal, later, postman }: Parts, keys: PlatformKeys, publicUrl: () => string): PayState {
  const most = options.mostOrders ?? MOST_ORDERS;
  const [counters, merchants, faults] = [new Counters(), new Merchants(journal.write), new Faults()];
  const notifier = new Notifier({ keys, merchants, counters, postman, save: journal.write }, options.timeScale ?? 1);
  const announce = (notice: Notice): void => {
    if (faults.notifying === 'off') return;
    notifier.begin(notice, faults.notifyDelayMs);
    // Nobody waits for the second of two: what comes of it shows in the counters.
    if (faults.notifying === 'duplicate') void notifier.send(notice);
  };
  return {
    clock: new BusinessClock((advancedMs) => journal.write('clock', advancedMs)),
    keys,
    merchants,
    counters,
    notifier,
    faults,
    orders: new Orders((order) => journal.write('order', order), most),
    refunds: new Refunds((refund) => journal.write('refund', refund), most),
    refundPlan: new RefundPlan(),
    bills: new Bills(),
    serials: new Serials(),
    announce,
    later: later.run,
    publicUrl,
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, state: PayState): Promise<void> {
  response.setHeader('x-simulator', NAME);
  response.on('error', () => undefined);
  const target = request.url ?? '/';
  if (!target.startsWith('/') || !URL.canParse(target, 'http://simulator')) {
    answerText(response, 400, 'text/plain', 'Bad request target.');
    return;
  }
  const url = new URL(target, 'http://simulator');
  if (url.pathname.startsWith('/control/')) await answerControl(request, response, url, state);
  else if (url.pathname.startsWith('/v3/')) await answerApi(request, response, state);
  else if (!(await answerPage(request, response, url, state))) answerText(response, 404, 'text/plain', 'The WeChat Pay simulator does not know this path.');
}

function fail(response: ServerResponse, error: unknown): void {
  if (error instanceof BadBody || error instanceof ControlError) {
    answerJson(response, error.status, { error: { message: error.message } });
    return;
  }
  if (error instanceof ApiError) {
    answerJson(response, error.status, error.body);
    return;
  }
  console.error('WeChat Pay simulator: unexpected error', error);
  if (response.headersSent) response.destroy();
  else answerJson(response, 500, { code: 'SYSTEM_ERROR', message: 'The simulator failed; see its log.' });
}
