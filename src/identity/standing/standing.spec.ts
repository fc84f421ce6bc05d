import { describe, expect, it } from 'vitest';
import { newId } from '../../platform/values/index.js';
import { readNews, refusalOf, writeNews, type StandingNews } from './standing.js';

describe('refusalOf', () => {
  it.each([
    ['active', true, undefined],
    ['active', false, 'unauthenticated'],
    ['banned', true, 'user_banned'],
    ['banned', false, 'user_banned'],
    ['deleted', true, 'unauthenticated'],
    [undefined, false, 'unauthenticated'],
  ] as const)('%s with a credential that is valid: %s', (standing, credentialValid, refusal) => {
    expect(refusalOf({ standing, credentialValid })).toBe(refusal);
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
