import type { SealPlace } from '../../platform/crypto/index.js';

/** What the log keeps of a text: all of it, and the listed word that decided. Both tell what was written. */
export const SEALED_PARTS = ['text', 'hit'] as const;
export type SealedPart = (typeof SEALED_PARTS)[number];

/** A part as it is kept: as it is, sealed, or not at all. */
export interface KeptPart {
  readonly plain: string | null;
  readonly sealed: string | null;
}

/** What the seal of a judged text, or of the word in it, binds: it opens in its own row and column only. */
export function verdictTextPlace(tenantId: string, verdictId: string, part: SealedPart): SealPlace {
  return { tenantId, row: verdictId, field: `verdict_${part}` };
}
