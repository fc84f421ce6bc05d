import { randomUUID } from 'node:crypto';
import { ADMIN, type Platform } from './platform.js';

/** One more member of staff, with the first one's password. @returns id and token */
export async function anotherStaff(platform: Platform, name: string): Promise<{ readonly id: string; readonly token: string }> {
  const id = randomUUID();
  const email = `${name}@example.com`;
  await platform.sql(`INSERT INTO staff (id, email, password_hash, role) SELECT $1, $2, password_hash, role FROM staff WHERE email = $3`, [id, email, ADMIN.email]);
  const answer = await platform.api.ok('POST', '/admin/v1/auth/login', { body: { email, password: ADMIN.password } });
  return { id, token: answer.access_token as string };
}
