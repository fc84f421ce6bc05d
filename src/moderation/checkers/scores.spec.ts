import { describe, expect, it } from 'vitest';
import { findingOf } from './scores.js';

const thresholds = { default: 0.8, 'sexual/minors': 0.2 };

describe('findingOf', () => {
  it.each([
    [[{ hate: 0.1 }], { suggests: 'pass', label: 'normal', score: 0.1 }],
    [[{ hate: 0.6 }], { suggests: 'review', label: 'hate', score: 0.6 }],
    [[{ hate: 0.8 }], { suggests: 'block', label: 'hate', score: 0.8 }],
    [[{ hate: 0.7, 'sexual/minors': 0.19 }], { suggests: 'review', label: 'sexual/minors', score: 0.19 }],
    [[{ hate: 0.9, 'sexual/minors': 0.4 }], { suggests: 'block', label: 'sexual/minors', score: 0.4 }],
    [[{ hate: 0.1 }, { hate: 0.9 }, { hate: 0.2 }], { suggests: 'block', label: 'hate', score: 0.9 }],
    [[], { suggests: 'pass', label: 'normal' }],
  ])('%j', (pieces, expected) => {
    expect(findingOf(pieces as Record<string, number>[], thresholds, 'm')).toMatchObject({ ...expected, version: 'm' });
  });

  it('keeps the highest score of each category', () => {
    expect(findingOf([{ a: 0.1, b: 0.3 }, { a: 0.2, b: 0 }], thresholds, 'm').scores).toEqual({ a: 0.2, b: 0.3 });
  });
});
