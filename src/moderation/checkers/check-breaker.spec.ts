import { beforeEach, describe, expect, it } from 'vitest';
import { CheckBreaker } from './check-breaker.js';

let at: number;
let breaker: CheckBreaker;
const pass = (ms: number): void => {
  at += ms;
};
const fail = (times: number): void => {
  for (let n = 0; n < times; n += 1) {
    expect(breaker.admits()).toBe(true);
    breaker.failedOnce();
  }
};

beforeEach(() => {
  at = 0;
  breaker = new CheckBreaker({ failures: 3, openMs: 100, longestMs: 300, clock: () => at });
});

describe('CheckBreaker', () => {
  it('opens after failures in a row, and not before', () => {
    fail(2);
    breaker.succeeded();
    fail(3);
    expect(breaker.admits()).toBe(false);
  });

  it('lets one call try at a time, waits longer after each that fails, and closes after one that does not', () => {
    fail(3);
    for (const pause of [100, 200, 300, 300]) {
      pass(pause - 1);
      expect(breaker.admits()).toBe(false);
      pass(1);
      expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
      breaker.failedOnce();
    }
    pass(300);
    expect(breaker.admits()).toBe(true);
    breaker.succeeded();
    expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
  });

  it('gives the trial to another when whoever tried left', () => {
    fail(3);
    pass(100);
    expect(breaker.admits()).toBe(true);
    breaker.abandoned();
    expect(breaker.admits()).toBe(true);
  });
});
