export type NoticeKind = 'warned' | 'muted' | 'sanction_lifted' | 'appeal_accepted' | 'appeal_rejected' | 'support_replied';

/** Something that a user is told, until it says that it was read. */
export interface Notice {
  readonly id: string;
  readonly kind: NoticeKind;
  /** The sanction, appeal or ticket that it tells of. */
  readonly subjectId: string;
  readonly text: string;
  readonly createdAt: Date;
  readonly readAt: Date | undefined;
}
