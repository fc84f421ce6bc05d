import { ADMIN, type Platform } from './platform.js';

/** One more member of staff: a moderator. @returns id and token */
export async function anotherModerator(platform: Platform, admin: string, name: string): Promise<{ readonly id: string; readonly token: string }> {
  const who = { email: `${name}@example.com`, password: ADMIN.password };
  const { id } = await platform.api.ok('POST', '/admin/v1/staff', { token: admin, body: { ...who, role: 'moderator' } });
  const { access_token: token } = await platform.api.ok('POST', '/admin/v1/auth/login', { body: who });
  return { id: id as string, token: token as string };
}

/** Bans a user by one member of staff, after the tenant's rules were told to let one ban. */
export async function banUser(platform: Platform, staff: string, tenantId: string, userId: string): Promise<void> {
  const path = `/admin/v1/tenants/${tenantId}`;
  const rules = await platform.api.ok('GET', `${path}/desk-rules`, { token: staff });
  await platform.api.ok('PUT', `${path}/desk-rules`, { token: staff, body: { ...rules, ban_by_one: true } });
  const { standing } = await platform.api.ok('PUT', `${path}/users/${userId}/standing`, { token: staff, body: { standing: 'banned' } });
  if (standing !== 'banned') throw new Error('the user is not banned');
}
