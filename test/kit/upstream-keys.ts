import { upstreamControl } from './upstream-control.js';
import type { Platform } from './platform.js';
import type { Behaviour } from './upstream-script.js';

/** What the simulated provider grants a key; an absent limit is none. Windows slide. */
export interface UpstreamLimits {
  readonly requestsPerMinute?: number;
  /** Prompt and answer together, booked when the request arrives. */
  readonly tokensPerMinute?: number;
  readonly requestsPerDay?: number;
  /** Answers open at once. */
  readonly concurrent?: number;
  /** Which tokens are booked: those of the answer (unset), or prompt + the caller's maximum. */
  readonly tokens?: 'actual' | 'max_tokens';
}

/** A state of a channel by its name, or any behaviour. */
export type KeyBehaviour =
  | 'ok' | '429' | 'insufficient_quota' | '500' | '503' | '401' | '404' | 'hang' | 'reset' | 'slow' | 'content_policy' | 'context_length' | 'malformed'
  | Behaviour;

/** What one key did at the simulated provider. Times are milliseconds since the mark. */
export interface UpstreamKey {
  readonly accepted: number;
  readonly acceptedTokens: number;
  /** By the key's state or a script: 401, 403, 404, 429. */
  readonly refused: number;
  /** Requests that broke a limit; each may break several. */
  readonly violated: number;
  readonly violations: { readonly requests: number; readonly tokens: number; readonly concurrent: number; readonly requestsPerDay: number };
  readonly finished: number;
  readonly aborted: number;
  readonly broken: number;
  readonly open: number;
  readonly maxOpen: number;
  /** The fullest of all windows of 60 s. */
  readonly maxRequestsPerMinute: number;
  readonly maxTokensPerMinute: number;
  readonly firstArrivalMs: number | null;
  readonly lastArrivalMs: number | null;
  readonly byTag: Readonly<Record<string, { readonly accepted: number; readonly tokens: number }>>;
}

/** A chat request as it arrived. Times are milliseconds since the mark. */
export interface UpstreamArrival {
  readonly seq: number;
  readonly id: string;
  readonly atMs: number;
  readonly key: string;
  readonly tag?: string;
  readonly tokens: number;
  readonly verdict: 'accepted' | 'refused' | 'requests' | 'tokens' | 'concurrent' | 'requestsPerDay';
  /** How much too early a violation was; absent where it would never fit. */
  readonly retryMs?: number;
  readonly end?: 'finished' | 'aborted' | 'broken';
  readonly endMs?: number;
  /** Tokens until then. */
  readonly produced?: number;
}

/** Grants a key these limits and no others; without a key, all keys that have none of their own, each for itself. */
export async function limitUpstream(platform: Platform, limits: UpstreamLimits, key?: string): Promise<void> {
  await upstreamControl(platform, 'PUT', 'limits', { ...(key === undefined ? {} : { key }), ...limits });
}

/** Puts a key (or all that have no state of their own) into a state at once. */
export async function switchUpstream(platform: Platform, behaviour: KeyBehaviour, key?: string): Promise<void> {
  await upstreamControl(platform, 'PUT', 'behaviours', { ...(key === undefined ? {} : { key }), behaviour });
}

/** Lets a key's state change by time, `atMs` from now on, and over again every `repeatMs`. */
export async function scheduleUpstream(platform: Platform, schedule: readonly { readonly atMs: number; readonly behaviour: KeyBehaviour }[], key?: string, repeatMs?: number): Promise<void> {
  await upstreamControl(platform, 'PUT', 'behaviours', { ...(key === undefined ? {} : { key }), schedule, ...(repeatMs === undefined ? {} : { repeatMs }) });
}

/** What a key did. */
export async function upstreamKey(platform: Platform, key: string): Promise<UpstreamKey> {
  const { keys } = await upstreamControl(platform, 'GET', `keys?key=${encodeURIComponent(key)}`);
  return Object.values(keys as Record<string, UpstreamKey>)[0] as UpstreamKey;
}

/** Requests of all keys that broke a limit: 0 is what a gateway owes. */
export async function upstreamViolations(platform: Platform): Promise<readonly UpstreamArrival[]> {
  return (await upstreamArrivals(platform)).filter((arrival) => arrival.verdict !== 'accepted' && arrival.verdict !== 'refused');
}

/** The newest 200,000 arrivals, oldest first; `query` as in `key=sk-a&verdict=accepted&end=aborted&after=7&limit=100`. */
export async function upstreamArrivals(platform: Platform, query = ''): Promise<readonly UpstreamArrival[]> {
  return (await upstreamControl(platform, 'GET', `arrivals?${query}`)).arrivals as UpstreamArrival[];
}

/** From here on the simulated model tells its times from now. @returns the wall clock's time of it, milliseconds. */
export async function markUpstream(platform: Platform): Promise<number> {
  return (await upstreamControl(platform, 'POST', 'mark')).markUnixMs as number;
}
