import { Sealer, reseal, type MasterKeys, type Rotation } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { SEALED_PARTS, verdictTextPlace, type SealedPart } from './verdict-text.js';
import { VerdictRepository, type PartOfRow } from './verdict.repository.js';

/** Rows that are held at once. */
const PAGE = 500;

/** Seals the texts of the log, and the words in them, under the newest master key, page by page, while the platform runs. */
export async function resealVerdictTexts(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  const repository = new VerdictRepository();
  let total: Rotation = { resealed: await sealBareHits(tx, repository, keys), current: 0, unreadable: [] };
  for (const part of SEALED_PARTS) {
    for await (const rows of pages(tx, repository, part)) {
      const values = rows.map((row) => ({ row, sealed: row.value, place: verdictTextPlace(row.tenantId, row.id, part) }));
      const { resealed, current, unreadable } = await reseal(values, keys, ({ row }, sealed) => repository.replaceSeal(tx, part, row, sealed));
      total = { resealed: total.resealed + resealed, current: total.current + current, unreadable: [...total.unreadable, ...unreadable] };
    }
  }
  return total;
}

/** Hits that an earlier release wrote in clear beside a text that it sealed. @returns how many */
async function sealBareHits(tx: PlatformTx, repository: VerdictRepository, keys: MasterKeys): Promise<number> {
  const sealer = new Sealer(keys);
  let sealed = 0;
  for await (const rows of pages(tx, repository, 'bare hit')) {
    for (const row of rows) if (await repository.replaceSeal(tx, 'hit', row, sealer.seal(row.value, verdictTextPlace(row.tenantId, row.id, 'hit')))) sealed += 1;
  }
  return sealed;
}

async function* pages(tx: PlatformTx, repository: VerdictRepository, part: SealedPart | 'bare hit'): AsyncGenerator<readonly PartOfRow[]> {
  for (let after: PartOfRow | undefined; ; ) {
    const rows = await repository.partsOf(tx, part, after, PAGE);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1);
  }
}
