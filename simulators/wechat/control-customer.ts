import { textOf, waitOf } from './control-fields.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';
import type { Inboxes } from './inboxes.js';

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

/** A user's customer-service session. */
async function showReceived({ query, state }: ControlCall): Promise<ControlReply> {
  const user = userOf(query);
  const { status, messages } = await inboxOf(state.received, query);
  return { status, body: { messages, typing: state.windows.isTyping(...user), answersLeft: state.windows.left(...user), human: state.humans.isOpen(...user) } };
}

/** A user's messages of one kind; with `atLeast` once so many are there, 408 when they are not in time. Throws ControlError. */
export async function inboxOf<Message extends object>(inboxes: Inboxes<Message>, query: URLSearchParams): Promise<{ readonly status: 200 | 408; readonly messages: readonly Message[] }> {
  const user = userOf(query);
  const { atLeast, timeoutMs } = waitOf(query);
  const reached = atLeast === undefined || (await inboxes.wait(...user, atLeast, timeoutMs));
  return { status: reached ? 200 : 408, messages: inboxes.of(...user) };
}

/** The user whom a call's query names. Throws ControlError. */
export function userOf(query: URLSearchParams): [appid: string, openid: string] {
  return [textOf(query.get('appid'), 'appid'), textOf(query.get('openid'), 'openid')];
}
