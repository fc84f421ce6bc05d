import { Sealer, type MasterKeys } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { CredentialRepository } from './credential.repository.js';
import { sealPlace } from './credential.js';
import type { Rotation } from './reseal.js';

/**
 * Seals every tenant's secrets under the newest master key. The platform goes on meanwhile: every node opens all
 * keys that it was given. A secret that is replaced at this moment keeps its new value.
 */
export async function resealCredentials(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  const repository = new CredentialRepository();
  const sealer = new Sealer(keys);
  const rows = await repository.all(tx);
  const unreadable: { tenantId: string; field: (typeof rows)[number]['field'] }[] = [];
  let resealed = 0;
  let current = 0;
  for (const { tenantId, field, sealed } of rows) {
    if (sealed.startsWith(`v${keys.current}.`)) {
      current += 1;
      continue;
    }
    const place = sealPlace(tenantId, field);
    try {
      if (await repository.replace(tx, { tenantId, field, sealed }, sealer.seal(sealer.open(sealed, place), place))) resealed += 1;
    } catch {
      unreadable.push({ tenantId, field });
    }
  }
  return { resealed, current, unreadable };
}
