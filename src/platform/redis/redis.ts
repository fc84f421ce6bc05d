import type { Redis, RedisOptions as AnyRedisOptions } from 'ioredis';
import { GatheringRedis } from './gathering-redis.js';

type RedisOptions = Omit<AnyRedisOptions, 'replyMapping'>;

/**
 * Connections to Redis. Commands never wait for a Redis that is away: no
 * offline queue, and 2 s at most for an answer, so a request gets its 503 at once.
 */
export function commandOptions(): RedisOptions {
  return { enableOfflineQueue: false, commandTimeout: 2_000, connectTimeout: 2_000, maxRetriesPerRequest: 0, retryStrategy, lazyConnect: true };
}

/** For subscriptions and for BullMQ's workers, which outlive an absence of Redis and go on by themselves. */
export function patientOptions(): RedisOptions {
  return { enableOfflineQueue: true, connectTimeout: 2_000, maxRetriesPerRequest: null, retryStrategy, lazyConnect: true };
}

/** Tries again after 50 ms, growing to 1 s: back within a second or so of Redis being back. */
function retryStrategy(times: number): number {
  return Math.min(1_000, 50 * times);
}

/** Connects, or says in one sentence what is wrong. */
export async function connectRedis(url: string, options: RedisOptions, onError: (error: Error) => void): Promise<Redis> {
  const redis = new GatheringRedis(url, options);
  redis.on('error', onError);
  await redis.connect();
  return redis;
}
