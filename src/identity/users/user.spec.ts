import { describe, expect, it } from 'vitest';
import { makeContext, systemContext } from '../../platform/context/index.js';
import { newId } from '../../platform/values/index.js';
import { NICKNAME, actingUserId } from './user.js';

describe('NICKNAME', () => {
  it.each(['小明', '👨‍👩‍👧', 'a', '\u{1F600}'.repeat(40)])('takes %j', (name) => expect(NICKNAME.test(name)).toBe(true));
  it.each(['', '  ', 'x'.repeat(41), '\uFE0F'.repeat(41), 'a\u0007', 'a\nb'])('refuses %j', (name) => expect(NICKNAME.test(name)).toBe(false));
});

describe('actingUserId', () => {
  it('tells the user, and refuses everybody else', () => {
    const system = systemContext(newId(), 'test', 'request-1');
    const user = makeContext({ ...system, actor: { kind: 'user', userId: newId(), via: 'session', credentialId: newId() } });
    expect(actingUserId(user)).toBe(user.actor.userId);
    expect(() => actingUserId(system)).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});
