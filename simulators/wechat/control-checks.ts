import { appOf, textOf } from './control-fields.js';
import { parseVerdict } from './media-checks.js';
import { tellVerdict } from './media-check-async.js';
import { viewOf } from './push-view.js';
import type { ControlRoutes } from './control-route.js';

/** By what texts and pictures are judged. */
export const CHECK_ROUTES: ControlRoutes = {
  'GET /control/words': ({ query, state }) => ({ body: { words: state.words.of(query.get('appid') ?? '') } }),
  'PUT /control/words': ({ body, state }) => {
    if (body['appid'] !== undefined) appOf(body['appid'], state.apps);
    return { body: { words: state.words.set(body) } };
  },
  'DELETE /control/words': ({ query, state }) => {
    state.words.reset(query.get('appid') ?? undefined);
    return { body: { words: state.words.of(query.get('appid') ?? '') } };
  },
  'GET /control/media': ({ query, state }) => ({ body: state.media.planOf(query.get('appid') ?? '') }),
  'PUT /control/media': ({ body, state }) => ({ body: state.media.setPlan(appOf(body['appid'], state.apps).appid, body) }),
  'DELETE /control/media': ({ query, state }) => {
    state.media.resetPlan(textOf(query.get('appid'), 'appid'));
    return { body: state.media.planOf('') };
  },
  // A verdict by hand: the first of a check that would have none, or one more.
  'POST /control/media/verdict': async ({ body, state }) => ({ body: viewOf(await tellVerdict(state.media.find(body['trace_id']), parseVerdict(body), state)) }),
};
