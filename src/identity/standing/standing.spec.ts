import { describe, expect, it } from 'vitest';
import { chinaTime, newId } from '../../platform/values/index.js';
import { muteRefusal, readNews, refusalOf, writeNews, type StandingNews } from './standing.js';

describe('refusalOf', () => {
  it.each([
    ['active', true, undefined],
    ['active', false, 'unauthenticated'],
    ['banned', true, 'user_banned'],
    ['banned', false, 'user_banned'],
    ['deleted', true, 'unauthenticated'],
    [undefined, false, 'unauthenticated'],
  ] as const)('%s with a credential that is valid: %s', (standing, credentialValid, refusal) => {
    expect(refusalOf({ standing, mutedUntil: undefined, credentialValid })).toBe(refusal);
  });

  it.each([
    ['active', true, undefined],
    ['banned', true, undefined],
    ['banned', false, 'unauthenticated'],
    ['deleted', true, 'unauthenticated'],
    [undefined, true, 'unauthenticated'],
  ] as const)('at a door for the banned, too: %s with a credential that is valid: %s', (standing, credentialValid, refusal) => {
    expect(refusalOf({ standing, mutedUntil: undefined, credentialValid }, true)).toBe(refusal);
  });
});

describe('muteRefusal', () => {
  const facts = (mutedUntil: number | undefined) => ({ standing: 'active' as const, mutedUntil, credentialValid: true });
  const at = Date.UTC(2026, 10, 21, 15, 30);

  it('holds until its end and no longer', () => {
    expect([muteRefusal(facts(undefined), at, 'zh'), muteRefusal(facts(at), at, 'zh'), muteRefusal(facts(at - 1), at, 'zh')]).toEqual([undefined, undefined, undefined]);
    expect(muteRefusal(facts(at + 1), at, 'zh')?.code).toBe('user_muted');
  });

  it('names the end in the time of China, and how long to wait', () => {
    const refusal = muteRefusal(facts(at + 3_600_000), at, 'zh');
    expect([refusal?.textFor('zh'), refusal?.retryAfterMs, refusal?.details]).toEqual(['你已被禁言至 2026-11-22 00:30（北京时间），期间不能提问', 3_600_000, { until: '2026-11-21T16:30:00.000Z' }]);
    expect(muteRefusal(facts(at + 1), at, 'en')?.textFor('en')).toContain('2026-11-21T15:30:00.001Z');
  });

  it('never names a time before the end', () => {
    expect(chinaTime(at + 1)).toBe('2026-11-21 23:31');
  });
});

describe('news of standing', () => {
  const [tenantId, userId, credentialId] = [newId(), newId(), newId()];

  it.each<StandingNews>([
    { tenantId, userId, credentialId: undefined, lost: 'user_banned' },
    { tenantId, userId, credentialId: undefined, lost: 'unauthenticated' },
    { tenantId, userId, credentialId, lost: undefined },
    { tenantId, userId, credentialId: undefined, lost: undefined },
  ])('come back as they were told: %j', (news) => {
    expect(readNews(writeNews(news))).toEqual(news);
  });

  it('of another form are not read', () => {
    for (const message of ['', 'x', `${tenantId}:${userId}`, `${tenantId}:${userId}:*:else`, `${tenantId}:${userId}:*:-:more`]) expect(readNews(message)).toBeUndefined();
  });
});
