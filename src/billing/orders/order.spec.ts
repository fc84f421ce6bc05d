import { describe, expect, it } from 'vitest';
import { CLOSE_AFTER_MS, ORDER_LIFE_MS, ORDER_STATES, mayMove, nextQueryAt } from './order.js';

describe('the states of an order', () => {
  it('move only as the table says', () => {
    const moves = ORDER_STATES.flatMap((from) => ORDER_STATES.filter((to) => mayMove(from, to)).map((to) => `${from} → ${to}`));
    expect(moves).toEqual([
      'created → prepaid', 'created → closed', 'created → paid', 'prepaid → closed', 'prepaid → paid', 'closed → paid',
      'paid → partly_refunded', 'paid → refunded', 'partly_refunded → partly_refunded', 'partly_refunded → refunded',
    ]);
  });
});

describe('nextQueryAt', () => {
  const start = new Date('2026-11-20T04:00:00Z');
  const expires = new Date(start.getTime() + ORDER_LIFE_MS);

  it('asks soon at first, then more and more seldom, and in time to close', () => {
    const asked: number[] = [];
    for (let at = start, count = 0; count < 9; count += 1) {
      at = nextQueryAt(at, count, expires);
      asked.push((at.getTime() - start.getTime()) / 1000);
    }
    expect(asked.slice(0, 6)).toEqual([5, 35, 95, 215, 515, 1115]);
    expect(asked[6]).toBe((ORDER_LIFE_MS + CLOSE_AFTER_MS) / 1000);
    expect(asked[7]).toBe(asked[6]! + 1800);
  });
});
