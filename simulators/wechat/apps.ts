import { randomBytes } from 'node:crypto';

const MOST_APPS = 100_000;

/** A mini program as WeChat knows it. */
export interface WechatApp {
  readonly appid: string;
  readonly secret: string;
  /** Bound to an open-platform account: logins tell the unionid. */
  readonly unionBound: boolean;
  /** Its users are in the mini program at any time: no 61010. For a demo, where no phone says so. */
  readonly alwaysPresent: boolean;
}

/** The registered mini programs. */
export class WechatApps {
  readonly #apps = new Map<string, WechatApp>();

  /** Registers an app or replaces the one of the same appid. False when there is no more room. */
  register(app: WechatApp): boolean {
    if (this.#apps.size >= MOST_APPS && !this.#apps.has(app.appid)) return false;
    this.#apps.set(app.appid, app);
    return true;
  }

  get(appid: string): WechatApp | undefined {
    return this.#apps.get(appid);
  }

  list(): WechatApp[] {
    return [...this.#apps.values()];
  }

  /** The app that these credentials belong to, or WeChat's error number. */
  authenticate(appid: string | undefined, secret: string | undefined): WechatApp | 41002 | 41004 | 40013 | 40125 {
    if (!appid) return 41002;
    if (!secret) return 41004;
    const app = this.#apps.get(appid);
    if (!app) return 40013;
    return app.secret === secret ? app : 40125;
  }
}

/** The name of a call by which WeChat's support finds it, for example of a check. */
export function makeTraceId(): string {
  return [4, 4, 4].map((bytes) => randomBytes(bytes).toString('hex')).join('-');
}

/** The same at the end of every refusal's `errmsg`. */
export function makeRid(): string {
  return `rid: ${makeTraceId()}`;
}
