import { appOf } from './control-fields.js';
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
};
