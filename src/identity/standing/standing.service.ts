import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor, RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { TenantService } from '../../tenants/index.js';
import { UserRepository } from '../users/user.repository.js';
import { readNews, refusalOf, writeNews, type LostStanding, type StandingFacts } from './standing.js';
import { StandingRepository } from './standing.repository.js';

const CACHE = { channel: 'standing.changed', max: 50_000, ttlMs: 60_000 } as const;

/**
 * May this user go on? Asked by the guard for every request, and by whoever
 * starts work for a user. Answers come from this process's memory and follow a
 * change on any node within a second.
 */
@Injectable()
export class StandingService implements OnModuleInit {
  private readonly cache: NewsCache<StandingFacts>;
  private readonly lostHandlers = new Set<(lost: LostStanding) => void>();

  constructor(
    private readonly database: Database,
    private readonly repository: StandingRepository,
    private readonly users: UserRepository,
    private readonly tenants: TenantService,
    bus: Bus,
  ) {
    this.cache = new NewsCache(bus, { ...CACHE, staleBy });
  }

  async onModuleInit(): Promise<void> {
    await this.cache.follow({ onNews: (message) => this.reportLost(message) });
  }

  /** @throws tenant_suspended, user_banned, unauthenticated (session or key revoked, account deleted) */
  async assertGood(ctx: RequestContext): Promise<void> {
    const tenant = await this.tenants.byId(ctx.tenantId);
    if (tenant.state === 'suspended') throw new DomainError('tenant_suspended');
    if (ctx.actor.kind !== 'user') return;
    const { actor } = ctx;
    const facts = await this.cache.get(`${ctx.tenantId}:${actor.userId}:${actor.credentialId}`, () => this.load(ctx, actor));
    const refusal = refusalOf(facts);
    if (refusal !== undefined) throw new DomainError(refusal);
  }

  /**
   * Refuses the user everywhere within a second, and ends its streams. Sessions stay: they work again after `unban`.
   * Doing it twice is the same as once. @throws not_found (param `user_id`); unavailable when the ban holds but could not be told to the other nodes: do it again.
   */
  async ban(ctx: RequestContext, userId: string, reason: string | undefined): Promise<void> {
    await this.setStanding(ctx, userId, 'banned', reason);
    await this.cache.tell(writeNews({ tenantId: ctx.tenantId, userId, lost: 'user_banned' }));
  }

  /** @throws not_found (param `user_id`) */
  async unban(ctx: RequestContext, userId: string): Promise<void> {
    await this.setStanding(ctx, userId, 'active', undefined);
    await this.cache.tell(writeNews({ tenantId: ctx.tenantId, userId }));
  }

  /** Tells that `UserService.erase` was committed: the account's streams end. */
  async erased(ctx: RequestContext, userId: string): Promise<void> {
    await this.cache.tell(writeNews({ tenantId: ctx.tenantId, userId, lost: 'unauthenticated' }));
  }

  /** Tells that a session or API key was revoked. Streams that it started go on. */
  async credentialGone(ctx: RequestContext, userId: string, credentialId: string): Promise<void> {
    await this.cache.tell(writeNews({ tenantId: ctx.tenantId, userId, credentialId }));
  }

  /**
   * Calls `handler` on every node within a second of a ban or a deletion. News are lost while the bus is away: whoever holds
   * streams asks `assertGood` again after `Bus.onGap`. The answer ends it.
   */
  onLost(handler: (lost: LostStanding) => void): () => void {
    this.lostHandlers.add(handler);
    return () => this.lostHandlers.delete(handler);
  }

  private async load(ctx: RequestContext, actor: Extract<Actor, { kind: 'user' }>): Promise<StandingFacts> {
    return this.database.inTenant(ctx, (tx) => this.repository.read(tx, actor.userId, actor.via, actor.credentialId));
  }

  private async setStanding(ctx: RequestContext, userId: string, standing: 'active' | 'banned', reason: string | undefined): Promise<void> {
    const found = await this.database.inTenant(ctx, (tx) => this.users.setStanding(tx, userId, standing, reason ?? null));
    if (!found) throw new DomainError('not_found', { param: 'user_id' });
  }

  private reportLost(message: string): void {
    const news = readNews(message);
    if (news?.lost === undefined) return;
    for (const handler of this.lostHandlers) handler({ tenantId: news.tenantId, userId: news.userId, code: news.lost });
  }
}

function staleBy(message: string): 'all' | { readonly key: string } | { readonly prefix: string } {
  const news = readNews(message);
  if (news === undefined) return 'all';
  const user = `${news.tenantId}:${news.userId}:`;
  return news.credentialId === undefined ? { prefix: user } : { key: user + news.credentialId };
}
