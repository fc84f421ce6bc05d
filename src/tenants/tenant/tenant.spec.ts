import { describe, expect, it } from 'vitest';
import { DOMAIN, SLUG } from './tenant.js';

describe('SLUG', () => {
  it.each(['a', 'demo', 'a-1', 'x'.repeat(40)])('takes %s', (slug) => expect(SLUG.test(slug)).toBe(true));
  it.each(['', '-a', 'a-', 'A', 'a_b', '百聊', 'x'.repeat(41), 'a\n'])('refuses %j', (slug) => expect(SLUG.test(slug)).toBe(false));
});

describe('DOMAIN', () => {
  it.each(['localhost', 'chat.example.com', 'xn--fiq228c.cn', '127.0.0.1'])('takes %s', (domain) => expect(DOMAIN.test(domain)).toBe(true));
  it.each(['', 'Example.com', 'a..b', 'a.', '.a', 'a:80', 'a/b', `${'x'.repeat(64)}.com`, `${'abc.'.repeat(64)}com`])('refuses %j', (domain) => expect(DOMAIN.test(domain)).toBe(false));

  it('answers quickly also for a hostile name', () => {
    const started = performance.now();
    expect(DOMAIN.test(`${'a-'.repeat(20_000)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });
});
