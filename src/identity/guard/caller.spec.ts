import { describe, expect, it } from 'vitest';
import { clientKindOf } from './caller.js';

describe('clientKindOf', () => {
  it.each([
    ['https://servicewechat.com/wx123/devtools/page-frame.html', 'Mozilla/5.0', 'wxapp'],
    [undefined, 'Mozilla/5.0 MicroMessenger/8.0', 'wxapp'],
    ['https://evil.example/https://servicewechat.com/', 'Mozilla/5.0', 'web'],
    [undefined, undefined, 'web'],
  ] as const)('referer %s, agent %s: %s', (referer, agent, kind) => {
    expect(clientKindOf(referer, agent)).toBe(kind);
  });
});
