import { ADMIN, type Platform } from './platform.js';

/** One more member of staff: a moderator. @returns id and token */
export async function anotherModerator(platform: Platform, admin: string, name: string): Promise<{ readonly id: string; readonly token: string }> {
  const who = { email: `${name}@example.com`, password: ADMIN.password };
  const { id } = await platform.api.ok('POST', '/admin/v1/staff', { token: admin, body: { ...who, role: 'moderator' } });
  const { access_token: token } = await platform.api.ok('POST', '/admin/v1/auth/login', { body: who });
  return { id: id as string, token: token as string };
}
