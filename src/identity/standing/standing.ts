import { DomainError, type ErrorCode } from '../../platform/errors/index.js';
import { chinaTime } from '../../platform/values/index.js';
import type { Standing } from '../users/user.js';

/** What one query finds of a user and of the credential that it came with. */
export interface StandingFacts {
  /** Undefined when there is no such user. */
  readonly standing: Standing | undefined;
  /** Milliseconds since 1970; what is over is no mute. */
  readonly mutedUntil: number | undefined;
  /** The session is open, or the API key not revoked. */
  readonly credentialValid: boolean;
}

/** Why a user is refused, if it is. A ban is told even where the session is gone, too; a door that is open to the banned still wants a good credential. */
export function refusalOf(facts: StandingFacts, evenBanned = false): Extract<ErrorCode, 'user_banned' | 'unauthenticated'> | undefined {
  if (facts.standing === 'banned' && !evenBanned) return 'user_banned';
  const known = facts.standing === 'active' || facts.standing === 'banned';
  return known && facts.credentialValid ? undefined : 'unauthenticated';
}

/** The refusal of a user who may look, and not ask; undefined where it may. The text names the end, in the time of China. */
export function muteRefusal(facts: StandingFacts, at: number, locale: 'zh' | 'en'): DomainError | undefined {
  const until = facts.mutedUntil;
  if (until === undefined || until <= at) return undefined;
  const iso = new Date(until).toISOString();
  const message = locale === 'zh' ? `你已被禁言至 ${chinaTime(until)}（北京时间），期间不能提问` : `You are muted until ${iso} and can not ask until then.`;
  return new DomainError('user_muted', { message, retryAfterMs: until - at, details: { until: iso } });
}

/** What is to hold for a user from now on. */
export type StandingChange =
  | { readonly standing: 'banned'; readonly reason: string | undefined }
  | { readonly standing: 'active' }
  | { readonly mutedUntil: Date | undefined };

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
