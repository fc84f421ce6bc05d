import { ControlError } from './control-error.js';
import { MOST_TIMES, appOf, booleanOf, integerOf, textOf, waitOf } from './control-fields.js';
import { enterSession, pushEvents, write } from './user-acts.js';
import { VARIANTS } from './push/letter.js';
import { endOf, viewOf } from './push-view.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';
import type { Delivery } from './push/sender.js';
import type { Manner, UserEvent } from './user-acts.js';
import type { PushSettings } from './push/settings.js';
import type { PushFields } from './push/message.js';
import type { Variant } from './push/letter.js';

/** A user's text has 2,048 bytes at most; the bound keeps the record of pushes small. */
const LONGEST_FIELDS = 16_384;
const LATEST_S = 4_000_000_000;
/** Of a user's message, by its `type`. */
const MESSAGE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['Content'],
  image: ['PicUrl', 'MediaId'],
  miniprogrampage: ['Title', 'AppId', 'PagePath', 'ThumbUrl', 'ThumbMediaId'],
};
/** What only a sealed letter can have. */
const OF_SEALED: readonly Variant[] = ['bad_msg_signature', 'wrong_appid', 'tampered', 'unencrypted'];

/** The message push of an app, and its users who cause it. */
export const PUSH_ROUTES: ControlRoutes = {
  'PUT /control/push': ({ body, state }) => ({ body: shown(state.pushBook.set(appOf(body['appid'], state.apps).appid, body)) }),
  'GET /control/push': ({ query, state }) => ({ body: shown(settingsOf(query.get('appid'), state)) }),
  'DELETE /control/push': ({ query, state }) => {
    state.pushBook.remove(textOf(query.get('appid'), 'appid'));
    return { body: {} };
  },
  'POST /control/push/check': async ({ body, state }) => ({ body: await state.sender.check(settingsOf(body['appid'], state), variantOf(body['variant'], undefined)) }),
  'POST /control/messages': writeMessage,
  'POST /control/sessions': enter,
  'POST /control/events': sendEvent,
  'GET /control/pushes': showPushes,
};

async function writeMessage({ body, state }: ControlCall): Promise<ControlReply> {
  const { type = 'text', msgId, wait } = body;
  const { appid, openid, createTime } = actorOf(body, state);
  const names = typeof type === 'string' && Object.hasOwn(MESSAGE_FIELDS, type) ? MESSAGE_FIELDS[type] : undefined;
  if (typeof type !== 'string' || !names) throw new ControlError(400, `"type" must be one of ${Object.keys(MESSAGE_FIELDS).join(', ')}.`);
  if (msgId !== undefined && (typeof msgId !== 'string' || !/^\d{1,20}$/u.test(msgId))) throw new ControlError(400, '"msgId" must be a string of digits.');
  const fields = Object.fromEntries(names.map((name) => [name, textOf(body[lowerFirst(name)], lowerFirst(name))]));
  checkLength(fields);
  const id = msgId === undefined ? state.nextMsgId() : BigInt(msgId);
  return answer(write(state, { appid, openid, type, fields, msgId: id, createTime }, mannerOf(body, state)), wait, { msgId: String(id) });
}

async function enter({ body, state }: ControlCall): Promise<ControlReply> {
  const { sessionFrom = 'wxapp' } = body;
  const event = { ...actorOf(body, state), fields: { SessionFrom: textOf(sessionFrom, 'sessionFrom') } };
  return answer(enterSession(state, event, mannerOf(body, state)), body['wait'], {});
}

/** Any other event: `fields` go into the push as they are. */
async function sendEvent({ body, state }: ControlCall): Promise<ControlReply> {
  const { fields = {} } = body;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new ControlError(400, '"fields" must be a JSON object.');
  checkLength(fields);
  const event: UserEvent = { ...actorOf(body, state), event: textOf(body['event'], 'event'), fields: fields as PushFields };
  return answer(pushEvents(state, event, mannerOf(body, state)), body['wait'], {});
}

/** What was pushed to an app; with `atLeast` once so many are over, 408 when they are not in time. */
async function showPushes({ query, state: { sender } }: ControlCall): Promise<ControlReply> {
  const appid = textOf(query.get('appid'), 'appid');
  const [type, openid] = [query.get('type') ?? undefined, query.get('openid') ?? undefined];
  const { atLeast, timeoutMs } = waitOf(query);
  const reached = atLeast === undefined || (await sender.wait(appid, type, openid, atLeast, timeoutMs));
  return { status: reached ? 200 : 408, body: { pushes: sender.of(appid, type, openid).map(viewOf) } };
}

/** Waits for the end of what was begun, unless `wait` is false. */
async function answer(deliveries: Promise<readonly Delivery[]>, wait: unknown = true, more: object): Promise<ControlReply> {
  return { body: { ...more, ...(await endOf(deliveries, booleanOf(wait, 'wait'))) } };
}

function checkLength(fields: object): void {
  if (JSON.stringify(fields).length > LONGEST_FIELDS) throw new ControlError(413, `The fields of a message must stay below ${LONGEST_FIELDS} characters.`);
}

function actorOf({ appid, openid, createTime }: ControlCall['body'], state: ControlCall['state']): { readonly appid: string; readonly openid: string; readonly createTime: number | undefined } {
  return { appid: appOf(appid, state.apps).appid, openid: textOf(openid, 'openid'), createTime: createTime === undefined ? undefined : integerOf(createTime, 'createTime', 0, LATEST_S) };
}

/** `variant`, `times` and `parallel` of a call that pushes. Throws ControlError. */
export function mannerOf({ appid, variant, times = 1, parallel = false }: ControlCall['body'], { pushBook }: ControlCall['state']): Manner {
  const settings = typeof appid === 'string' ? pushBook.of(appid) : undefined;
  return { variant: variantOf(variant, settings), times: integerOf(times, 'times', 1, MOST_TIMES), parallel: booleanOf(parallel, 'parallel') };
}

function variantOf(value: unknown = 'good', settings: PushSettings | undefined): Variant {
  const variant = VARIANTS.find((one) => one === value);
  if (variant === undefined) throw new ControlError(400, `"variant" must be one of ${VARIANTS.join(', ')}.`);
  if (settings?.mode === 'plain' && OF_SEALED.includes(variant)) throw new ControlError(409, `A letter in plain mode cannot be ${variant}.`);
  return variant;
}

function settingsOf(appid: unknown, { pushBook, apps }: ControlCall['state']): PushSettings {
  const settings = pushBook.of(appOf(appid, apps).appid);
  if (!settings) throw new ControlError(404, 'This app has no push settings.');
  return settings;
}

function shown({ url, mode, format, userName, answerMs }: PushSettings): object {
  return { url, mode, format, userName, answerMs };
}

function lowerFirst(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
