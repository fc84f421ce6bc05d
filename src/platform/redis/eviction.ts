import type { Redis } from 'ioredis';
import { isAway } from '../errors/index.js';
import type { Logger } from '../telemetry/index.js';

/** The only policy under which queue, runs and stream logs stay where they were put: any other lets a full Redis drop them in silence. */
const SAFE_POLICY = 'noeviction';

/**
 * Refuses a Redis that may throw away what it was given. One that does not tell its policy is let pass with a warning.
 * @throws Error that says what to set; the driver's error when Redis is away.
 */
export async function assertNoEviction(redis: Redis, logger: Logger): Promise<void> {
  const policy = await readEvictionPolicy(redis);
  if (policy === undefined) logger.warn('Redis tells its maxmemory-policy neither by CONFIG GET nor by INFO; make sure that it is noeviction');
  else assertSafe(policy);
}

/** The same without a word about a Redis that does not tell: for asking again and again. */
export async function checkEviction(redis: Redis): Promise<void> {
  const policy = await readEvictionPolicy(redis);
  if (policy !== undefined) assertSafe(policy);
}

function assertSafe(policy: string): void {
  if (policy !== SAFE_POLICY) throw new Error(`Redis (REDIS_URL) has maxmemory-policy ${policy} and would drop queued answers and running streams when it is full. Set maxmemory-policy to ${SAFE_POLICY} there.`);
}

/** `maxmemory-policy`; managed services often forbid CONFIG and still tell it in INFO. Undefined where neither does. */
async function readEvictionPolicy(redis: Redis): Promise<string | undefined> {
  const configured = await unlessForbidden(redis.call('CONFIG', 'GET', 'maxmemory-policy'));
  const policy = Array.isArray(configured) ? (configured as unknown[])[1] : undefined;
  if (typeof policy === 'string') return policy;
  const info = await unlessForbidden(redis.info('memory'));
  return typeof info === 'string' ? /^maxmemory_policy:(\S+)/m.exec(info)?.[1] : undefined;
}

async function unlessForbidden(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (isAway(error)) throw error;
    return undefined;
  }
}
