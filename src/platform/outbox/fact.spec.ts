import { describe, expect, it } from 'vitest';
import { pauseAfter } from './fact.js';

describe('pauseAfter', () => {
  it('doubles, up to five minutes', () => {
    expect([1, 2, 3, 9, 10, 1_000_000].map(pauseAfter)).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });
});
