import { describe, expect, it } from 'vitest';
import { Passwords } from './passwords.js';

describe('Passwords', () => {
  it('are argon2id, and match themselves only', async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.matches(hash, 'correct horse')).toBe(true);
    expect(await passwords.matches(hash, 'correct horsf')).toBe(false);
    expect(await passwords.matches(undefined, 'correct horse')).toBe(false);
  });

  it('are checked a few at a time; beyond a bound the answer is rate_limited', async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash('x');
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => passwords.matches(hash, 'x')));
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(22);
    expect(answers.find((answer) => answer.status === 'rejected')?.reason).toMatchObject({ code: 'rate_limited', retryAfterMs: 2_000 });
    expect(await passwords.matches(hash, 'x')).toBe(true);
  });
});
