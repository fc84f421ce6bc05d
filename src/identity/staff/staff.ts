/** What staff may do. */
export type StaffRole = 'platform_admin';

/** A person who works for the platform. */
export interface Staff {
  readonly id: string;
  /** Lower case. */
  readonly email: string;
  readonly role: StaffRole;
  readonly disabled: boolean;
}
