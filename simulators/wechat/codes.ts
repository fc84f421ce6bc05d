import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';

const LIFETIME_MS = 5 * 60_000;
/** Used and expired codes are remembered this long, so that their errors stay right. */
const MEMORY_MS = 30 * 60_000;
const MOST_CODES = 100_000;

/** The person behind a code, as the app that asked sees them. */
export interface WechatUser {
  readonly openid: string;
  /** The same in every app of one developer account. */
  readonly unionid: string;
}

interface Issued {
  readonly appid: string;
  readonly user: WechatUser;
  readonly issuedAt: number;
  used: boolean;
}

/** What a code is good for. */
export type Redeemed = { readonly user: WechatUser } | { readonly errcode: 40029 | 40163 };

/** The codes that `wx.login` gives out: one use, five minutes, one app. */
export class LoginCodes {
  readonly #clock: Clock;
  readonly #codes = new Map<string, Issued>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(appid: string, user: WechatUser): string {
    this.#forgetOld();
    const code = `0${randomBytes(24).toString('base64url').slice(0, 31)}`;
    this.#codes.set(code, { appid, user, issuedAt: this.#clock.now(), used: false });
    return code;
  }

  /** Uses a code up. Unknown, expired and another app's codes are 40029, used ones 40163. */
  redeem(appid: string, code: string): Redeemed {
    const issued = this.#codes.get(code);
    if (!issued || issued.appid !== appid) return { errcode: 40029 };
    if (issued.used) return { errcode: 40163 };
    if (this.#clock.now() - issued.issuedAt > LIFETIME_MS) return { errcode: 40029 };
    issued.used = true;
    return { user: issued.user };
  }

  #forgetOld(): void {
    // Insertion order is issue order: stop at the first that is young enough.
    for (const [code, issued] of this.#codes) {
      if (this.#codes.size < MOST_CODES && this.#clock.now() - issued.issuedAt <= MEMORY_MS) return;
      this.#codes.delete(code);
    }
  }
}

/** The identifiers of a named user: always the same openid per app, the same unionid everywhere. */
export function userOf(appid: string, name: string, openid?: string): WechatUser {
  return { openid: openid ?? `o${digest(`${appid} ${name}`).slice(0, 27)}`, unionid: `o${digest(`union ${name}`).slice(0, 27)}` };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
