import { Sealer, type MasterKeys, type SealPlace } from './seal.js';

/** A secret as it is kept, and what its seal binds. */
export interface SealedValue {
  readonly sealed: string;
  readonly place: SealPlace;
}

/** What a rotation of the master key did. */
export interface Rotation {
  readonly resealed: number;
  /** Under the newest key already. */
  readonly current: number;
  /** Sealed under a key that is not here any more, or damaged: nobody can open these. */
  readonly unreadable: readonly SealPlace[];
}

/**
 * Seals values under the newest master key. The platform goes on meanwhile: every node opens all keys that it was given.
 * @param replace keeps the new seal; false when the secret was replaced or removed meanwhile, which keeps its new value.
 */
export async function reseal<Value extends SealedValue>(values: readonly Value[], keys: MasterKeys, replace: (value: Value, sealed: string) => Promise<boolean>): Promise<Rotation> {
  const sealer = new Sealer(keys);
  const unreadable: SealPlace[] = [];
  let resealed = 0;
  let current = 0;
  for (const value of values) {
    if (value.sealed.startsWith(`v${keys.current}.`)) {
      current += 1;
      continue;
    }
    const plain = opened(sealer, value);
    if (plain === undefined) unreadable.push(value.place);
    else if (await replace(value, sealer.seal(plain, value.place))) resealed += 1;
  }
  return { resealed, current, unreadable };
}

function opened(sealer: Sealer, { sealed, place }: SealedValue): string | undefined {
  try {
    return sealer.open(sealed, place);
  } catch {
    return undefined;
  }
}
