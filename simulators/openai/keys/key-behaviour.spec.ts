import { describe, expect, it } from 'vitest';
import { KeySchedule } from './key-behaviour.js';

describe('KeySchedule', () => {
  it('answers as told from the moment when it was set', () => {
    expect(KeySchedule.parse(500, { behaviour: '503' }).at(500)).toEqual({ status: 503 });
    expect(KeySchedule.parse(500, { behaviour: { status: 429, retryAfter: 7 } }).at(90_000)).toEqual({ status: 429, retryAfter: 7 });
  });

  it('steps through a schedule, and over again where it repeats', () => {
    const schedule = [{ atMs: 100, behaviour: '500' }, { atMs: 300, behaviour: 'ok' }];
    const statuses = (repeat: object): (number | undefined)[] => {
      const set = KeySchedule.parse(1000, { schedule, ...repeat });
      return [1000, 1099, 1100, 1299, 1300, 1499, 1500, 1600].map((now) => set.at(now).status);
    };
    expect(statuses({})).toEqual([undefined, undefined, 500, 500, undefined, undefined, undefined, undefined]);
    expect(statuses({ repeatMs: 500 })).toEqual([undefined, undefined, 500, 500, undefined, undefined, undefined, 500]);
  });

  it.each([
    {},
    { behaviour: 'sleepy' },
    { behaviour: 'ok', schedule: [] },
    { behaviour: 'ok', repeatMs: 5 },
    { behaviour: { failTimes: 2 } },
    { schedule: [] },
    { schedule: [{ atMs: 5, behaviour: 'ok' }, { atMs: 4, behaviour: 'ok' }] },
    { schedule: [{ atMs: 5, behaviour: 'ok', until: 9 }] },
    { schedule: [{ atMs: 5, behaviour: 'ok' }], repeatMs: 0 },
    { behaviour: 'ok', kee: 'sk' },
  ])('refuses %j', (fields) => {
    expect(() => KeySchedule.parse(0, fields)).toThrow();
  });
});
