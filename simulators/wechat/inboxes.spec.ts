import { describe, expect, it } from 'vitest';
import { Inboxes } from './inboxes.js';

describe('the inboxes of users', () => {
  it('are one per app and user, and can be awaited', async () => {
    const inboxes = new Inboxes<{ text: string }>();
    const waiting = inboxes.wait('wx1', 'lan', 2, 1_000);
    for (const [appid, openid, text] of [['wx1', 'lan', 'a'], ['wx1', 'ming', 'b'], ['wx2', 'lan', 'c'], ['wx1', 'lan', 'd']] as const) inboxes.add(appid, openid, { text });
    expect(await waiting).toBe(true);
    expect(inboxes.of('wx1', 'lan')).toEqual([{ text: 'a' }, { text: 'd' }]);
    expect(await inboxes.wait('wx1', 'ming', 2, 1)).toBe(false);
  });

  it('keep the newest 10,000 messages', () => {
    const inboxes = new Inboxes<{ n: number }>();
    for (let n = 0; n <= 10_000; n += 1) inboxes.add('wx1', 'lan', { n });
    expect([inboxes.of('wx1', 'lan').length, inboxes.of('wx1', 'lan')[0]]).toEqual([10_000, { n: 1 }]);
  });

  it('keep 64 MiB at most, whatever the number', () => {
    const inboxes = new Inboxes<{ text: string }>();
    for (let n = 0; n < 4; n += 1) inboxes.add('wx1', 'lan', { text: 'x'.repeat(10 * 1024 * 1024) });
    expect(inboxes.of('wx1', 'lan')).toHaveLength(3);
  });
});
