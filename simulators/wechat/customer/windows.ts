import { BoundedMap } from '../bounded-map.js';
import type { Clock } from '../clock.js';

const MINUTE_MS = 60_000;
const AFTER_MESSAGE = { answers: 5, forMs: 48 * 60 * MINUTE_MS };
const AFTER_ENTERING = { answers: 2, forMs: MINUTE_MS };
const INTERACTION_MS = 30_000;
/** How long "typing" is shown; assumed. */
const TYPING_MS = 15_000;
const MOST_USERS = 100_000;

interface Allowance {
  left: number;
  until: number;
}

interface Conversation {
  written: Allowance | undefined;
  entered: Allowance | undefined;
  lastActAt: number;
  typingUntil: number;
}

/** How often an app may write to a user: 5 times within 48 hours after the user's last message, twice within a minute after they entered the session. */
export class CustomerWindows {
  readonly #clock: Clock;
  readonly #conversations = new BoundedMap<Conversation>(MOST_USERS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The user wrote: five answers, however many were left. */
  wrote(appid: string, openid: string): void {
    this.#act(appid, openid).written = this.#allow(AFTER_MESSAGE);
  }

  entered(appid: string, openid: string): void {
    this.#act(appid, openid).entered = this.#allow(AFTER_ENTERING);
  }

  /** Takes one answer, of the shorter window first. @returns the refusal when the time (45015) or the count (45047) is over. */
  take(appid: string, openid: string): 45015 | 45047 | undefined {
    const conversation = this.#conversations.get(keyOf(appid, openid));
    const open = [conversation?.entered, conversation?.written].filter((allowance) => allowance !== undefined && allowance.until > this.#clock.now());
    if (!conversation || open.length === 0) return 45015;
    const allowance = open.find((one) => one !== undefined && one.left > 0);
    if (!allowance) return 45047;
    allowance.left -= 1;
    conversation.typingUntil = 0;
    return undefined;
  }

  /** Begins to show that somebody types. */
  type(appid: string, openid: string): 45080 | 45081 | undefined {
    const now = this.#clock.now();
    const conversation = this.#conversations.get(keyOf(appid, openid));
    if (!conversation || now - conversation.lastActAt > INTERACTION_MS) return 45080;
    if (conversation.typingUntil > now) return 45081;
    conversation.typingUntil = now + TYPING_MS;
    return undefined;
  }

  stopTyping(appid: string, openid: string): void {
    const conversation = this.#conversations.get(keyOf(appid, openid));
    if (conversation) conversation.typingUntil = 0;
  }

  isTyping(appid: string, openid: string): boolean {
    return (this.#conversations.get(keyOf(appid, openid))?.typingUntil ?? 0) > this.#clock.now();
  }

  /** Both windows end now. */
  end(appid: string, openid: string): void {
    const conversation = this.#conversations.get(keyOf(appid, openid));
    if (conversation) Object.assign(conversation, { written: undefined, entered: undefined });
  }

  /** Answers that may still be sent now. */
  left(appid: string, openid: string): number {
    const { entered, written } = this.#conversations.get(keyOf(appid, openid)) ?? {};
    return [entered, written].reduce((sum, allowance) => sum + (allowance && allowance.until > this.#clock.now() ? allowance.left : 0), 0);
  }

  #allow({ answers, forMs }: typeof AFTER_MESSAGE): Allowance {
    return { left: answers, until: this.#clock.now() + forMs };
  }

  #act(appid: string, openid: string): Conversation {
    const key = keyOf(appid, openid);
    const conversation = this.#conversations.get(key) ?? { written: undefined, entered: undefined, lastActAt: 0, typingUntil: 0 };
    conversation.lastActAt = this.#clock.now();
    this.#conversations.set(key, conversation);
    return conversation;
  }
}

function keyOf(appid: string, openid: string): string {
  return `${appid} ${openid}`;
}
