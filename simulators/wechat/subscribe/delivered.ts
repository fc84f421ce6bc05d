import { Waiters } from '../waiters.js';

const KEPT = 10_000;

/** A subscribe message that reached a user, among their 服务通知. */
export interface DeliveredMessage {
  readonly at: string;
  readonly msgid: number;
  readonly template: string;
  /** The values of the template's fields. */
  readonly data: Readonly<Record<string, string>>;
  readonly page: string | undefined;
  readonly miniprogramState: string;
  readonly lang: string;
}

interface Kept {
  readonly appid: string;
  readonly openid: string;
  readonly message: DeliveredMessage;
}

/** What users find among their service notices: the newest 10,000 of all users. Values are short, so the number bounds the bytes. */
export class DeliveredMessages {
  readonly #waiters = new Waiters();
  readonly #kept: Kept[] = [];

  add(appid: string, openid: string, message: DeliveredMessage): void {
    this.#kept.push({ appid, openid, message });
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.#waiters.wake();
  }

  of(appid: string, openid: string): DeliveredMessage[] {
    return this.#kept.filter((one) => one.appid === appid && one.openid === openid).map(({ message }) => message);
  }

  /** Resolves true once the user has so many, false after `timeoutMs`. */
  wait(appid: string, openid: string, atLeast: number, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(() => this.of(appid, openid).length >= atLeast, timeoutMs);
  }
}
