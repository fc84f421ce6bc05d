import { Module, type DynamicModule } from '@nestjs/common';
import type { Role } from '../platform/config/index.js';
import { IdentityModule } from '../identity/index.js';
import { TenantsModule } from '../tenants/index.js';

/** Judges texts. A worker has everything but the public routes. */
@Module({})
export class ModerationModule {
  static for(role: Role): DynamicModule {
    const api = role !== 'worker';
    return {
      module: ModerationModule,
      imports: [TenantsModule, IdentityModule],
      controllers: api ? [] : [],
      providers: [],
      exports: [],
    };
  }
}
