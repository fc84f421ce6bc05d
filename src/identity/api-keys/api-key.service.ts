import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { systemPlatformContext, type RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { KEY_LOOKUP_LIMIT } from '../limits/limit.js';
import { RateLimits } from '../limits/rate-limits.service.js';
import { StandingService } from '../standing/standing.service.js';
import { UserRepository } from '../users/user.repository.js';
import { actingUserId } from '../users/user.js';
import { hashOfKey, makeApiKey, type ApiKey, type KeyOwner } from './api-key.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { KeyUsageService } from './key-usage.service.js';

export const KEYS_PER_USER = 20;

/** Keys of developers for the OpenAI-compatible endpoint. */
@Injectable()
export class ApiKeyService {
  /** Whose a key is never changes, and whether it is good is asked of StandingService: so no news are needed here, and only what is nobody's is asked again. */
  private readonly owners = new LRUCache<string, { readonly owner: KeyOwner | undefined }>({ max: 20_000, ttl: 60_000 });

  /** Under way: requests that bring the same key at one moment wait for one answer. */
  private readonly lookups = new Map<string, Promise<KeyOwner | undefined>>();

  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeyRepository,
    private readonly users: UserRepository,
    private readonly usage: KeyUsageService,
    private readonly standing: StandingService,
    private readonly limits: RateLimits,
  ) {}

  /** Makes a key for the acting user. The answer holds it in clear, for the only time. @throws conflict when the user has 20 */
  async create(ctx: RequestContext, name: string): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
    const userId = actingUserId(ctx);
    const { key, prefix, hash } = makeApiKey();
    const id = newId();
    const apiKey = await this.database.inTenant(ctx, async (tx) => {
      await this.users.lock(tx, userId);
      await this.repository.removeLongRevoked(tx, userId);
      if ((await this.repository.activeOf(tx, userId)).length >= KEYS_PER_USER) return undefined;
      await this.repository.insert(tx, { id, userId, name, prefix, keyHash: hash });
      return this.repository.byId(tx, id);
    });
    if (apiKey === undefined) throw new DomainError('conflict', { message: `最多 ${KEYS_PER_USER} 个 API key，请先吊销一个 (at most ${KEYS_PER_USER} active keys; revoke one first)` });
    return { apiKey, key };
  }

  /** The acting user's active keys, newest first. */
  async list(ctx: RequestContext): Promise<readonly ApiKey[]> {
    return this.database.readTenant(ctx, (tx) => this.repository.activeOf(tx, actingUserId(ctx)));
  }

  /** Refused on every node within a second; a stream that the key started goes on. @throws not_found (param `id`) */
  async revoke(ctx: RequestContext, id: string): Promise<void> {
    const userId = actingUserId(ctx);
    const found = await this.database.inTenant(ctx, (tx) => this.repository.revoke(tx, userId, id));
    if (!found) throw new DomainError('not_found', { param: 'id' });
    await this.standing.credentialGone(ctx, userId, id);
  }

  /** Whose key this is; undefined when it is nobody's. Whether it was revoked is told by `StandingService.assertGood`. @throws rate_limited */
  async authenticate(key: string, ip: string): Promise<KeyOwner | undefined> {
    const hash = hashOfKey(key);
    if (hash === undefined) return undefined;
    const known = this.owners.get(hash);
    if (known !== undefined) return known.owner;
    const shared = this.lookups.get(hash);
    if (shared !== undefined) return shared;
    const lookup = this.lookUp(hash, ip).finally(() => this.lookups.delete(hash));
    this.lookups.set(hash, lookup);
    return lookup;
  }

  /** Looks for the owner of a key that nobody has, so that the first real look-up finds all ready. */
  async rehearse(): Promise<void> {
    await this.authenticate(makeApiKey().key, '127.0.0.1');
  }

  /** One look-up, and one attempt of the address, however many requests bring the key at this moment. */
  private async lookUp(hash: string, ip: string): Promise<KeyOwner | undefined> {
    await this.limits.take(KEY_LOOKUP_LIMIT, 'platform', ip);
    const owner = await this.database.readPlatform(systemPlatformContext('key lookup', newId()), (tx) => this.repository.ownerOf(tx, hash));
    this.owners.set(hash, { owner }, owner === undefined ? {} : { ttl: 0 });
    return owner;
  }

  /** Notes a use. Returns at once. */
  used(tenantId: string, keyId: string): void {
    this.usage.note(tenantId, keyId);
  }
}
