/** What is appealed: the refusal of a message, a sanction, or the ban that keeps the user out. */
export const APPEAL_KINDS = ['message', 'sanction', 'ban'] as const;
export type AppealKind = (typeof APPEAL_KINDS)[number];

export const APPEAL_STATES = ['open', 'accepted', 'rejected'] as const;
export type AppealState = (typeof APPEAL_STATES)[number];

/** A user's word against a decision. */
export interface Appeal {
  readonly id: string;
  readonly userId: string;
  readonly kind: AppealKind;
  /** Of a message its run, of a sanction its id, of a ban the user. */
  readonly subjectId: string;
  /** Undefined where its seal can't be opened. */
  readonly text: string | undefined;
  readonly state: AppealState;
  /** What staff said to it. */
  readonly answer: string | undefined;
  readonly createdAt: Date;
  readonly decidedAt: Date | undefined;
}

export interface AppealWish {
  readonly kind: AppealKind;
  readonly runId?: string | undefined;
  readonly sanctionId?: string | undefined;
  readonly text: string;
}
