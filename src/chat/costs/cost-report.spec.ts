import { describe, expect, it } from 'vitest';
import { checkCostQuery } from './cost-report.js';

const query = (from: string, to: string) => ({ from: new Date(from), to: new Date(to), groupBy: 'day' }) as const;

describe('checkCostQuery', () => {
  it('takes up to a quarter', () => {
    expect(() => checkCostQuery(query('2026-10-01T00:00:00+08:00', '2027-01-01T00:00:00+08:00'))).not.toThrow();
  });

  it('refuses an empty, a reversed and an endless range', () => {
    expect(() => checkCostQuery(query('2026-10-01T00:00:00Z', '2026-10-01T00:00:00Z'))).toThrow('later than from');
    expect(() => checkCostQuery(query('2026-10-02T00:00:00Z', '2026-10-01T00:00:00Z'))).toThrow('later than from');
    expect(() => checkCostQuery(query('2026-10-01T00:00:00Z', '2027-01-01T00:00:00.001Z'))).toThrow('at most 92 days');
  });
});
