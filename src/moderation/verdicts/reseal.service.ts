import { reseal, type MasterKeys, type Rotation } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { verdictTextPlace } from './verdict-text.js';
import { VerdictRepository } from './verdict.repository.js';

/** Rows that are held at once. */
const PAGE = 500;

/** Seals the texts of the log under the newest master key, page by page, while the platform runs. */
export async function resealVerdictTexts(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  const repository = new VerdictRepository();
  let total: Rotation = { resealed: 0, current: 0, unreadable: [] };
  for (let page = await repository.sealedTexts(tx, undefined, PAGE); page.length > 0; page = await repository.sealedTexts(tx, page.at(-1), PAGE)) {
    const values = page.map((row) => ({ row, sealed: row.sealed, place: verdictTextPlace(row.tenantId, row.id) }));
    const { resealed, current, unreadable } = await reseal(values, keys, ({ row }, sealed) => repository.replaceSeal(tx, row, sealed));
    total = { resealed: total.resealed + resealed, current: total.current + current, unreadable: [...total.unreadable, ...unreadable] };
    if (page.length < PAGE) break;
  }
  return total;
}
