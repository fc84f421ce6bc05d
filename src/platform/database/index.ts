export { Database } from './database.js';
export { prepareRoles } from './roles.js';
export { DatabaseModule } from './database.module.js';
export { makeDataSource, type EntityList } from './data-source.js';
export { readAsPlatform, writeAsPlatform } from './platform-reader.js';
export { SchemaError } from './schema-version.js';
export type { PlatformTx, TenantTx } from './tenant-tx.js';
export { sqlState, violatedConstraint } from './transaction-retry.js';
