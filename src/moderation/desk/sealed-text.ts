import type { Sealer, SealPlace } from '../../platform/crypto/index.js';

/** Columns that hold what people wrote: sealed whatever a tenant's policy says, because nobody searches them. */
export const SEALED_COLUMNS = ['reviews.excerpt', 'appeals.text', 'support_messages.text'] as const;
export type SealedColumn = (typeof SEALED_COLUMNS)[number];

/** What the seal of a text binds: tenant, row and column. */
export function textPlace(tenantId: string, row: string, field: SealedColumn): SealPlace {
  return { tenantId, row, field };
}

/** The text, or undefined where its seal does not open: one damaged row must not hide the list that it stands in. */
export function openedText(sealer: Sealer, sealed: string | null, place: SealPlace): string | undefined {
  if (sealed === null) return undefined;
  try {
    return sealer.open(sealed, place);
  } catch {
    return undefined;
  }
}
