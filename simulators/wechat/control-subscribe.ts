import { ControlError } from './control-error.js';
import { MOST_TIMES, appOf, booleanOf, integerOf, textOf } from './control-fields.js';
import { inboxOf, userOf } from './control-customer.js';
import { pushSubscribeEvent } from './subscribe/subscribe-events.js';
import { viewOf } from './push-view.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';
import type { Delivery } from './push/sender.js';
import type { Template } from './subscribe/templates.js';

const MOST_IN_ONE_POPUP = 5;

/** The templates of an app, who agreed to them, and what reached users. */
export const SUBSCRIBE_ROUTES: ControlRoutes = {
  'PUT /control/templates': ({ body, state }) => ({ body: state.templates.set(appOf(body['appid'], state.apps).appid, body) }),
  'GET /control/templates': ({ query, state }) => ({ body: state.templates.of(textOf(query.get('appid'), 'appid')) }),
  'DELETE /control/templates': ({ query, state }) => {
    state.templates.remove(textOf(query.get('appid'), 'appid'));
    return { body: {} };
  },
  'POST /control/consents': answerPopup,
  'GET /control/consents': ({ query, state }) => {
    const [appid, openid] = userOf(query);
    return { body: { left: leftOf(state, appid, openid, state.templates.of(appid).templates) } };
  },
  'DELETE /control/consents': switchOff,
  'GET /control/delivered': showDelivered,
};

/**
 * The user answers the popup of `wx.requestSubscribeMessage`: with `times` that often, each a popup and an
 * event of its own, a second apart; `always` is a consent that is never used up.
 */
async function answerPopup({ body, state }: ControlCall): Promise<ControlReply> {
  const { answer = 'accept', times = 1, always = false } = body;
  const { appid } = appOf(body['appid'], state.apps);
  const openid = textOf(body['openid'], 'openid');
  const templates = templatesOf(body['tmplIds'], appid, state);
  if (answer !== 'accept' && answer !== 'reject') throw new ControlError(400, '"answer" must be accept or reject.');
  const count = integerOf(times, 'times', 1, MOST_TIMES);
  const isLasting = booleanOf(always, 'always');
  state.openids.see(appid, openid);
  if (answer === 'accept') for (const { id, longTerm } of templates) state.consents.grant(appid, openid, id, isLasting || longTerm ? 'always' : count);

  const items = templates.map(({ id }) => ({ TemplateId: id, SubscribeStatusString: answer, PopupScene: 0 }));
  const now = Math.floor(Date.now() / 1000);
  const deliveries: Delivery[] = [];
  for (let left = count - 1; left >= 0; left -= 1) deliveries.push(await pushSubscribeEvent(state, 'popup', { appid, openid, createTime: now - left }, items));
  return { body: { results: Object.fromEntries(templates.map(({ id }) => [id, answer])), left: leftOf(state, appid, openid, templates), deliveries: deliveries.map(viewOf) } };
}

/** The user sets messages of a template to 拒收 in WeChat's own settings. */
async function switchOff({ query, state }: ControlCall): Promise<ControlReply> {
  const { appid } = appOf(query.get('appid'), state.apps);
  const openid = textOf(query.get('openid'), 'openid');
  const templates = templatesOf([query.get('template')], appid, state);
  for (const { id } of templates) state.consents.revoke(appid, openid, id);
  const delivery = await pushSubscribeEvent(state, 'change', { appid, openid }, templates.map(({ id }) => ({ TemplateId: id, SubscribeStatusString: 'reject' })));
  return { body: { left: leftOf(state, appid, openid, templates), deliveries: [viewOf(delivery)] } };
}

/** A user's service notices. */
async function showDelivered({ query, state }: ControlCall): Promise<ControlReply> {
  const { status, messages } = await inboxOf(state.delivered, query);
  return { status, body: { messages } };
}

function templatesOf(ids: unknown, appid: string, { templates }: ControlCall['state']): Template[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MOST_IN_ONE_POPUP) throw new ControlError(400, `"tmplIds" must list 1 to ${MOST_IN_ONE_POPUP} templates.`);
  return [...new Set(ids)].map((id) => {
    const template = templates.find(appid, id);
    if (!template) throw new ControlError(404, 'This app has no such template.');
    return template;
  });
}

function leftOf({ consents }: ControlCall['state'], appid: string, openid: string, templates: readonly Template[]): object {
  return Object.fromEntries(templates.map(({ id }) => [id, consents.left(appid, openid, id)]));
}
