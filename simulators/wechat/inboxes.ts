import { Waiters } from './waiters.js';

const KEPT = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

interface Kept<Message> {
  readonly appid: string;
  readonly openid: string;
  readonly message: Message;
  readonly bytes: number;
}

/** The messages of one kind that reached users: the newest 10,000 of all users, and 64 MiB at most. */
export class Inboxes<Message extends object> {
  readonly #waiters = new Waiters();
  readonly #kept: Kept<Message>[] = [];
  #bytes = 0;

  /** A message reaches a user, and who waits for it is told; older ones may give way to it. */
  add(appid: string, openid: string, message: Message): void {
    const bytes = 2 * JSON.stringify(message).length;
    this.#kept.push({ appid, openid, message, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > KEPT || this.#bytes > MOST_BYTES) this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    this.#waiters.wake();
  }

  /** What a user has of an app, oldest first. */
  of(appid: string, openid: string): Message[] {
    return this.#kept.filter((one) => one.appid === appid && one.openid === openid).map(({ message }) => message);
  }

  /** Resolves true once the user has so many, false after `timeoutMs`. */
  wait(appid: string, openid: string, atLeast: number, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(() => this.of(appid, openid).length >= atLeast, timeoutMs);
  }
}
