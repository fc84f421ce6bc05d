import { answerJson } from '../../http/answer-json.js';
import { BadBehaviour } from '../behaviour.js';
import { BadBody, readJsonObject } from '../../http/read-body.js';
import { BadLimits, parseLimits } from './limits.js';
import { KeySchedule } from './key-behaviour.js';
import { TooManyKeys } from './api-keys.js';
import { listArrivals } from './arrival-list.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeys } from './api-keys.js';

const BODY_LIMIT = 1024 * 1024;

/** The control endpoints of API keys: limits, behaviours, keys, arrivals, mark. False: it is none of them. */
export async function answerKeyControl(request: IncomingMessage, response: ServerResponse, url: URL, keys: ApiKeys): Promise<boolean> {
  const endpoint = `${request.method} ${url.pathname}`;
  const action = ACTIONS[endpoint];
  if (!action) return false;
  try {
    const fields = request.method === 'PUT' ? await readJsonObject(request, BODY_LIMIT) : {};
    answerJson(response, 200, action(keys, url.searchParams, fields));
  } catch (error) {
    if (!(error instanceof BadBehaviour || error instanceof BadLimits || error instanceof BadBody || error instanceof TooManyKeys)) throw error;
    answerJson(response, 400, { error: { message: error.message } });
  }
  return true;
}

type Action = (keys: ApiKeys, query: URLSearchParams, fields: Record<string, unknown>) => Record<string, unknown>;

const ACTIONS: Readonly<Record<string, Action>> = {
  'PUT /control/limits': (keys, _query, { key, ...fields }) => {
    const limits = parseLimits(fields);
    targetOf(keys, key).limits = limits;
    return showSettings(keys, 'limits');
  },
  'GET /control/limits': (keys) => showSettings(keys, 'limits'),
  'DELETE /control/limits': (keys, query) => {
    for (const target of targetsOf(keys, query)) target.limits = undefined;
    return showSettings(keys, 'limits');
  },
  'PUT /control/behaviours': (keys, _query, { key, ...fields }) => {
    const schedule = KeySchedule.parse(keys.timeline.now(), fields);
    targetOf(keys, key).schedule = schedule;
    return showSettings(keys, 'schedule');
  },
  'GET /control/behaviours': (keys) => showSettings(keys, 'schedule'),
  'DELETE /control/behaviours': (keys, query) => {
    for (const target of targetsOf(keys, query)) target.schedule = undefined;
    return showSettings(keys, 'schedule');
  },
  'GET /control/keys': (keys, query) => showKeys(keys, query.get('key')),
  'DELETE /control/keys': (keys) => {
    keys.forget();
    return showKeys(keys, null);
  },
  'GET /control/arrivals': (keys, query) => listArrivals(keys, query),
  'POST /control/mark': (keys) => {
    keys.timeline.mark();
    return { markUnixMs: keys.timeline.markUnixMs };
  },
};

/** Where a setting goes: to one key, or to all keys without their own. */
function targetOf(keys: ApiKeys, key: unknown): Pick<ApiKeys, 'limits' | 'schedule'> {
  if (key === undefined) return keys;
  if (typeof key !== 'string') throw new BadBody(400, '"key" must be a string.');
  return keys.of(key).makeKnown();
}

/** One key, or everything. */
function targetsOf(keys: ApiKeys, query: URLSearchParams): Pick<ApiKeys, 'limits' | 'schedule'>[] {
  const key = query.get('key');
  return key === null ? [keys, ...keys.all()] : [keys.of(key)];
}

/** What is set for all keys and for single ones. */
function showSettings(keys: ApiKeys, name: 'limits' | 'schedule'): Record<string, unknown> {
  const shown = (target: Pick<ApiKeys, 'limits' | 'schedule'>): unknown => (name === 'limits' ? target.limits : target.schedule?.snapshot());
  const own = Array.from(keys.all()).filter((account) => account[name] !== undefined);
  return { all: shown(keys) ?? null, keys: Object.fromEntries(own.map((account) => [account.shownAs, shown(account)])) };
}

/** Per key: its counters, what is open, and what of its limits is used now. */
function showKeys(keys: ApiKeys, only: string | null): Record<string, unknown> {
  const { timeline } = keys;
  const accounts = only === null ? Array.from(keys.all()) : [keys.of(only).makeKnown()];
  const shown = accounts.map((account) => {
    const { open, requests, tokens } = account.limiter.use(timeline.now());
    return [account.shownAs, { ...account.counters.snapshot((at) => timeline.sinceMark(at)), open, requestsNow: requests, tokensNow: tokens, limits: keys.limitsOf(account) }];
  });
  return { markUnixMs: timeline.markUnixMs, nowMs: timeline.sinceMark(timeline.now()), keys: Object.fromEntries(shown) as unknown };
}
