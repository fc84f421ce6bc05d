import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyLimiter } from './key-limiter.js';
import type { Limits } from './limits.js';
import type { OpenAnswer, Violation } from './key-limiter.js';

const MINUTE_MS = 60_000;

function isViolation(verdict: OpenAnswer | Violation): verdict is Violation {
  return 'kinds' in verdict;
}

/** Arrives, and ends at once where it was let in. */
function pass(limiter: KeyLimiter, now: number, limits: Limits, tokens = 0): Violation | undefined {
  const verdict = limiter.arrive(now, limits, tokens, now);
  if (isViolation(verdict)) return verdict;
  limiter.leave(verdict);
  return undefined;
}

describe('KeyLimiter', () => {
  it('lets the last request of a minute in and refuses the next until the first is 60,000 ms old', () => {
    const limiter = new KeyLimiter();
    const limits = { requestsPerMinute: 2 };
    expect([pass(limiter, 0, limits), pass(limiter, 10, limits)]).toEqual([undefined, undefined]);
    expect(pass(limiter, 59_999, limits)).toEqual({ kinds: ['requests'], retryMs: 1 });
    expect(pass(limiter, MINUTE_MS, limits)).toBeUndefined();
    expect(pass(limiter, MINUTE_MS, limits)).toEqual({ kinds: ['requests'], retryMs: 10 });
    expect(pass(limiter, MINUTE_MS + 10, limits)).toBeUndefined();
  });

  it('books tokens to the last one, and says that too large a request never fits', () => {
    const limiter = new KeyLimiter();
    const limits = { tokensPerMinute: 100 };
    expect([pass(limiter, 0, limits, 60), pass(limiter, 500, limits, 40)]).toEqual([undefined, undefined]);
    expect(pass(limiter, 1000, limits, 1)).toEqual({ kinds: ['tokens'], retryMs: 59_000 });
    expect(pass(limiter, 1000, limits, 61)).toEqual({ kinds: ['tokens'], retryMs: 59_500 });
    expect(pass(limiter, 1000, limits, 101)).toEqual({ kinds: ['tokens'], retryMs: undefined });
    expect(limiter.use(1000)).toMatchObject({ requests: 2, tokens: 100 });
  });

  it('keeps a day', () => {
    const limiter = new KeyLimiter();
    const limits = { requestsPerDay: 1 };
    expect(pass(limiter, 0, limits)).toBeUndefined();
    expect(pass(limiter, 86_399_999, limits)).toEqual({ kinds: ['requestsPerDay'], retryMs: 1 });
    expect(pass(limiter, 86_400_000, limits)).toBeUndefined();
    expect(pass(new KeyLimiter(), 0, { requestsPerDay: 0 })).toEqual({ kinds: ['requestsPerDay'], retryMs: undefined });
  });

  it('counts open answers until they leave, and waits for the one that is planned to end next', () => {
    const limiter = new KeyLimiter();
    const limits = { concurrent: 2 };
    const first = limiter.arrive(0, limits, 0, 300) as OpenAnswer;
    limiter.arrive(0, limits, 0, 200);
    expect(limiter.arrive(50, limits, 0, 0)).toEqual({ kinds: ['concurrent'], retryMs: 150 });
    expect(limiter.arrive(250, limits, 0, 0)).toEqual({ kinds: ['concurrent'], retryMs: 1 });
    limiter.leave(first);
    limiter.leave(first);
    expect(limiter.open).toBe(1);
    expect(limiter.arrive(250, limits, 0, Infinity)).toHaveProperty('endsAt');
    expect(limiter.arrive(260, { concurrent: 1 }, 0, 0)).toEqual({ kinds: ['concurrent'], retryMs: undefined });
  });

  it('names every limit that is broken and waits for the slowest', () => {
    const limiter = new KeyLimiter();
    const limits = { requestsPerMinute: 1, tokensPerMinute: 10, concurrent: 1 };
    limiter.arrive(0, limits, 10, 100);
    expect(limiter.arrive(1, limits, 5, 0)).toEqual({ kinds: ['requests', 'tokens', 'concurrent'], retryMs: 59_999 });
  });

  it('empties its windows when told; what is open stays open', () => {
    const limiter = new KeyLimiter();
    const limits = { requestsPerMinute: 1, requestsPerDay: 1, concurrent: 2 };
    limiter.arrive(0, limits, 0, 100);
    limiter.forget();
    expect(pass(limiter, 1, limits)).toBeUndefined();
    expect(limiter.open).toBe(1);
  });

  it('tells the truth: exactly at retryMs the same request is let in, a millisecond before it is not', () => {
    const arrivals = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 8000 }), tokens: fc.integer({ min: 0, max: 120 }) }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 120, max: 400 }), (requests, requestsPerMinute, tokensPerMinute) => {
        const limits = { requestsPerMinute, tokensPerMinute };
        const limiter = new KeyLimiter();
        let now = 0;
        for (const { gapMs, tokens } of requests) {
          now += gapMs;
          const violation = pass(limiter, now, limits, tokens);
          if (!violation) continue;
          const retryMs = violation.retryMs as number;
          if (retryMs > 1) expect(pass(limiter, now + retryMs - 1, limits, tokens)).toEqual({ kinds: expect.any(Array), retryMs: 1 });
          now += retryMs;
          expect(pass(limiter, now, limits, tokens)).toBeUndefined();
        }
      }),
    );
  });
});
