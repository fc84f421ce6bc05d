import { describe, expect, it } from 'vitest';
import { grantsDue } from './grants.js';

describe('grantsDue', () => {
  const rules = { signupCredits: 1_000n, signupDays: 7, dailyCredits: 50n };

  it.each([
    // the day turns at midnight in Shanghai, which is 16:00 UTC
    ['2026-11-20T15:59:59.999Z', 'daily:2026-11-20', '2026-11-20T16:00:00.000Z'],
    ['2026-11-20T16:00:00.000Z', 'daily:2026-11-21', '2026-11-21T16:00:00.000Z'],
    ['2026-12-31T23:00:00.000Z', 'daily:2027-01-01', '2027-01-01T16:00:00.000Z'],
  ])('at %s gives %s, until %s', (at, key, until) => {
    const [signup, daily] = grantsDue(rules, new Date(at));
    expect([signup?.key, signup?.expiresAt?.getTime()]).toEqual(['signup', new Date(at).getTime() + 7 * 86_400_000]);
    expect([daily?.key, daily?.expiresAt?.toISOString(), daily?.amount]).toEqual([key, until, 50n]);
  });

  it('gives nothing where nothing is given, and without an end where none is set', () => {
    expect(grantsDue({ signupCredits: 0n, signupDays: undefined, dailyCredits: 0n }, new Date())).toEqual([]);
    expect(grantsDue({ signupCredits: 5n, signupDays: undefined, dailyCredits: 0n }, new Date())).toEqual([{ key: 'signup', amount: 5n, reason: 'signup', expiresAt: undefined }]);
  });
});
