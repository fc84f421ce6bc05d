/** What is looked at: a text of a user, an answer, a picture or sound; a user's appeal; a ban that was proposed. */
export const REVIEW_KINDS = ['input', 'output', 'media', 'appeal', 'ban'] as const;
export type ReviewKind = (typeof REVIEW_KINDS)[number];

/** `needs_second`: one member of staff is for it, and somebody else has to be, too. */
export const REVIEW_STATES = ['waiting', 'claimed', 'needs_second', 'second_claimed', 'approved', 'rejected'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

export const REVIEW_MOVES = ['claim', 'release', 'approve', 'reject'] as const;
export type ReviewMove = (typeof REVIEW_MOVES)[number];

/** The legal moves. What is decided stays decided. */
const MOVES: Readonly<Record<ReviewState, Partial<Record<ReviewMove, ReviewState>>>> = {
  waiting: { claim: 'claimed' },
  claimed: { release: 'waiting', approve: 'approved', reject: 'rejected' },
  needs_second: { claim: 'second_claimed' },
  second_claimed: { release: 'needs_second', approve: 'approved', reject: 'rejected' },
  approved: {},
  rejected: {},
};

/** Something that people decide. `approve`: the text is fine, the appeal is right, the user is banned; `reject`: the opposite. */
export interface Review {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: ReviewKind;
  /** As it holds now: a claim that is over was given back. */
  readonly state: ReviewState;
  readonly userId: string | undefined;
  readonly conversationId: string | undefined;
  readonly runId: string | undefined;
  readonly messageId: string | undefined;
  /** Of an appeal, of the ban that was proposed, or of the picture or sound. */
  readonly subjectId: string | undefined;
  readonly label: string;
  readonly reason: string;
  /** Undefined where there is none, or where its seal can't be opened. */
  readonly excerpt: string | undefined;
  readonly claimedBy: string | undefined;
  readonly claimExpiresAt: Date | undefined;
  /** Who was for a ban first. */
  readonly firstBy: string | undefined;
  readonly decidedBy: string | undefined;
  readonly decidedAt: Date | undefined;
  readonly note: string | undefined;
  readonly dueAt: Date;
  readonly createdAt: Date;
}

/** What another part of the house asks people to look at. */
export interface ReviewRequest {
  /** The same key is the same item, such as `run:<id>:input`. At most 200 characters. */
  readonly key: string;
  readonly kind: ReviewKind;
  readonly userId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly runId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly label: string;
  readonly reason: string;
  /** What is looked at, cut after `EXCERPT_LENGTH` characters. Kept sealed. */
  readonly excerpt?: string | undefined;
}

/** Most characters (code points) of an excerpt. */
export const EXCERPT_LENGTH = 2_000;

/** An item that is decided, whatever comes. */
export function isDecided(state: ReviewState): boolean {
  return Object.keys(MOVES[state]).length === 0;
}

/** Why a move is refused: the state does not know it; the item is in other hands, or in nobody's; the same person can't be the second one. */
export type MoveRefusal = 'illegal' | 'not_yours' | 'same_person';

type Held = Pick<Review, 'kind' | 'state' | 'claimedBy' | 'firstBy'>;

/** Where the move leads when this member of staff makes it. A ban takes two different people; claiming what one holds renews the claim. */
export function moved(review: Held, move: ReviewMove, staffId: string): ReviewState | MoveRefusal {
  const claimed = review.state === 'claimed' || review.state === 'second_claimed';
  if (move === 'claim' && claimed) return review.claimedBy === staffId ? review.state : 'not_yours';
  const to = MOVES[review.state][move];
  if (to === undefined) return move !== 'claim' && !isDecided(review.state) ? 'not_yours' : 'illegal';
  if (move === 'claim') return review.firstBy === staffId ? 'same_person' : to;
  if (review.claimedBy !== staffId) return 'not_yours';
  if (move === 'approve' && review.kind === 'ban' && review.state === 'claimed') return 'needs_second';
  return to;
}

export function isRefusal(outcome: ReviewState | MoveRefusal): outcome is MoveRefusal {
  return outcome === 'illegal' || outcome === 'not_yours' || outcome === 'same_person';
}

/** Cuts between characters, never within one. */
export function cutExcerpt(text: string): string {
  if (text.length <= EXCERPT_LENGTH) return text;
  return [...text.slice(0, EXCERPT_LENGTH * 2)].slice(0, EXCERPT_LENGTH).join('').toWellFormed();
}
