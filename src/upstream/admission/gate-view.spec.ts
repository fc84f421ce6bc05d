import { describe, expect, it } from 'vitest';
import { GateView } from './gate-view.js';

describe('the expected answer', () => {
  const lengths = (tokens: number): ReadonlyMap<string, number> => new Map([['m', tokens]]);

  it('is somewhat above the mean, and never more than the answer may have', () => {
    const view = new GateView();
    expect([view.expectedAnswer([undefined], 'm', 4_000), view.expectedAnswer([undefined], 'm', 100)]).toEqual([512, 100]);
    view.update(0, lengths(800));
    expect([view.expectedAnswer([undefined], 'm', 4_000), view.expectedAnswer([undefined], 'm', 100)]).toEqual([1_016, 100]);
  });

  it('is not changed by what the channels of another owner say', () => {
    const view = new GateView();
    view.update(0, lengths(800), new Map([['liar', lengths(1)]]));
    expect(view.expectedAnswer([undefined], 'm', 4_000)).toBe(1_016);
    expect(view.expectedAnswer(['liar'], 'm', 4_000)).toBe(18);
    // The platform's channels may have to serve it, too.
    expect(view.expectedAnswer(['liar', undefined], 'm', 4_000)).toBe(1_016);
    expect(view.expectedAnswer(['honest'], 'm', 4_000)).toBe(512);
  });

  it('asks for the lengths of those who were asked for since the last look, and keeps a bounded number of them', () => {
    const view = new GateView();
    view.expectedAnswer(['a', 'a', undefined], 'm', 10);
    view.expectedAnswer(['b'], 'm', 10);
    expect([view.takeAsked(), view.takeAsked()]).toEqual([['a', 'b'], []]);
    for (let n = 0; n <= 1_000; n += 1) view.update(0, new Map(), new Map([[`t${n}`, lengths(800)]]));
    expect([view.expectedAnswer(['t0'], 'm', 4_000), view.expectedAnswer(['t1000'], 'm', 4_000)]).toEqual([512, 1_016]);
  });
});
