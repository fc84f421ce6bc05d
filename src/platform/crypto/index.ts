export { hmacSha256, randomToken, sameSecret, sha256 } from './digest.js';
export { reseal, type Rotation, type SealedValue } from './reseal.js';
export { Sealer, type MasterKeys, type SealPlace } from './seal.js';
export { TenantDigest } from './tenant-digest.js';
