import { sealNotice } from './notice.js';
import type { Counters } from './counters.js';
import type { Delivery, Postman } from './post-letter.js';
import type { Merchants } from './merchants.js';
import type { Notice, Variant } from './notice.js';
import type { PlatformKeys } from './platform-keys.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Delays after each failed delivery: 15 retries over 24 hours and 4 minutes. */
export const RETRY_DELAYS_MS: readonly number[] = [
  15 * SECOND, 15 * SECOND, 30 * SECOND, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE, 60 * MINUTE, 3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR,
];

const MOST_OPEN = 100_000;
const MOST_AT_ONCE = 64;

/** What the notifier keeps of a notice over a restart. */
export interface SavedNotice {
  readonly notice: Notice;
  /** Failed deliveries so far. */
  readonly failures: number;
}

interface Open {
  readonly notice: Notice;
  failures: number;
  /** When the next delivery is due, real time; undefined while it waits for a free line or is under way. */
  due: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface NotifierParts {
  readonly keys: PlatformKeys;
  readonly merchants: Merchants;
  readonly counters: Counters;
  readonly postman: Postman;
  readonly save: (kind: 'notice' | 'noticed', value: unknown) => void;
}

/** Delivers notices until a merchant answers 200 or 204, along the real retry table divided by the time scale. */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #open = new Map<string, Open>();
  #waiting: Open[] = [];
  #underWay = 0;
  #turn = 0;
  #scale: number;
  #closed = false;

  constructor(parts: NotifierParts, scale: number) {
    this.#parts = parts;
    this.#scale = scale;
  }

  get scale(): number {
    return this.#scale;
  }

  /** Changes the divisor of all delays, also of those that already run. */
  set scale(scale: number) {
    const now = Date.now();
    for (const open of this.#open.values()) if (open.due !== undefined) this.#schedule(open, Math.max(0, open.due - now) * (this.#scale / scale));
    this.#scale = scale;
  }

  /** Begins to deliver a notice, after a wait if asked. A notice that is already under way is not begun twice. */
  begin(notice: Notice, afterMs = 0): void {
    if (this.#open.has(notice.id)) return;
    if (this.#open.size >= MOST_OPEN) {
      this.#parts.counters.add('dropped', 1);
      return;
    }
    this.#parts.save('notice', { notice, failures: 0 });
    this.#admit(notice, 0, afterMs);
  }

  /** Takes up a notice of an earlier process where that one left it. */
  resume({ notice, failures }: SavedNotice): void {
    this.#admit(notice, failures, failures === 0 ? 0 : (RETRY_DELAYS_MS[failures - 1] ?? 0) / this.#scale);
  }

  /** Sends once, now, and tells the answer; no retries. Throws ControlError for an impossible variant. */
  async send(notice: Notice, variant: Variant = 'good', url = notice.url): Promise<Delivery> {
    const { merchants, keys, counters, postman } = this.#parts;
    const merchant = merchants.get(notice.merchant_id);
    if (!merchant) return { status: 0, ms: 0 };
    const letter = sealNotice(notice, merchant, keys, (this.#turn += 1), Date.now(), variant);
    const delivery = await postman.post(url, letter);
    counters.add('sent', 1);
    counters.add(isReceived(delivery) ? 'accepted' : 'refused', 1);
    return delivery;
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) clearTimeout(open.timer);
    this.#waiting = [];
  }

  #admit(notice: Notice, failures: number, afterMs: number): void {
    const open: Open = { notice, failures, due: undefined, timer: undefined };
    this.#open.set(notice.id, open);
    this.#parts.counters.add('open_notices', 1);
    if (failures > 0) this.#parts.counters.add('open_retries', 1);
    this.#schedule(open, afterMs);
  }

  #schedule(open: Open, delayMs: number): void {
    clearTimeout(open.timer);
    open.due = Date.now() + delayMs;
    open.timer = setTimeout(() => {
      open.due = undefined;
      this.#waiting.push(open);
      this.#next();
    }, delayMs);
  }

  #next(): void {
    while (!this.#closed && this.#underWay < MOST_AT_ONCE) {
      const open = this.#waiting.shift();
      if (!open) return;
      this.#underWay += 1;
      void this.#deliver(open).finally(() => {
        this.#underWay -= 1;
        this.#next();
      });
    }
  }

  async #deliver(open: Open): Promise<void> {
    const delivery = await this.send(open.notice);
    if (this.#closed) return;
    const delay = RETRY_DELAYS_MS[open.failures];
    if (isReceived(delivery) || delay === undefined) {
      this.#open.delete(open.notice.id);
      this.#parts.save('noticed', open.notice.id);
      this.#parts.counters.add('open_notices', -1);
      if (open.failures > 0) this.#parts.counters.add('open_retries', -1);
      if (!isReceived(delivery)) this.#parts.counters.add('given_up', 1);
      return;
    }
    open.failures += 1;
    this.#parts.save('notice', { notice: open.notice, failures: open.failures });
    if (open.failures === 1) this.#parts.counters.add('open_retries', 1);
    this.#schedule(open, delay / this.#scale);
  }
}

/** 200 and 204 count as received, whatever the body says. */
export function isReceived({ status }: Delivery): boolean {
  return status === 200 || status === 204;
}
