import { ControlError } from './control-error.js';
import { textOf, waitOf } from './control-fields.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';

/** Faults, time, limits and what was counted. */
export const SCRIPT_ROUTES: ControlRoutes = {
  'GET /control/script': ({ state }) => ({ body: state.faults.snapshot() }),
  'PUT /control/script': ({ body, state }) => setScript(body, state),
  'DELETE /control/script': ({ state }) => setScript({}, state),
  'PUT /control/clock': advanceClock,
  'GET /control/limits': ({ query, state }) => ({ body: state.quotas.snapshot(textOf(query.get('appid'), 'appid')) }),
  'PUT /control/limits': ({ body, state }) => ({ body: state.quotas.set(body) }),
  'DELETE /control/limits': ({ state }) => {
    state.quotas.reset();
    return { body: {} };
  },
  'GET /control/counters': ({ state }) => ({ body: state.log.snapshot() }),
  'DELETE /control/counters': ({ state }) => {
    state.log.reset();
    return { body: state.log.snapshot() };
  },
  'GET /control/calls': showCalls,
};

function setScript(script: ControlCall['body'], { faults }: Pick<ControlCall['state'], 'faults'>): ControlReply {
  faults.set(script);
  return { body: faults.snapshot() };
}

function advanceClock({ body: { advanceMs }, state: { clock } }: ControlCall): ControlReply {
  if (typeof advanceMs !== 'number' || !(advanceMs >= 0)) throw new ControlError(400, '"advanceMs" must be a number, 0 or more.');
  clock.advance(advanceMs);
  return { body: { now: new Date(clock.now()).toISOString() } };
}

/** What one app called on one path; with `atLeast` once that many calls were there, 408 when they were not in time. */
async function showCalls({ query, state: { log } }: ControlCall): Promise<ControlReply> {
  const [appid, path] = [textOf(query.get('appid'), 'appid'), textOf(query.get('path'), 'path')];
  const { atLeast, timeoutMs } = waitOf(query);
  const reached = atLeast === undefined || (await log.wait(appid, path, atLeast, timeoutMs));
  return { status: reached ? 200 : 408, body: log.of(appid, path) };
}
