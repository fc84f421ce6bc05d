import { ControlError } from './control-error.js';
import { appOf, booleanOf, integerOf, textOf } from './control-fields.js';
import { STALE_CODES } from './issued-tokens.js';
import { userOf } from './codes.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';

const LONGEST_AGE_MS = 10 * 365 * 86_400_000;

/** Apps, their users with their session keys, and their tokens. */
export const LOGIN_ROUTES: ControlRoutes = {
  'GET /control/apps': ({ state }) => ({ body: { apps: state.apps.list().map(({ appid, unionBound }) => ({ appid, unionBound })) } }),
  'POST /control/apps': registerApp,
  'POST /control/codes': issueCode,
  'POST /control/openids': setPresence,
  'PUT /control/session-keys': ({ body, state }) => {
    const { appid } = appOf(body['appid'], state.apps);
    state.sessionKeys.set(appid, textOf(body['openid'], 'openid'), textOf(body['sessionKey'], 'sessionKey'));
    return { body: {} };
  },
  'GET /control/tokens': ({ query, state }) => ({ body: { valid: state.issued.valid(query.get('appid') ?? ''), forcedToday: state.stableTokens.forced(query.get('appid') ?? '') } }),
  'DELETE /control/tokens': revokeTokens,
};

function registerApp({ body, state }: ControlCall): ControlReply {
  const { unionBound = false, alwaysPresent = false } = body;
  const app = { appid: textOf(body['appid'], 'appid'), secret: textOf(body['secret'], 'secret'), unionBound: booleanOf(unionBound, 'unionBound'), alwaysPresent: booleanOf(alwaysPresent, 'alwaysPresent') };
  if (!state.apps.register(app)) throw new ControlError(507, 'Too many apps.');
  return { body: { appid: app.appid, unionBound: app.unionBound } };
}

/** What `wx.login` would give to the phone of this user; without a user it is somebody new. */
function issueCode({ body, state }: ControlCall): ControlReply {
  const { user, openid } = body;
  const { appid } = appOf(body['appid'], state.apps);
  if ((user !== undefined && typeof user !== 'string') || (openid !== undefined && typeof openid !== 'string')) throw new ControlError(400, '"user" and "openid" must be strings.');
  const who = userOf(appid, user ?? openid ?? crypto.randomUUID(), openid);
  return { body: { code: state.codes.issue(appid, who), openid: who.openid } };
}

/** When WeChat last saw a user: `seenMsAgo` (0), or never with `forget`. */
function setPresence({ body, state }: ControlCall): ControlReply {
  const { seenMsAgo = 0, forget = false } = body;
  const { appid } = appOf(body['appid'], state.apps);
  const openid = textOf(body['openid'], 'openid');
  if (booleanOf(forget, 'forget')) state.openids.forget(appid, openid);
  else state.openids.see(appid, openid, integerOf(seenMsAgo, 'seenMsAgo', 0, LONGEST_AGE_MS));
  return { body: { appid, openid, present: state.openids.isPresent(appid, openid) } };
}

/** Ends every token of an app now; `as` says what they are refused with (40001). */
function revokeTokens({ query, state }: ControlCall): ControlReply {
  const as = STALE_CODES.find((code) => String(code) === (query.get('as') ?? '40001'));
  if (as === undefined) throw new ControlError(400, `"as" must be one of ${STALE_CODES.join(', ')}.`);
  return { body: { revoked: state.issued.revoke(appOf(query.get('appid'), state.apps).appid, as) } };
}
