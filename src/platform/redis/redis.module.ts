import { Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../config/index.js';
import { LOGGER, type Logger } from '../telemetry/index.js';
import { Bus } from './bus.js';
import { assertNoEviction } from './eviction.js';
import { commandOptions, connectRedis, patientOptions } from './redis.js';
import { Script } from './script.js';

/** Injection token of the connection for commands. */
export const REDIS = Symbol('Redis');
const SUBSCRIBER = Symbol('RedisSubscriber');

async function openCommands(config: Config, logger: Logger): Promise<Redis> {
  const redis = await connectRedis(config.redis.url, commandOptions(), (error) => logger.warn({ reason: error.message }, 'redis is away'));
  await assertNoEviction(redis, logger);
  return redis;
}

async function openBus(subscriber: Redis, commands: Redis): Promise<Bus> {
  const bus = new Bus(subscriber, commands);
  await bus.openHome();
  return bus;
}

@Global()
@Module({
  providers: [
    { provide: REDIS, inject: [CONFIG, LOGGER], useFactory: openCommands },
    {
      provide: SUBSCRIBER,
      inject: [CONFIG, LOGGER],
      useFactory: (config: Config, logger: Logger) => connectRedis(config.redis.url, patientOptions(), (error) => logger.debug({ reason: error.message }, 'redis subscriber is away')),
    },
    { provide: Bus, inject: [SUBSCRIBER, REDIS], useFactory: openBus },
  ],
  exports: [REDIS, Bus],
})
export class RedisModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis, @Inject(SUBSCRIBER) private readonly subscriber: Redis) {}

  /** By then every room has made its steps. */
  async onApplicationBootstrap(): Promise<void> {
    await Script.load(this.redis).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
    this.subscriber.disconnect();
  }
}
