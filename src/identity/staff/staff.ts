/** What staff may do. `moderator`: reads what was judged, and judges where machines can't; nothing of money, keys or settings. */
export const STAFF_ROLES = ['platform_admin', 'moderator'] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

/** Whether somebody of one role may do what another is needed for: an admin may do everything. */
export function mayActAs(role: StaffRole, needed: StaffRole): boolean {
  return role === 'platform_admin' || role === needed;
}

/** A person who works for the platform. */
export interface Staff {
  readonly id: string;
  /** Lower case. */
  readonly email: string;
  readonly role: StaffRole;
  readonly disabled: boolean;
}
