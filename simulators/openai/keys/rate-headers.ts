import type { KeyUse } from './key-limiter.js';
import type { Limits } from './limits.js';

/**
 * The `x-ratelimit-…` headers of an answer; none for limits that are not set. The daily limit is told as
 * `requests` where there is none for the minute. `reset` is when the window would be empty again.
 */
export function rateHeaders(limits: Limits, use: KeyUse): Record<string, string> {
  const { requestsPerMinute, requestsPerDay, tokensPerMinute } = limits;
  return {
    ...(requestsPerMinute !== undefined
      ? family('requests', requestsPerMinute, use.requests, use.minuteResetMs)
      : requestsPerDay !== undefined
        ? family('requests', requestsPerDay, use.requestsToday, use.dayResetMs)
        : {}),
    ...(tokensPerMinute === undefined ? {} : family('tokens', tokensPerMinute, use.tokens, use.minuteResetMs)),
  };
}

function family(name: 'requests' | 'tokens', limit: number, used: number, resetMs: number): Record<string, string> {
  return {
    [`x-ratelimit-limit-${name}`]: String(limit),
    [`x-ratelimit-remaining-${name}`]: String(Math.max(0, limit - used)),
    [`x-ratelimit-reset-${name}`]: formatDuration(resetMs),
  };
}

/** A duration as OpenAI writes it: `0s`, `120ms`, `1s`, `8.64s`, `6m0s`, `1h0m0s`. Rounded up to the millisecond. */
export function formatDuration(durationMs: number): string {
  const ms = Math.ceil(durationMs);
  if (ms > 0 && ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
