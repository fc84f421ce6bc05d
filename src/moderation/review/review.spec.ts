import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXCERPT_LENGTH, REVIEW_KINDS, REVIEW_MOVES, REVIEW_STATES, cutExcerpt, isDecided, isRefusal, moved, type ReviewKind, type ReviewState } from './review.js';

const [ANNA, BERT] = ['anna', 'bert'];

interface Item {
  readonly kind: ReviewKind;
  readonly state: ReviewState;
  readonly claimedBy: string | undefined;
  readonly firstBy: string | undefined;
}
const item = (state: ReviewState, claimedBy?: string, kind: ReviewKind = 'input', firstBy?: string): Item => ({ kind, state, claimedBy, firstBy });

describe('moves of a review', () => {
  it('are these, and no others', () => {
    const table = REVIEW_STATES.map((state) => [state, ...REVIEW_MOVES.map((move) => moved(item(state, ANNA), move, ANNA))]);
    expect(table).toEqual([
      ['waiting', 'claimed', 'not_yours', 'not_yours', 'not_yours'],
      ['claimed', 'claimed', 'waiting', 'approved', 'rejected'],
      ['needs_second', 'second_claimed', 'not_yours', 'not_yours', 'not_yours'],
      ['second_claimed', 'second_claimed', 'needs_second', 'approved', 'rejected'],
      ['approved', 'illegal', 'illegal', 'illegal', 'illegal'],
      ['rejected', 'illegal', 'illegal', 'illegal', 'illegal'],
    ]);
  });

  it('are made by the one who holds it', () => {
    for (const move of ['claim', 'release', 'approve', 'reject'] as const) expect(moved(item('claimed', ANNA), move, BERT)).toBe('not_yours');
  });

  it('take two people for a ban', () => {
    expect(moved(item('claimed', ANNA, 'ban'), 'approve', ANNA)).toBe('needs_second');
    expect(moved(item('claimed', ANNA, 'ban'), 'reject', ANNA)).toBe('rejected');
    expect(moved(item('needs_second', undefined, 'ban', ANNA), 'claim', ANNA)).toBe('same_person');
    expect(moved(item('second_claimed', BERT, 'ban', ANNA), 'approve', BERT)).toBe('approved');
  });

  it('never approve a ban by one person alone, whatever they try', () => {
    const step = fc.tuple(fc.constantFrom(...REVIEW_MOVES), fc.constantFrom(ANNA, BERT));
    fc.assert(fc.property(fc.constantFrom(...REVIEW_KINDS), fc.array(step, { maxLength: 30 }), (kind, steps) => {
      let held = item('waiting', undefined, kind);
      const approvedBy = new Set<string>();
      for (const [move, staff] of steps) {
        const before = held.state;
        const to = moved(held, move, staff);
        if (isRefusal(to)) continue;
        expect(isDecided(before)).toBe(false);
        if (move === 'approve') approvedBy.add(staff);
        if (move === 'release' || move === 'reject') approvedBy.delete(staff);
        const claimed = to === 'claimed' || to === 'second_claimed';
        held = { kind, state: to, claimedBy: claimed ? staff : undefined, firstBy: to === 'needs_second' && move === 'approve' ? staff : held.firstBy };
      }
      if (held.state === 'approved') expect(approvedBy.size).toBe(kind === 'ban' ? 2 : 1);
    }));
  });
});

describe('cutExcerpt', () => {
  it('keeps short texts, and never cuts within a character', () => {
    expect(cutExcerpt('短')).toBe('短');
    expect([...cutExcerpt('😀'.repeat(EXCERPT_LENGTH + 5))]).toHaveLength(EXCERPT_LENGTH);
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: EXCERPT_LENGTH, maxLength: EXCERPT_LENGTH + 50 }), (text) => {
      expect(text.startsWith(cutExcerpt(text))).toBe(true);
      expect(cutExcerpt(text).isWellFormed()).toBe(true);
    }), { numRuns: 20 });
  });
});
