import { describe, expect, it } from 'vitest';
import { failureInStream, failureOfStatus, readRetryAfter } from './failure.js';

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
    [401, undefined, 'key'], [403, undefined, 'key'], [404, undefined, 'not_found'], [429, undefined, 'rate_limited'],
    [429, 'insufficient_quota', 'quota'], [402, undefined, 'quota'],
    [500, undefined, 'server'], [503, undefined, 'server'], [408, undefined, 'timeout'], [400, undefined, 'refused'],
    [301, undefined, 'malformed'], [307, undefined, 'malformed'], [201, undefined, 'malformed'], [204, undefined, 'malformed'],
    [405, undefined, 'malformed'], [407, undefined, 'malformed'], [415, undefined, 'malformed'], [410, undefined, 'not_found'], [409, undefined, 'server'],
    [413, undefined, 'refused'], [422, undefined, 'refused'], [413, 'context_length_exceeded', 'context_length'],
    [400, 'context_length_exceeded', 'context_length'], [400, 'content_filter', 'content_policy'],
  ] as const)('takes %s %s for %s', (status, code, kind) => {
    expect(failureOfStatus(status, code, undefined)).toMatchObject({ kind });
  });
});

describe('failureInStream', () => {
  it.each([
    ['content_filter', 'content_policy'], ['data_inspection_failed', 'content_policy'], ['context_length_exceeded', 'context_length'],
    ['insufficient_quota', 'quota'], [402, 'quota'], ['rate_limit_exceeded', 'rate_limited'], [429, 'rate_limited'], ['429', 'rate_limited'],
    [400, 'refused'], [404, 'not_found'], [502, 'server'], ['503', 'server'], [408, 'timeout'],
    // The key was good enough for the headers.
    [401, 'server'], ['403', 'server'],
    ['server_error', 'server'], [undefined, 'server'], [null, 'server'], [1301, 'server'], [200, 'server'], [-429, 'server'], [429.5, 'server'], ['4290', 'server'], [{}, 'server'],
  ] as const)('takes %j for %s', (code, kind) => {
    expect(failureInStream(code)).toMatchObject({ kind });
  });
});
