import { reseal, type MasterKeys, type Rotation } from '../../platform/crypto/index.js';
import type { PlatformTx } from '../../platform/database/index.js';
import { ChannelRepository } from './channel.repository.js';
import { keyPlace } from './channel-record.js';

/** Seals the keys of all channels under the newest master key, while the platform runs. */
export async function resealChannelKeys(tx: PlatformTx, keys: MasterKeys): Promise<Rotation> {
  const repository = new ChannelRepository();
  const channels = await repository.all(tx);
  const values = channels.flatMap(({ id, tenantId, sealedKey }) => (sealedKey === undefined ? [] : [{ id, tenantId, sealed: sealedKey, place: keyPlace(tenantId, id) }]));
  return reseal(values, keys, ({ id, tenantId, sealed }, fresh) => repository.replaceSeal(tx, tenantId, id, sealed, fresh));
}
