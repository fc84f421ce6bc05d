import { ANSWER_LIMIT_MS } from '../push/settings.js';
import { asTexts } from '../push/message.js';
import { invalid, readContentReply } from '../push/reply.js';
import { pushEvent } from '../user-acts.js';
import type { Course, Delivery } from '../push/sender.js';
import type { PushFields } from '../push/message.js';
import type { UserEvent } from '../user-acts.js';
import type { Variant } from '../push/letter.js';
import type { WechatState } from '../wechat-state.js';

type About = Pick<UserEvent, 'appid' | 'openid' | 'event'>;

/** One try; the answer must say `ErrCode` 0 in the format of the push: `success` alone is not enough. */
const ONCE: Course = {
  attempts: 1,
  answerMs: ANSWER_LIMIT_MS,
  read: (body, _, settings, appid) => readContentReply(body, settings, appid, ({ ErrCode: code }, encrypted) => (code === '0' ? { kind: 'success', encrypted } : invalid(`ErrCode must be 0, not ${code}.`, encrypted))),
};
/** As developers report it. */
const USUAL: Persistence = { course: ONCE, repeats: 15 };

/** How often an event is repeated that is not taken, and how each try goes. */
interface Persistence {
  readonly course: Course;
  readonly repeats: number;
}

/** Pushes an event of virtual payment once, perhaps as no WeChat would. */
export function pushOnce(state: WechatState, event: UserEvent, variant: Variant): Promise<Delivery> {
  return pushBy(state, event, variant, ONCE);
}

/**
 * Pushes an event of virtual payment until it is taken, 15 repeats at most unless told. `fields` are made anew
 * for each try; it is called with the number of the repeat.
 */
export async function pushUntilTaken(state: WechatState, about: About, fields: (repeat: number) => PushFields, { course, repeats }: Persistence = USUAL): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    if (repeat > 0 && !(await state.pauses.wait(state.offers.of(about.appid)?.repeatMs ?? 0))) break;
    const delivery = await pushBy(state, { ...about, fields: fields(repeat) }, 'good', course);
    deliveries.push(delivery);
    if (delivery.outcome === 'accepted' || delivery.outcome === 'no_address') break;
  }
  return deliveries;
}

function pushBy(state: WechatState, { fields = {}, ...event }: UserEvent, variant: Variant, course: Course): Promise<Delivery> {
  return pushEvent(state, { ...event, fields: state.offers.of(event.appid)?.numbersAsTexts ? asTexts(fields) : fields }, variant, course);
}
