import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  it('forgets the oldest entry for a new one, and tells which', () => {
    const map = new BoundedMap<number>(2);
    expect(['a', 'b', 'c'].map((key, index) => map.set(key, index))).toEqual([undefined, undefined, 'a']);
    expect([map.values(), map.has('a'), map.get('a'), map.get('b')]).toEqual([[1, 2], false, undefined, 1]);
  });

  it('takes what is set again for new, and what is only read for as old as it was', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.set('a', 3), map.get('b'), map.set('c', 4)]).toEqual([undefined, 2, 'b']);
    expect(map.values()).toEqual([3, 4]);
  });

  it('is empty after it was cleared', () => {
    const map = new BoundedMap<number>(1);
    map.set('a', 1);
    map.clear();
    expect(map.values()).toEqual([]);
  });

  it('has room again after a deletion', () => {
    const map = new BoundedMap<undefined>(1);
    map.set('a', undefined);
    expect(map.has('a')).toBe(true);
    map.delete('a');
    expect([map.has('a'), map.set('b', undefined)]).toEqual([false, undefined]);
  });
});
