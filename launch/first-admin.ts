import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from './secrets.js';

/** The first platform admin, as far as this start knows him. */
export interface FirstAdmin {
  readonly email: string;
  /** Absent once a made password was shown: it is not kept after that. */
  readonly password: string | undefined;
  /** Whether the password was made here, and so has to be shown. */
  readonly made: boolean;
  /** Forgets a made password; the app keeps its hash. */
  markShown(): void;
}

/**
 * The admin whom the environment names, else one with a random password that
 * is kept (mode 0600) only until it has been shown: a first start that fails
 * half-way must still be able to show it on the next try.
 */
export function openFirstAdmin(dataDir: string, env: Readonly<Record<string, string | undefined>>): FirstAdmin {
  const email = env['BOOTSTRAP_ADMIN_EMAIL'] || 'admin@example.com';
  const given = env['BOOTSTRAP_ADMIN_PASSWORD'];
  if (given) return { email, password: given, made: false, markShown: () => undefined };
  const path = join(dataDir, 'first-admin.json');
  const kept = readKept(path);
  const markShown = (): void => writeSecretFile(path, `${JSON.stringify({ shown: true })}\n`);
  if (kept.shown) return { email, password: undefined, made: false, markShown };
  const password = kept.password ?? randomBytes(15).toString('base64url');
  if (kept.password === undefined) writeSecretFile(path, `${JSON.stringify({ password })}\n`);
  return { email, password, made: true, markShown };
}

function readKept(path: string): { shown: boolean; password: string | undefined } {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { shown?: unknown; password?: unknown };
    return { shown: kept.shown === true, password: typeof kept.password === 'string' ? kept.password : undefined };
  } catch {
    return { shown: false, password: undefined };
  }
}
