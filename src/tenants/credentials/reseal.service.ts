import { reseal, type MasterKeys, type Rotation } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { CredentialRepository } from './credential.repository.js';
import { sealPlace } from './credential.js';

/** Seals every tenant's secrets under the newest master key, while the platform runs. */
export async function resealCredentials(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  const repository = new CredentialRepository();
  const rows = await repository.all(tx);
  const values = rows.map((row) => ({ row, sealed: row.sealed, place: sealPlace(row.tenantId, row.field) }));
  return reseal(values, keys, ({ row }, sealed) => repository.replace(tx, row, sealed));
}
