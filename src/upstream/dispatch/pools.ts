import type { Channel } from '../channels/channel.js';

/** Tickets of one pool can be served by the same channels: a model's, for tenants without channels of their own together, for each other tenant apart. */
export function poolOf(tenantId: string, model: string, candidates: readonly Channel[]): string {
  return candidates.some((channel) => channel.tenantId !== undefined) ? `${tenantId}/${model}` : `/${model}`;
}

/** Whose pool it is (undefined: of all tenants without own channels), and of which model. */
export function ownerOf(pool: string): { readonly tenantId: string | undefined; readonly model: string } {
  const cut = pool.indexOf('/');
  return { tenantId: cut === 0 ? undefined : pool.slice(0, cut), model: pool.slice(cut + 1) };
}
