import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';

/** The user that acts. @throws DomainError `forbidden` for anybody who is not a user. */
export function userOf(ctx: RequestContext): string {
  if (ctx.actor.kind !== 'user') throw new DomainError('forbidden');
  return ctx.actor.userId;
}
