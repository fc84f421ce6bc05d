import type { CredentialField } from './credential.js';

/** A sealed secret that an older master key holds. */
export interface SealedRow {
  readonly tenantId: string;
  readonly field: CredentialField;
  readonly sealed: string;
}

/** What a rotation did. */
export interface Rotation {
  readonly resealed: number;
  /** Under the newest key already. */
  readonly current: number;
  /** Sealed under a key that is not here any more, or damaged: nobody can open these. */
  readonly unreadable: readonly { readonly tenantId: string; readonly field: CredentialField }[];
}
