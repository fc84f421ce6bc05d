import { answerJson } from '../http/answer-json.js';
import { readJsonObject } from '../http/read-body.js';
import { userOf } from './codes.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallLog } from './call-log.js';
import type { Clock } from './clock.js';
import type { Faults } from './faults.js';
import type { LoginCodes } from './codes.js';
import type { StableTokens } from './stable-tokens.js';
import type { WechatApps } from './apps.js';

const BODY_LIMIT = 1024 * 1024;
/** A try-out page of another origin may ask for codes: it plays the phone. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, POST, PUT, DELETE', 'access-control-allow-headers': 'content-type' };

/** The state that the control endpoints show and change. */
export interface WechatState {
  readonly apps: WechatApps;
  readonly codes: LoginCodes;
  readonly tokens: StableTokens;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly clock: Clock;
}

type Body = Record<string, unknown>;
type Reply = { readonly status: number; readonly body: unknown };

const ok = (body: unknown): Reply => ({ status: 200, body });
const refuse = (status: number, message: string): Reply => ({ status, body: { error: { message } } });

/** Answers `/control/…`; the table is in the README beside this folder. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, url: URL, state: WechatState): Promise<void> {
  // Set before anything can fail, so that a page can read the refusals, too.
  for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const { status, body } = await reply(request, url, state);
  answerJson(response, status, body);
}

async function reply(request: IncomingMessage, url: URL, state: WechatState): Promise<Reply> {
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /control/apps':
      return ok({ apps: state.apps.list().map(({ appid, unionBound }) => ({ appid, unionBound })) });
    case 'POST /control/apps':
      return registerApp(await readJsonObject(request, BODY_LIMIT), state);
    case 'POST /control/codes':
      return issueCode(await readJsonObject(request, BODY_LIMIT), state);
    case 'GET /control/tokens':
      return ok({ valid: state.tokens.valid(url.searchParams.get('appid') ?? '') });
    case 'PUT /control/clock':
      return advanceClock(await readJsonObject(request, BODY_LIMIT), state);
    case 'PUT /control/script':
      state.faults.set(await readJsonObject(request, BODY_LIMIT));
      return ok(state.faults.snapshot());
    case 'GET /control/script':
      return ok(state.faults.snapshot());
    case 'DELETE /control/script':
      state.faults.set({});
      return ok(state.faults.snapshot());
    case 'GET /control/counters':
      return ok(state.log.snapshot());
    case 'DELETE /control/counters':
      state.log.reset();
      return ok(state.log.snapshot());
    default:
      return refuse(404, `No control endpoint ${request.method} ${url.pathname}.`);
  }
}

function registerApp({ appid, secret, unionBound = false }: Body, { apps }: WechatState): Reply {
  if (typeof appid !== 'string' || appid === '' || typeof secret !== 'string' || secret === '') return refuse(400, '"appid" and "secret" must be non-empty strings.');
  if (typeof unionBound !== 'boolean') return refuse(400, '"unionBound" must be true or false.');
  return apps.register({ appid, secret, unionBound }) ? ok({ appid, unionBound }) : refuse(507, 'Too many apps.');
}

/** What `wx.login` would give to the phone of this user; without a user it is somebody new. */
function issueCode({ appid, user, openid }: Body, { apps, codes }: WechatState): Reply {
  if (typeof appid !== 'string' || !apps.get(appid)) return refuse(404, 'This appid is not registered.');
  if ((user !== undefined && typeof user !== 'string') || (openid !== undefined && typeof openid !== 'string')) return refuse(400, '"user" and "openid" must be strings.');
  const who = userOf(appid, user ?? openid ?? crypto.randomUUID(), openid);
  return ok({ code: codes.issue(appid, who), openid: who.openid });
}

function advanceClock({ advanceMs }: Body, { clock }: WechatState): Reply {
  if (typeof advanceMs !== 'number' || !(advanceMs >= 0)) return refuse(400, '"advanceMs" must be a number, 0 or more.');
  clock.advance(advanceMs);
  return ok({ now: new Date(clock.now()).toISOString() });
}
