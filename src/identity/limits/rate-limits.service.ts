import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../../platform/errors/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { addressKey, type Limit } from './limit.js';

/** Counts attempts of all nodes together, in Redis. Without Redis nobody gets past: the driver's error becomes `unavailable`. */
@Injectable()
export class RateLimits {
  private readonly limiters = new Map<string, RateLimiterRedis>();

  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** Takes one of the attempts that `address` has within `scope` (a tenant id, or `platform`). @throws rate_limited with the time to wait */
  async take(limit: Limit, scope: string, address: string): Promise<void> {
    await this.consume(limit, `${scope}:limit:${limit.name}:${addressKey(address)}`);
  }

  /** The same for a name that is no address. @param points how many at once; more than the limit has are never given */
  async takeNamed(limit: Limit, scope: string, name: string, points = 1): Promise<void> {
    await this.consume(limit, `${scope}:limit:${limit.name}:${name}`, points);
  }

  /** Gives all attempts back. */
  async forgive(limit: Limit, scope: string, name: string): Promise<void> {
    await this.limiter(limit).delete(`${scope}:limit:${limit.name}:${name}`);
  }

  private async consume(limit: Limit, key: string, points = 1): Promise<void> {
    try {
      await this.limiter(limit).consume(key, points);
    } catch (error) {
      if (error instanceof RateLimiterRes) throw new DomainError('rate_limited', { retryAfterMs: error.msBeforeNext, ...(limit.param === undefined ? {} : { param: limit.param }) });
      throw error;
    }
  }

  private limiter(limit: Limit): RateLimiterRedis {
    const known = this.limiters.get(limit.name);
    if (known !== undefined) return known;
    const made = new RateLimiterRedis({ storeClient: this.redis, keyPrefix: '', points: limit.points, duration: limit.seconds });
    this.limiters.set(limit.name, made);
    return made;
  }
}
