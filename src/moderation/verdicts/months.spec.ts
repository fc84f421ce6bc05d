import { describe, expect, it } from 'vitest';
import { isOverBy, monthOfPartition, monthsFrom } from './months.js';

describe('months', () => {
  it('go over the end of a year', () => {
    expect(monthsFrom(Date.parse('2026-12-31T23:59:59.999Z'), 3)).toEqual(['2026-12-01', '2027-01-01', '2027-02-01']);
    expect(monthsFrom(Date.parse('2027-01-01T00:00:00Z'), 1)).toEqual(['2027-01-01']);
  });

  it('are those of partitions, and of nothing else', () => {
    expect(['verdicts_2026_11', 'verdicts', 'verdicts_2026_11_pkey', 'xverdicts_2026_11'].map(monthOfPartition)).toEqual(['2026-11-01', undefined, undefined, undefined]);
  });

  it('are over at their last moment', () => {
    expect([isOverBy('2026-12-01', Date.parse('2026-12-31T23:59:59.999Z')), isOverBy('2026-12-01', Date.parse('2027-01-01T00:00:00Z'))]).toEqual([false, true]);
  });
});
