import type { StableToken } from '../../wechat/index.js';

/** An access token as nodes share it. */
export interface AccessToken {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly usableUntil: number;
}

/** In a token's last five minutes WeChat gives out the next one. */
const MARGIN_MS = 300_000;
/** Of a token that is in its last five minutes already. */
const LEAST_MS = 60_000;

/** @param now when it was asked for */
export function accessTokenOf({ value, expiresIn }: StableToken, now: number): AccessToken {
  const lifeMs = expiresIn * 1_000;
  return { value, usableUntil: now + Math.max(Math.min(LEAST_MS, lifeMs), lifeMs - MARGIN_MS) };
}
