import type { ResponseCacheSettings } from '../../tenants/index.js';
import type { UpstreamRequest } from '../../upstream/index.js';
import type { CacheWish } from './cache-wish.js';

/** A request for an answer, as far as stored answers are concerned. */
export interface Question {
  readonly kind: 'message' | 'regenerate' | 'completion';
  readonly request: UpstreamRequest;
  /** The conversation has a system prompt of its own, beyond the tenant's. */
  readonly ownPrompt: boolean;
  readonly wish: CacheWish | undefined;
}

/**
 * Whether the tenant and the caller agree that a stored answer will do. A completion: at temperature 0, or where the
 * caller says so. A chat: its first question, where the tenant lets chats be served so and the user gave no prompt of
 * their own. Never an answer that is to be made again.
 */
export function isCacheable(settings: ResponseCacheSettings, { kind, request, ownPrompt, wish }: Question): boolean {
  if (settings.seconds === 0 || wish === 'bypass' || settings.models?.includes(request.model) === false) return false;
  if (kind === 'completion') return request.sampling.temperature === 0 || wish === 'allow';
  return kind === 'message' && settings.chats && !ownPrompt && questionAlone(request) !== undefined;
}

/** The question where nothing was said before it, a system prompt apart. */
export function questionAlone(request: UpstreamRequest): string | undefined {
  const [only, ...more] = request.messages.filter(({ role }) => role !== 'system');
  return more.length === 0 && only?.role === 'user' ? only.content : undefined;
}
