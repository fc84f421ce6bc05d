import { answerJson } from '../http/answer-json.js';
import { answerKeyControl } from './keys/key-control.js';
import { BadBehaviour } from './behaviour.js';
import { BadBody, readJsonObject } from '../http/read-body.js';
import { isTally } from './counters.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeys } from './keys/api-keys.js';
import type { Counters } from './counters.js';
import type { Script } from './script.js';

const BODY_LIMIT = 8 * 1024 * 1024;
const LONGEST_WAIT_MS = 60_000;
const USUAL_WAIT_MS = 10_000;

/** The control endpoints: `/control/script`, `/control/counters` and those of API keys. No key; the simulator listens on loopback. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, url: URL, script: Script, keys: ApiKeys, counters: Counters): Promise<void> {
  switch (`${request.method} ${url.pathname}`) {
    case 'PUT /control/script':
      try {
        script.set(await readJsonObject(request, BODY_LIMIT));
      } catch (error) {
        if (!(error instanceof BadBehaviour || error instanceof BadBody)) throw error;
        answerJson(response, 400, { error: { message: error.message } });
        return;
      }
      answerJson(response, 200, script.snapshot());
      return;
    case 'GET /control/script':
      answerJson(response, 200, script.snapshot());
      return;
    case 'DELETE /control/script':
      script.reset();
      answerJson(response, 200, script.snapshot());
      return;
    case 'GET /control/counters':
      await answerCounters(response, url, counters);
      return;
    case 'DELETE /control/counters':
      counters.reset();
      answerJson(response, 200, counters.snapshot());
      return;
    default:
      if (await answerKeyControl(request, response, url, keys)) return;
      answerJson(response, 404, { error: { message: `No control endpoint ${request.method} ${url.pathname}.` } });
  }
}

/** With `?wait=<number's name>&atLeast=1` (or `atMost`) it answers once that holds, or 408 after `timeoutMs` (10 s): no polling in tests. */
async function answerCounters(response: ServerResponse, url: URL, counters: Counters): Promise<void> {
  const name = url.searchParams.get('wait');
  if (name === null) {
    answerJson(response, 200, counters.snapshot());
    return;
  }
  const atLeast = readNumber(url, 'atLeast', -Infinity);
  const atMost = readNumber(url, 'atMost', Infinity);
  const timeoutMs = readNumber(url, 'timeoutMs', USUAL_WAIT_MS);
  if (!isTally(name) || [atLeast, atMost, timeoutMs].some(Number.isNaN)) {
    answerJson(response, 400, { error: { message: '"wait" must name a number of the counters; atLeast, atMost and timeoutMs must be numbers.' } });
    return;
  }
  const reached = await counters.wait(name, atLeast, atMost, Math.min(timeoutMs, LONGEST_WAIT_MS));
  answerJson(response, reached ? 200 : 408, counters.snapshot());
}

function readNumber(url: URL, name: string, unset: number): number {
  const value = url.searchParams.get(name);
  return value === null ? unset : Number(value);
}
