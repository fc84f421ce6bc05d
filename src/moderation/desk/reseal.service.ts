import { reseal, type MasterKeys, type Rotation, type SealPlace } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { SEALED_COLUMNS, textPlace, type SealedColumn } from './sealed-text.js';
import { SealedTextRepository, type StaleText } from './sealed-text.repository.js';

/** Texts that are held at once. */
const BATCH = 500;

/** Seals what people wrote, and what was excerpted for them, under the newest master key, while the platform runs. */
export async function resealDeskTexts(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  let resealed = 0;
  const unreadable: SealPlace[] = [];
  for (const field of SEALED_COLUMNS) {
    for await (const texts of stale(tx, field, keys.current)) {
      const values = texts.map((text) => ({ text, sealed: text.sealed, place: textPlace(text.tenantId, text.id, field) }));
      const rotation = await reseal(values, keys, ({ text }, fresh) => new SealedTextRepository().replace(tx, field, text, fresh));
      resealed += rotation.resealed;
      unreadable.push(...rotation.unreadable);
    }
  }
  // Those under the newest key are not read.
  return { resealed, current: 0, unreadable };
}

async function* stale(tx: PlatformTx, field: SealedColumn, version: number): AsyncGenerator<readonly StaleText[]> {
  for (let after: StaleText | undefined; ; ) {
    const texts = await new SealedTextRepository().stale(tx, field, version, after, BATCH);
    if (texts.length > 0) yield texts;
    if (texts.length < BATCH) return;
    after = texts.at(-1);
  }
}
