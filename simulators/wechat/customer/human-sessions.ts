import { BoundedMap } from '../bounded-map.js';
import type { Clock } from '../clock.js';

const LONGEST_MS = 30 * 60_000;
const MOST_SESSIONS = 10_000;

/** Who speaks with a human of the app's staff, in WeChat's own tool: nothing that they write is pushed until that ends, after half an hour at the latest. */
export class HumanSessions {
  readonly #clock: Clock;
  readonly #since = new BoundedMap<number>(MOST_SESSIONS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(appid: string, openid: string): void {
    this.#since.set(`${appid} ${openid}`, this.#clock.now());
  }

  isOpen(appid: string, openid: string): boolean {
    const since = this.#since.get(`${appid} ${openid}`);
    return since !== undefined && this.#clock.now() - since < LONGEST_MS;
  }

  /** @returns whether one was open. */
  close(appid: string, openid: string): boolean {
    const wasOpen = this.isOpen(appid, openid);
    this.#since.delete(`${appid} ${openid}`);
    return wasOpen;
  }
}
