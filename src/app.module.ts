import { Module, type DynamicModule } from '@nestjs/common';
import { MIGRATION_NAMES } from '../migrations/index.js';
import { AdminModule } from './admin/index.js';
import { BillingModule } from './billing/index.js';
import { CHAT_ENTITIES, ChatModule } from './chat/index.js';
import { IDENTITY_ENTITIES, IdentityModule } from './identity/index.js';
import { ModerationModule } from './moderation/index.js';
import { ConfigModule, type Config } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { LifecycleModule } from './platform/lifecycle/index.js';
import { OutboxModule } from './platform/outbox/index.js';
import { RehearsalModule } from './platform/rehearsal/index.js';
import { RedisModule } from './platform/redis/index.js';
import { TelemetryModule, type Logger } from './platform/telemetry/index.js';
import { TENANTS_ENTITIES, TenantsModule } from './tenants/index.js';
import { UpstreamModule } from './upstream/index.js';
import { WebhooksModule } from './webhooks/index.js';

/** The house, composed for a role. A worker has the lower rooms and no public routes but health and metrics. */
@Module({})
export class AppModule {
  static for(config: Config, logger: Logger): DynamicModule {
    const api = config.role !== 'worker';
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        TelemetryModule.with(logger),
        DatabaseModule.with([...TENANTS_ENTITIES, ...IDENTITY_ENTITIES, ...CHAT_ENTITIES], MIGRATION_NAMES),
        RehearsalModule,
        RedisModule,
        LifecycleModule,
        OutboxModule.for(config.role),
        TenantsModule,
        IdentityModule,
        BillingModule.for(config.role),
        ModerationModule.for(config.role),
        UpstreamModule,
        ChatModule.for(config.role),
        ...(api ? [AdminModule.for(config.role), WebhooksModule.for(config.role)] : []),
      ],
    };
  }
}
