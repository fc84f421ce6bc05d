import { ANSWER_LIMIT_MS } from './settings.js';
import { Waiters } from '../waiters.js';
import { letterOf, urlCheck } from './letter.js';
import { post } from './post.js';
import { readReply } from './reply.js';
import type { PushBook, PushSettings } from './settings.js';
import type { PushMessage } from './message.js';
import type { PushReply, ReadReply } from './reply.js';
import type { Variant } from './letter.js';

const ATTEMPTS = 3;
const MOST_AT_ONCE = 64;
const MOST_WAITING = 10_000;
const KEPT = 1_000;

/** One try; `reply` only of a 200. */
interface Attempt {
  readonly status: number;
  readonly ms: number;
  readonly reply?: PushReply;
}

/**
 * What became of a message. `accepted`: success or empty; `transferred`: handed over to a human;
 * `invalid`: a 200 that WeChat would not understand; `unanswered`: no 200 in time after all attempts;
 * `no_address`: the app has no push settings; `human`: a human session is open, nothing was pushed;
 * `dropped`: too many were waiting.
 */
export type Outcome = 'accepted' | 'transferred' | 'invalid' | 'unanswered' | 'no_address' | 'human' | 'dropped';

/** A message that was to be pushed, with its end. */
export interface Delivery {
  readonly appid: string;
  readonly message: PushMessage;
  readonly variant: Variant;
  readonly outcome: Outcome;
  readonly attempts: readonly Attempt[];
}

/** How a push goes: how often it is tried until a 200 comes, how long each may take at most, and how the 200 is read. */
export interface Course {
  readonly attempts: number;
  readonly answerMs: number;
  readonly read: ReadReply;
}

const USUAL: Course = { attempts: ATTEMPTS, answerMs: ANSWER_LIMIT_MS, read: readReply };

/** Pushes messages to the servers of apps: three attempts in all, one only for what no WeChat would send. */
export class PushSender {
  readonly #book: PushBook;
  readonly #waiters = new Waiters();
  readonly #closing = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #kept: Delivery[] = [];

  constructor(book: PushBook) {
    this.#book = book;
  }

  async send(appid: string, message: PushMessage, variant: Variant = 'good', course = USUAL): Promise<Delivery> {
    const settings = this.#book.of(appid);
    if (!settings) return this.keep({ appid, message, variant, outcome: 'no_address', attempts: [] });
    if (!(await this.#enter())) return this.keep({ appid, message, variant, outcome: 'dropped', attempts: [] });
    try {
      const attempts = await this.#attempt(appid, message, settings, variant, course);
      return this.keep({ appid, message, variant, outcome: outcomeOf(attempts.at(-1)), attempts });
    } finally {
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Tries the address as the console does when its form is saved. */
  async check(settings: PushSettings, variant: Variant): Promise<{ readonly echoed: boolean; readonly status: number; readonly ms: number; readonly body: string }> {
    const { url, echostr } = urlCheck(settings, Date.now(), variant);
    const answer = await post({ url }, settings.answerMs, this.#closing.signal);
    return { echoed: answer.status === 200 && answer.body === echostr, ...answer };
  }

  /** Records what became of a message. */
  keep(delivery: Delivery): Delivery {
    this.#kept.push(delivery);
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.#waiters.wake();
    return delivery;
  }

  /** Of the last 1,000 deliveries those of an app, oldest first; `type` is an Event or a MsgType. */
  of(appid: string, type: string | undefined, openid: string | undefined): Delivery[] {
    return this.#kept.filter(
      ({ appid: to, message }) => to === appid && (type === undefined || type === message['Event'] || type === message.MsgType) && (openid === undefined || openid === message.FromUserName),
    );
  }

  /** Resolves true once so many deliveries are over, false after `timeoutMs`. */
  wait(appid: string, type: string | undefined, openid: string | undefined, atLeast: number, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(() => this.of(appid, type, openid).length >= atLeast, timeoutMs);
  }

  close(): void {
    this.#closing.abort();
  }

  async #attempt(appid: string, message: PushMessage, settings: PushSettings, variant: Variant, course: Course): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    const most = variant === 'good' ? course.attempts : 1;
    while (attempts.length < most && !this.#closing.signal.aborted) {
      const { status, ms, body } = await post(letterOf(message, settings, appid, Date.now(), variant), Math.min(settings.answerMs, course.answerMs), this.#closing.signal);
      attempts.push({ status, ms, ...(status === 200 ? { reply: course.read(body, message, settings, appid) } : {}) });
      if (status === 200) break;
    }
    return attempts;
  }

  /** A place among those under way; false when too many wait for one. */
  async #enter(): Promise<boolean> {
    if (this.#underWay >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay += 1;
    return true;
  }
}

function outcomeOf(last: Attempt | undefined): Outcome {
  if (!last?.reply) return 'unanswered';
  if (last.reply.kind === 'invalid') return 'invalid';
  return last.reply.kind === 'transfer' ? 'transferred' : 'accepted';
}
