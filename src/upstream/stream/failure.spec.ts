import { describe, expect, it } from 'vitest';
import { failureOfStatus, readRetryAfter, UpstreamFailure } from './failure.js';
import { openWithRetry } from './retry.js';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

describe('readRetryAfter', () => {
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '150', 'retry-after': '9' }, 150],
    [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:03 GMT' }, 3_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '86400' }, 60_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %j as %s ms', (headers, expected) => {
    expect(readRetryAfter(headers, NOW)).toBe(expected);
  });
});

describe('failureOfStatus', () => {
  it.each([
    [401, undefined, 'key', false], [403, undefined, 'key', false], [404, undefined, 'not_found', false], [429, undefined, 'rate_limited', true],
    [500, undefined, 'server', true], [503, undefined, 'server', true], [408, undefined, 'timeout', true], [400, undefined, 'refused', false],
    [400, 'context_length_exceeded', 'context_length', false], [400, 'content_filter', 'content_policy', false],
  ] as const)('takes %s %s for %s', (status, code, kind, retryable) => {
    expect(failureOfStatus(status, code, undefined)).toMatchObject({ kind, retryable });
  });
});

describe('openWithRetry', () => {
  const signal = new AbortController().signal;
  const failing = (times: number, failure: UpstreamFailure) => {
    let calls = 0;
    return { open: () => ((calls += 1) <= times ? Promise.reject(failure) : Promise.resolve(calls)) };
  };

  it('tries three times in all', async () => {
    expect(await openWithRetry(failing(2, new UpstreamFailure('server')).open, signal, () => undefined, () => 0)).toBe(3);
    await expect(openWithRetry(failing(3, new UpstreamFailure('server')).open, signal, () => undefined, () => 0)).rejects.toMatchObject({ kind: 'server' });
  });

  it('does not repeat what can not go well, nor waits for a channel that asks for too much patience', async () => {
    await expect(openWithRetry(failing(1, new UpstreamFailure('key')).open, signal, () => undefined)).rejects.toMatchObject({ kind: 'key' });
    await expect(openWithRetry(failing(1, new UpstreamFailure('rate_limited', 429, 30_000)).open, signal, () => undefined)).rejects.toMatchObject({ kind: 'rate_limited' });
  });

  it('stops waiting when it is cancelled', async () => {
    const cancel = new AbortController();
    const attempt = openWithRetry(failing(1, new UpstreamFailure('rate_limited', 429, 14_000)).open, cancel.signal, () => cancel.abort(new Error('stopped')));
    await expect(attempt).rejects.toThrow('stopped');
  });
});
