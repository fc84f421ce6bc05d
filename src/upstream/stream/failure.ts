/**
 * Why a channel did not answer well. `connect`: it was not reached, and knows nothing of the call; `cut`: the connection
 * broke later, and it may have read and counted all of it; `malformed`: it does not speak the protocol; `empty`: it does,
 * and the model said nothing.
 */
export type FailureKind = 'connect' | 'timeout' | 'key' | 'not_found' | 'rate_limited' | 'quota' | 'server' | 'refused' | 'context_length' | 'content_policy' | 'malformed' | 'empty' | 'cut';

/** A failed call to a channel. The upstream's own text stays inside: it may quote keys, prompts and addresses. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';

  constructor(readonly kind: FailureKind, readonly status?: number, readonly retryAfterMs?: number, cause?: unknown) {
    super(status === undefined ? `upstream ${kind}` : `upstream ${kind} (${status})`, cause === undefined ? undefined : { cause });
  }
}

/** Classifies an HTTP answer that is not a stream. `code` is OpenAI's error code, where the body had one. */
export function failureOfStatus(status: number, code: string | undefined, retryAfterMs: number | undefined): UpstreamFailure {
  const kind = kindOfStatus(status, code);
  return new UpstreamFailure(kind, status, retryAfterMs);
}

/**
 * Classifies an error that is told inside a stream, by its `code`: OpenAI's, or the HTTP status that it would have had
 * (a number, or its digits). `key` is none of them: the headers came after the key was read, so a 401 or 403 here is
 * what a server behind theirs said, or said of one prompt, and no reason to disable the channel.
 */
export function failureInStream(code: unknown): UpstreamFailure {
  const told = kindOfCode(code);
  if (told !== undefined) return new UpstreamFailure(told);
  const digits = typeof code === 'number' || typeof code === 'string' ? String(code) : '';
  if (!/^[45]\d\d$/.test(digits)) return new UpstreamFailure('server');
  const { kind, status } = failureOfStatus(parseInt(digits, 10), undefined, undefined);
  return new UpstreamFailure(kind === 'key' ? 'server' : kind, status);
}

/**
 * What only the asker's own words and wishes can be the reason for: a bad or unreadable value, a text that is too long.
 * All else that is no success (a redirect, another 2xx, 405, 407, 415 …) speaks of method, address, proxy or media
 * type, which are the same for every request: the channel is no such server, and another one may well answer.
 */
const OF_THE_REQUEST: ReadonlySet<number> = new Set([400, 413, 422]);

function kindOfCode(code: unknown): FailureKind | undefined {
  if (code === 'context_length_exceeded') return 'context_length';
  if (code === 'content_filter' || code === 'content_policy_violation' || code === 'data_inspection_failed') return 'content_policy';
  if (code === 'insufficient_quota') return 'quota';
  return code === 'rate_limit_exceeded' ? 'rate_limited' : undefined;
}

function kindOfStatus(status: number, code: string | undefined): FailureKind {
  const told = kindOfCode(code);
  if (told !== undefined) return told;
  if (status === 402) return 'quota';
  if (status === 401 || status === 403) return 'key';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 429) return 'rate_limited';
  if (status === 408) return 'timeout';
  if (status === 409 || status >= 500) return 'server';
  return OF_THE_REQUEST.has(status) ? 'refused' : 'malformed';
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), or OpenAI's `retry-after-ms`; in milliseconds, at most 60 s. */
export function readRetryAfter(headers: Readonly<Record<string, string | string[] | undefined>>, nowMs: number): number | undefined {
  const exact = headers['retry-after-ms'];
  const plain = headers['retry-after'];
  const bounded = (ms: number): number => Math.min(60_000, Math.max(0, Math.ceil(ms)));
  if (typeof exact === 'string' && /^\d+(\.\d+)?$/.test(exact)) return bounded(parseFloat(exact));
  if (typeof plain !== 'string') return undefined;
  if (/^\d+(\.\d+)?$/.test(plain)) return bounded(parseFloat(plain) * 1000);
  const date = Date.parse(plain);
  return Number.isNaN(date) ? undefined : bounded(date - nowMs);
}
