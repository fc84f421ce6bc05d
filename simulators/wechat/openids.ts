import { BoundedMap } from './bounded-map.js';
import type { Clock } from './clock.js';

/** A user counts as present for this long after WeChat last saw them in the mini program. */
const PRESENT_MS = 2 * 3_600_000;
const MOST_OPENIDS = 200_000;
/** As WeChat's own look; what a control endpoint named otherwise is known by name. */
const OPENID = /^o[\w-]{27}$/u;

/** Who was seen in which app, and when. */
export class Openids {
  readonly #clock: Clock;
  /** By app and openid, the last time; undefined = known, but never seen. */
  readonly #seen = new BoundedMap<number | undefined>(MOST_OPENIDS);
  /** The apps that know an openid. */
  readonly #apps = new Map<string, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The user is in the mini program now, or was that long ago. */
  see(appid: string, openid: string, msAgo = 0): void {
    this.#remember(appid, openid, this.#clock.now() - msAgo);
  }

  /** The user exists, but was never there. */
  forget(appid: string, openid: string): void {
    this.#remember(appid, openid, undefined);
  }

  /** Whether an app may speak to this openid at all: 40003 for none that exists, 43104 for another app's. */
  refusal(appid: string, openid: unknown): 40003 | 43104 | undefined {
    if (typeof openid !== 'string' || openid === '') return 40003;
    const apps = this.#apps.get(openid);
    if (apps) return apps.has(appid) ? undefined : 43104;
    // It may be somebody whom an earlier process of the simulator knew.
    return OPENID.test(openid) ? undefined : 40003;
  }

  isPresent(appid: string, openid: string): boolean {
    const at = this.#seen.get(keyOf(appid, openid));
    return at !== undefined && this.#clock.now() - at < PRESENT_MS;
  }

  #remember(appid: string, openid: string, at: number | undefined): void {
    const forgotten = this.#seen.set(keyOf(appid, openid), at);
    const apps = this.#apps.get(openid);
    if (apps) apps.add(appid);
    else this.#apps.set(openid, new Set([appid]));
    if (forgotten !== undefined) this.#drop(forgotten);
  }

  #drop(key: string): void {
    const [appid = '', openid = ''] = key.split(' ');
    const apps = this.#apps.get(openid);
    apps?.delete(appid);
    if (apps?.size === 0) this.#apps.delete(openid);
  }
}

function keyOf(appid: string, openid: string): string {
  return `${appid} ${openid}`;
}
