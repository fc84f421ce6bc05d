import type { SealPlace } from '../../platform/crypto/index.js';

/** What the seal of a judged text binds: it opens in its own row only. */
export function verdictTextPlace(tenantId: string, verdictId: string): SealPlace {
  return { tenantId, row: verdictId, field: 'verdict_text' };
}
