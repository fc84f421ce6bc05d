import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { sha256 } from '../../platform/crypto/index.js';
import { REDIS } from '../../platform/redis/index.js';
import type { Layer, Stage } from '../verdict.js';
import type { Finding } from './checker.js';

const TTL_SECONDS = 600;

/** What a finding depends on. */
export interface VerdictPlace {
  readonly tenantId: string;
  readonly layer: Layer;
  readonly stage: Stage;
  /** By which a finding was made of scores. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Of the word lists, where they were part of the question. */
  readonly listVersion?: string | undefined;
  readonly texts: readonly string[];
}

/** Findings of the last ten minutes, in Redis. It keeps no text, and no failure: what could not be judged is judged the next time. */
@Injectable()
export class VerdictCacheRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  async find(key: string): Promise<Finding | undefined> {
    const kept = await this.redis.get(key);
    return kept === null ? undefined : (JSON.parse(kept) as Finding);
  }

  async keep(key: string, finding: Finding): Promise<void> {
    await this.redis.set(key, JSON.stringify(finding), 'EX', TTL_SECONDS);
  }
}

/** The name of a place: the tenant first, the texts as a digest. */
export function keyOfPlace({ tenantId, layer, stage, thresholds, listVersion, texts }: VerdictPlace): string {
  const rules = sha256(JSON.stringify(Object.entries(thresholds).sort(([a], [b]) => (a < b ? -1 : 1)))).slice(0, 16);
  return `${tenantId}:verdict:${layer}:${stage}:${rules}:${listVersion ?? '-'}:${sha256(JSON.stringify(texts))}`;
}
