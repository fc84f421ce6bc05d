import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';

/** `deleted` is final: the row stays, pseudonymised, for the books that refer to it. */
export type Standing = 'active' | 'banned' | 'deleted';

/** An end user of one tenant. */
export interface User {
  readonly id: string;
  /** WeChat's id of the person in the tenant's mini-program. */
  readonly openid: string;
  readonly unionid: string | undefined;
  readonly nickname: string | undefined;
  readonly standing: Standing;
  readonly standingReason: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly lastLoginAt: number;
}

/** 1 to 40 characters (code points, as PostgreSQL counts), not only blanks, no control characters. */
export const NICKNAME = /^(?=.*\S)[^\p{Cc}]{1,40}$/u;

/** The acting user. @throws DomainError `forbidden` when somebody else acts. */
export function actingUserId(ctx: RequestContext): string {
  if (ctx.actor.kind !== 'user') throw new DomainError('forbidden');
  return ctx.actor.userId;
}
