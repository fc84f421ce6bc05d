/** What was done, as `thing.verb`. */
export const STAFF_ACTIONS = [
  'review.claim', 'review.release', 'review.approve', 'review.reject',
  'sanction.impose', 'sanction.propose', 'sanction.lift', 'offence.forgive',
  'desk.change', 'ticket.reply', 'ticket.close', 'user.ban', 'user.unban', 'policy.change',
] as const;
export type StaffActionName = (typeof STAFF_ACTIONS)[number];

/** One entry of the record: who did what, to what, when, and why. Never changed, never removed. */
export interface StaffAction {
  readonly id: string;
  /** Undefined: a rule of the tenant did it, in staff's place. */
  readonly staffId: string | undefined;
  readonly action: StaffActionName;
  /** The row that it was done to: a review, a sanction, a ticket, a user, a tenant. */
  readonly subjectId: string;
  /** The user whom it concerns. */
  readonly userId: string | undefined;
  readonly note: string | undefined;
  readonly createdAt: Date;
}

export type StaffActionDraft = Pick<StaffAction, 'action' | 'subjectId'> & {
  readonly userId?: string | undefined;
  readonly note?: string | undefined;
  /** A rule of the tenant did it, whoever's work it followed from. */
  readonly byRule?: boolean;
};
