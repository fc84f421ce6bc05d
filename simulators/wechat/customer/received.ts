import { Waiters } from '../waiters.js';

const KEPT = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** A customer-service message that reached a user. */
export interface ReceivedMessage {
  readonly at: string;
  readonly msgtype: string;
  /** The object of this type, as the app sent it. */
  readonly content: Readonly<Record<string, unknown>>;
}

interface Kept {
  readonly appid: string;
  readonly openid: string;
  readonly message: ReceivedMessage;
  readonly bytes: number;
}

/** What users see in their customer-service sessions: the newest 10,000 messages of all users. */
export class ReceivedMessages {
  readonly #waiters = new Waiters();
  readonly #kept: Kept[] = [];
  #bytes = 0;

  add(appid: string, openid: string, message: ReceivedMessage): void {
    const bytes = 2 * JSON.stringify(message).length;
    this.#kept.push({ appid, openid, message, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > KEPT || this.#bytes > MOST_BYTES) this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    this.#waiters.wake();
  }

  of(appid: string, openid: string): ReceivedMessage[] {
    return this.#kept.filter((one) => one.appid === appid && one.openid === openid).map(({ message }) => message);
  }

  /** Resolves true once the user has so many, false after `timeoutMs`. */
  wait(appid: string, openid: string, atLeast: number, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(() => this.of(appid, openid).length >= atLeast, timeoutMs);
  }
}
