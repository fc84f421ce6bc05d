import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor, RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Stage } from '../../platform/rehearsal/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import type { Standing } from '../users/user.js';
import { UserRepository } from '../users/user.repository.js';
import { muteRefusal, readNews, refusalOf, writeNews, type LostStanding, type StandingChange, type StandingFacts } from './standing.js';
import { StandingRepository } from './standing.repository.js';

const CACHE = { channel: 'standing.changed', max: 50_000, ttlMs: 60_000 } as const;

/** The user of a rehearsal. */
const REHEARSED: StandingFacts = { standing: 'active', mutedUntil: undefined, credentialValid: true };

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
    private readonly stage: Stage,
    bus: Bus,
  ) {
    this.cache = new NewsCache(bus, { ...CACHE, staleBy });
  }

  async onModuleInit(): Promise<void> {
    await this.cache.follow({ onNews: (message) => this.reportLost(message) });
  }

  /**
   * `evenBanned`: for the doors that are open to banned users, too.
   * @throws tenant_suspended, user_banned, unauthenticated (session or key revoked, account deleted)
   */
  async assertGood(ctx: RequestContext, evenBanned = false): Promise<void> {
    const [tenant, facts] = await Promise.all([this.tenants.byId(ctx.tenantId), ctx.actor.kind === 'user' ? this.facts(ctx, ctx.actor) : undefined]);
    if (tenant.state === 'suspended') throw new DomainError('tenant_suspended');
    const refusal = facts === undefined ? undefined : refusalOf(facts, evenBanned);
    if (refusal !== undefined) throw new DomainError(refusal);
  }

  /** Asked before anything is begun that the user's words start. A mute ends by itself. @throws user_muted, which names the end */
  async assertMaySpeak(ctx: RequestContext): Promise<void> {
    if (ctx.actor.kind !== 'user') return;
    const refusal = muteRefusal(await this.facts(ctx, ctx.actor), now(), ctx.locale);
    if (refusal !== undefined) throw refusal;
  }

  /** Writes a standing within the caller's transaction. After its commit `tell` must follow. @throws not_found (param `user_id`) */
  async write(tx: TenantTx, userId: string, change: StandingChange): Promise<void> {
    const found = 'standing' in change ? await this.users.setStanding(tx, userId, change.standing, change.standing === 'banned' ? (change.reason ?? null) : null) : await this.users.setMute(tx, userId, change.mutedUntil ?? null);
    if (!found) throw new DomainError('not_found', { param: 'user_id' });
  }

  /** Lets one change at a time follow from what a user did. @returns the standing as it is. @throws not_found (param `user_id`) */
  async lock(tx: TenantTx, userId: string): Promise<Standing> {
    const standing = await this.repository.lock(tx, userId);
    if (standing === undefined) throw new DomainError('not_found', { param: 'user_id' });
    return standing;
  }

  /**
   * Tells every node of a standing that was committed: it holds there within a second, and `banned` ends the user's streams.
   * Sessions stay: they work again after a ban. Telling twice is the same as once.
   * @throws unavailable when it could not be told: nodes then find it within a minute
   */
  async tell(ctx: RequestContext, userId: string, became: 'banned' | 'other'): Promise<void> {
    await this.cache.tell(writeNews({ tenantId: ctx.tenantId, userId, lost: became === 'banned' ? 'user_banned' : undefined }));
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

  private facts(ctx: RequestContext, actor: Extract<Actor, { kind: 'user' }>): Promise<StandingFacts> {
    return this.cache.get(`${ctx.tenantId}:${actor.userId}:${actor.credentialId}`, () => this.load(ctx, actor));
  }

  private async load(ctx: RequestContext, actor: Extract<Actor, { kind: 'user' }>): Promise<StandingFacts> {
    const stored = await this.database.readTenant(ctx, (tx) => this.repository.read(tx, actor.userId, actor.via, actor.credentialId));
    return this.stage.holds(ctx.tenantId) ? REHEARSED : stored;
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
