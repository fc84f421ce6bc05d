import { Global, Inject, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Database } from '../database/index.js';
import { REDIS, checkEviction } from '../redis/index.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Global()
@Module({
  controllers: [HealthController],
  providers: [{ provide: Readiness, useFactory: () => new Readiness() }],
  exports: [Readiness],
})
export class LifecycleModule implements BeforeApplicationShutdown {
  constructor(private readonly readiness: Readiness, database: Database, @Inject(REDIS) redis: Redis) {
    readiness.add('postgres', () => database.ping());
    readiness.add('redis', async () => { await redis.ping(); });
    readiness.add('redis_policy', () => checkEviction(redis));
  }

  beforeApplicationShutdown(): void {
    this.readiness.stop();
  }
}
