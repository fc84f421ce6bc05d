import { describe, expect, it } from 'vitest';
import { KeyLimiter } from './key-limiter.js';
import { formatDuration, rateHeaders } from './rate-headers.js';

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [0.2, '1ms'],
    [120, '120ms'],
    [999.5, '1s'],
    [8640, '8.64s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [86_399_999, '23h59m59.999s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('rateHeaders', () => {
  it('tell limit, rest and reset of what is limited, and nothing else', () => {
    const limiter = new KeyLimiter();
    const limits = { requestsPerMinute: 3, tokensPerMinute: 50, requestsPerDay: 10 };
    limiter.arrive(0, limits, 20, 0);
    limiter.arrive(1000, limits, 5, 0);
    const use = limiter.use(2500);
    const requests = { 'x-ratelimit-limit-requests': '3', 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '58.5s' };
    const tokens = { 'x-ratelimit-limit-tokens': '50', 'x-ratelimit-remaining-tokens': '25', 'x-ratelimit-reset-tokens': '58.5s' };
    expect(rateHeaders(limits, use)).toEqual({ ...requests, ...tokens });
    expect(rateHeaders({ tokensPerMinute: 10 }, use)).toEqual({ ...tokens, 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-remaining-tokens': '0' });
    expect(rateHeaders({ requestsPerDay: 10 }, use)).toEqual({ 'x-ratelimit-limit-requests': '10', 'x-ratelimit-remaining-requests': '8', 'x-ratelimit-reset-requests': '23h59m58.5s' });
    expect(rateHeaders({ concurrent: 1 }, use)).toEqual({});
  });
});
