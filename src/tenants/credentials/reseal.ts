import type { CredentialField } from './credential.js';

/** A sealed secret that an older master key holds. */
export interface SealedRow {
  readonly tenantId: string;
  readonly field: CredentialField;
  readonly sealed: string;
}
