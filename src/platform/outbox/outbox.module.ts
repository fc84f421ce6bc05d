import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Role } from '../config/index.js';
import { Outbox } from './outbox.js';
import { OutboxJob } from './outbox.job.js';
import { OutboxRepository } from './outbox.repository.js';

/** Every process may publish; those that work deliver. */
@Global()
@Module({})
export class OutboxModule {
  static for(role: Role): DynamicModule {
    return { module: OutboxModule, providers: [OutboxRepository, Outbox, ...(role === 'api' ? [] : [OutboxJob])], exports: [Outbox] };
  }
}
