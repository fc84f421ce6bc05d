import { textOf, waitOf } from './control-fields.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';

/** What users received, and whom a human serves. */
export const CUSTOMER_ROUTES: ControlRoutes = {
  'GET /control/received': showReceived,
  'DELETE /control/windows': ({ query, state }) => {
    const user = userOf(query);
    state.windows.end(...user);
    return { body: { answersLeft: state.windows.left(...user) } };
  },
  'GET /control/human': ({ query, state }) => ({ body: { open: state.humans.isOpen(...userOf(query)) } }),
  'DELETE /control/human': ({ query, state }) => ({ body: { closed: state.humans.close(...userOf(query)) } }),
};

/** A user's customer-service session; with `atLeast` once so many messages are there, 408 when they are not in time. */
async function showReceived({ query, state }: ControlCall): Promise<ControlReply> {
  const user = userOf(query);
  const { atLeast, timeoutMs } = waitOf(query);
  const reached = atLeast === undefined || (await state.received.wait(...user, atLeast, timeoutMs));
  return { status: reached ? 200 : 408, body: { messages: state.received.of(...user), typing: state.windows.isTyping(...user), answersLeft: state.windows.left(...user), human: state.humans.isOpen(...user) } };
}

function userOf(query: URLSearchParams): [appid: string, openid: string] {
  return [textOf(query.get('appid'), 'appid'), textOf(query.get('openid'), 'openid')];
}
