import { hkdfSync } from 'node:crypto';

/** The roles that the running app connects as. Neither owns a table nor bypasses row-level security. */
export const APP_ROLE = 'bailiao_app';
export const PLATFORM_ROLE = 'bailiao_platform';
/** Owns the functions that move money and write runs. Nobody connects as it. */
export const RUNNER_ROLE = 'bailiao_runner';

/** The password of a role, derived from the master key, so that one `DATABASE_URL` is enough to run and migrate. */
export function rolePassword(masterKey: Uint8Array, role: string): string {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `bailiao database role ${role}`, 24)).toString('base64url');
}

/** `DATABASE_URL` with the user and password of one of our roles. */
export function urlForRole(ownerUrl: string, masterKey: Uint8Array, role: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = rolePassword(masterKey, role);
  return url.toString();
}
