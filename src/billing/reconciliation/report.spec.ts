import { describe, expect, it } from 'vitest';
import { hasBill, newestBillDay, newestBillDays } from './report.js';

describe('the day of the newest bill', () => {
  it.each([
    ['2026-11-21T02:09:59Z', '2026-11-19'],
    ['2026-11-21T02:10:00Z', '2026-11-20'],
    ['2026-11-20T16:30:00Z', '2026-11-19'],
    ['2027-01-01T02:10:00Z', '2026-12-31'],
  ])('at %s is %s', (now, day) => {
    expect(newestBillDay(new Date(now))).toBe(day);
    expect(newestBillDays(new Date(now), 3).at(-1)).toBe(day);
    expect(hasBill(day, new Date(now))).toBe(true);
  });

  it('has no bill of today, nor of long ago', () => {
    const now = new Date('2026-11-21T12:00:00Z');
    expect(hasBill('2026-11-21', now)).toBe(false);
    expect(hasBill('2026-08-20', now)).toBe(false);
    expect(newestBillDays(now, 3)).toEqual(['2026-11-18', '2026-11-19', '2026-11-20']);
  });
});
