import type { TestTenant } from './factories.js';
import type { Platform } from './platform.js';

/** A line of a word list. */
export interface ListedWord {
  readonly text: string;
  readonly action?: 'label' | 'review' | 'mask' | 'answer' | 'block';
  readonly [field: string]: unknown;
}

let lists = 0;

/** Gives a tenant a list of words, in force when this resolves. */
export async function listWords(platform: Platform, staff: string, tenant: TestTenant, words: readonly ListedWord[]): Promise<string> {
  const path = `/admin/v1/tenants/${tenant.id}/word-lists`;
  const list = await platform.api.ok('POST', path, { token: staff, body: { name: `test ${(lists += 1)}`, category: 'test', action: 'block', severity: 'medium' } });
  for (const word of words) await platform.api.ok('POST', `${path}/${list.id}/words`, { token: staff, body: word });
  return list.id as string;
}

/** Changes a tenant's moderation policy. */
export async function setPolicy(platform: Platform, staff: string, tenant: TestTenant, policy: object): Promise<void> {
  await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}/moderation/policy`, { token: staff, body: policy });
}
