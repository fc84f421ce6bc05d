import { DEMO_SLUG, failed } from './demo-tenant.js';
import { askJson } from './json-client.js';

/** Harmless stand-ins, one for each thing that a newcomer may want to see happen. */
const WORDS = [
  { text: '违禁词测试', action: 'block' },
  { text: '测试敏感话题', action: 'answer' },
  { text: '打码测试', action: 'mask' },
];

/** Gives the demo tenant, when it was just made, a list of words to try moderation with. Throws LaunchError. */
export async function enterDemoWords({ url, token, signal }: { readonly url: string; readonly token: string; readonly signal: AbortSignal }): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const listed = await askJson(`${url}/admin/v1/tenants?slug=${DEMO_SLUG}`, { headers, signal });
  const tenantId = (listed.body['data'] as { id?: string }[] | undefined)?.[0]?.id;
  if (tenantId === undefined) return;
  const place = `${url}/admin/v1/tenants/${tenantId}/word-lists`;
  const list = await askJson(place, { method: 'POST', headers, signal, body: { name: '演示', category: '演示' } });
  if (list.status !== 201 || typeof list.body['id'] !== 'string') throw failed('POST /admin/v1/tenants/{id}/word-lists', list.status);
  for (const body of WORDS) {
    const made = await askJson(`${place}/${list.body['id']}/words`, { method: 'POST', headers, signal, body });
    if (made.status !== 201) throw failed('POST /admin/v1/tenants/{id}/word-lists/{list_id}/words', made.status);
  }
}
