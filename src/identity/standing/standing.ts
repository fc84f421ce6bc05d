import type { ErrorCode } from '../../platform/errors/index.js';
import type { Standing } from '../users/user.js';

/** What one query finds of a user and of the credential that it came with. */
export interface StandingFacts {
  /** Undefined when there is no such user. */
  readonly standing: Standing | undefined;
  /** The session is open, or the API key not revoked. */
  readonly credentialValid: boolean;
}

/** Why a user is refused, if it is. A ban is told even where the session is gone, too. */
export function refusalOf(facts: StandingFacts): Extract<ErrorCode, 'user_banned' | 'unauthenticated'> | undefined {
  if (facts.standing === 'banned') return 'user_banned';
  if (facts.standing !== 'active' || !facts.credentialValid) return 'unauthenticated';
  return undefined;
}

/** A user that may not go on: its streams in flight end with `code`. */
export interface LostStanding {
  readonly tenantId: string;
  readonly userId: string;
  readonly code: 'user_banned' | 'unauthenticated';
}

/** News of a user: of one credential, or of the user as a whole. */
export interface StandingNews {
  readonly tenantId: string;
  readonly userId: string;
  /** Undefined: all of them. */
  readonly credentialId?: string | undefined;
  /** The user as a whole lost its standing. */
  readonly lost?: LostStanding['code'] | undefined;
}

const NEWS = /^([0-9a-f-]{36}):([0-9a-f-]{36}):([0-9a-f-]{36}|\*):(user_banned|unauthenticated|-)$/;

export function writeNews(news: StandingNews): string {
  return `${news.tenantId}:${news.userId}:${news.credentialId ?? '*'}:${news.lost ?? '-'}`;
}

/** Undefined for what is not ours: a newer release may say more. */
export function readNews(message: string): StandingNews | undefined {
  const [, tenantId, userId, credential, lost] = NEWS.exec(message) ?? [];
  if (tenantId === undefined || userId === undefined) return undefined;
  return { tenantId, userId, credentialId: credential === '*' ? undefined : credential, lost: lost === 'user_banned' || lost === 'unauthenticated' ? lost : undefined };
}
