import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { answerJson, answerText } from '../http/answer-json.js';
import { BadBody, readJsonObject } from '../http/read-body.js';
import { listen } from '../http/listen.js';
import { BadFault, Faults } from './faults.js';
import { CallLog } from './call-log.js';
import { Clock } from './clock.js';
import { LoginCodes } from './codes.js';
import { StableTokens } from './stable-tokens.js';
import { WechatApps } from './apps.js';
import { answerControl } from './wechat-control.js';
import { errorBody } from './wechat-errors.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WechatState } from './wechat-control.js';

const NAME = 'bailiao-wechat-simulator';
const BODY_LIMIT = 1024 * 1024;
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

/** An answer's body; login tells its errors in the same shape as everything else. */
type Answer = Record<string, unknown>;

/** Starts the WeChat simulator: mini program login and stable access tokens. Rejects when the port is taken. */
export async function startWechatSimulator(options: WechatSimulatorOptions = {}): Promise<WechatSimulator> {
  const host = options.host ?? '127.0.0.1';
  const api = new WechatApi();
  const server = createServer((request, response) => {
    api.handle(request, response).catch((error: unknown) => api.fail(response, error));
  });
  const listening = await listen(server, host, options.port ?? 0);
  return { url: `http://${host}:${listening.port}`, ...listening };
}

class WechatApi {
  readonly #state: WechatState;

  constructor() {
    const clock = new Clock();
    this.#state = { clock, apps: new WechatApps(), codes: new LoginCodes(clock), tokens: new StableTokens(clock), faults: new Faults(), log: new CallLog() };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    response.setHeader('x-simulator', NAME);
    response.on('error', () => undefined);
    if (url.pathname.startsWith('/control/')) {
      await answerControl(request, response, url, this.#state);
      return;
    }
    const fault = this.#state.faults.take(url.pathname);
    if (fault.hang || fault.delayMs) await pause(response, fault.hang ? LONGEST_HANG_MS : (fault.delayMs as number));
    if (response.destroyed) return;
    if (fault.reset || fault.hang) {
      this.#note(url.pathname, undefined, undefined);
      request.socket.resetAndDestroy();
    } else if (fault.status !== undefined) {
      this.#note(url.pathname, undefined, undefined);
      answerText(response, fault.status, 'text/html', `<html><body><center><h1>${fault.status} simulated</h1></center></body></html>`);
    } else {
      await this.#answer(request, response, url, fault.errcode === undefined ? undefined : errorBody(fault.errcode, fault.errmsg));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, url: URL, scripted: Answer | undefined): Promise<void> {
    switch (url.pathname) {
      case '/sns/jscode2session': {
        const body = scripted ?? this.#login(url.searchParams);
        this.#note(url.pathname, url.searchParams.get('appid') ?? undefined, body);
        // This one endpoint of WeChat's calls its JSON plain text; clients must not go by the type.
        answerText(response, 200, 'text/plain', JSON.stringify(body));
        return;
      }
      case '/cgi-bin/stable_token': {
        if (request.method !== 'POST') {
          answerJson(response, 200, errorBody(43002));
          return;
        }
        const parameters = await readJsonObject(request, BODY_LIMIT).catch(() => undefined);
        const body = scripted ?? (parameters ? this.#stableToken(parameters) : errorBody(47001));
        this.#note(url.pathname, text(parameters?.['appid']), body);
        answerJson(response, 200, body);
        return;
      }
      default:
        answerText(response, 404, 'text/plain', 'The WeChat simulator does not know this path.');
    }
  }

  /** `GET /sns/jscode2session`: a fresh session key with every exchange. */
  #login(query: URLSearchParams): Answer {
    const [appid, secret, code] = [query.get('appid'), query.get('secret'), query.get('js_code')];
    const app = this.#state.apps.authenticate(appid ?? undefined, secret ?? undefined);
    if (app === 41002 || app === 41004) return errorBody(app);
    if (!code) return errorBody(41008);
    if (query.get('grant_type') !== 'authorization_code') return errorBody(40002);
    if (typeof app === 'number') return errorBody(app);
    const redeemed = this.#state.codes.redeem(app.appid, code);
    if ('errcode' in redeemed) return errorBody(redeemed.errcode);
    const { openid, unionid } = redeemed.user;
    return { session_key: randomBytes(16).toString('base64'), openid, ...(app.unionBound ? { unionid } : {}) };
  }

  #stableToken(body: Record<string, unknown>): Answer {
    const app = this.#state.apps.authenticate(text(body['appid']), text(body['secret']));
    if (app === 41002 || app === 41004) return errorBody(app);
    if (body['grant_type'] !== 'client_credential') return errorBody(40002);
    if (typeof app === 'number') return errorBody(app);
    const token = this.#state.tokens.obtain(app.appid, body['force_refresh'] === true);
    return typeof token === 'number' ? errorBody(token) : { ...token };
  }

  #note(path: string, appid: string | undefined, body: Answer | undefined): void {
    const errcode = body?.['errcode'];
    this.#state.log.add({ path, appid, at: new Date(this.#state.clock.now()).toISOString(), errcode: typeof errcode === 'number' ? errcode : undefined });
  }

  fail(response: ServerResponse, error: unknown): void {
    if (error instanceof BadBody || error instanceof BadFault) {
      answerJson(response, error instanceof BadBody ? error.status : 400, { error: { message: error.message } });
      return;
    }
    console.error('WeChat simulator: unexpected error', error);
    if (response.headersSent) response.destroy();
    else answerJson(response, 500, { error: { message: 'The simulator failed; see its log.' } });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
