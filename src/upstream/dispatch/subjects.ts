import type { RequestContext } from '../../platform/context/index.js';
import type { QueueSettings } from '../../tenants/index.js';
import type { SubjectLimit } from '../admission/admission.repository.js';

/** Who is limited by a run: the tenant, the user, the key, as far as the tenant's plan limits them. Names carry the tenant. */
export function subjectsOf(ctx: RequestContext, queue: QueueSettings): readonly SubjectLimit[] {
  const { actor, tenantId } = ctx;
  const subjects: (SubjectLimit | undefined)[] = [subject(tenantId, queue.tenant)];
  if (actor.kind === 'user') {
    subjects.push(subject(`${tenantId}/user/${actor.userId}`, queue.user));
    if (actor.via === 'api_key') subjects.push(subject(`${tenantId}/key/${actor.credentialId}`, queue.apiKey));
  }
  return subjects.filter((each) => each !== undefined);
}

function subject(name: string, limit: { readonly open: number | undefined; readonly queued: number | undefined }): SubjectLimit | undefined {
  if (limit.open === undefined && limit.queued === undefined) return undefined;
  return { name, ...(limit.open === undefined ? {} : { open: limit.open }), ...(limit.queued === undefined ? {} : { queued: limit.queued }) };
}
