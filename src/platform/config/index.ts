export { configurationSettings, readConfig, readAuditConfig, readMigrationConfig, type Config, type Role } from './config.js';
export { CONFIG, ConfigModule } from './config.module.js';
export { APP_ROLE, PLATFORM_ROLE, RUNNER_ROLE, rolePassword } from './database-roles.js';
export { ConfigurationError, type Setting } from './environment.js';
export type { ModelSetting } from './model-list.js';
