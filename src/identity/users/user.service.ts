import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '../../platform/context/index.js';
import { randomToken } from '../../platform/crypto/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import type { ApiKey } from '../api-keys/api-key.js';
import { ApiKeyRepository } from '../api-keys/api-key.repository.js';
import { SessionRepository, type SessionSummary } from '../sessions/session.repository.js';
import { actingUserId, type User } from './user.js';
import { UserRepository } from './user.repository.js';

/** All that this room keeps of a person. */
export interface OwnIdentity {
  readonly user: User;
  readonly sessions: readonly SessionSummary[];
  readonly apiKeys: readonly ApiKey[];
}

/** Most openids that a process remembers, and for how long: bounds what is left of a user who was deleted. */
const OPENIDS = { max: 50_000, ttl: 3_600_000 } as const;

/** Who: the users of a tenant. */
@Injectable()
export class UserService {
  private readonly openids = new LRUCache<string, string>(OPENIDS);

  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly apiKeys: ApiKeyRepository,
  ) {}

  /** The user that WeChat vouched for, made at the first login. Joins the login's transaction. */
  async upsertByOpenid(tx: TenantTx, identity: { readonly openid: string; readonly unionid: string | undefined }): Promise<User> {
    return this.users.upsertByOpenid(tx, newId(), identity.openid, identity.unionid);
  }

  /** The acting user. @throws forbidden, not_found */
  async read(ctx: RequestContext): Promise<User> {
    const user = await this.database.readTenant(ctx, (tx) => this.users.byId(tx, actingUserId(ctx)));
    if (user === undefined) throw new DomainError('not_found');
    return user;
  }

  /** By which WeChat knows a user of this tenant's mini-program; undefined for nobody and for the deleted. It never changes, and is remembered. */
  async openidOf(ctx: RequestContext, userId: string): Promise<string | undefined> {
    const key = `${ctx.tenantId}:${userId}`;
    const known = this.openids.get(key);
    if (known !== undefined) return known;
    const user = await this.database.readTenant(ctx, (tx) => this.users.byId(tx, userId));
    if (user === undefined || user.standing === 'deleted') return undefined;
    this.openids.set(key, user.openid);
    return user.openid;
  }

  /** Newest first; for staff. @throws invalid_request for a cursor that is not ours. */
  async list(ctx: RequestContext, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<User>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.users.list(tx, before, query.limit + 1));
    return pageOf(rows, query.limit, (user) => [user.id]);
  }

  /** For staff. @throws not_found (param `user_id`) */
  async find(ctx: RequestContext, userId: string): Promise<User> {
    const user = await this.database.readTenant(ctx, (tx) => this.users.byId(tx, userId));
    if (user === undefined) throw new DomainError('not_found', { param: 'user_id' });
    return user;
  }

  /** Whom WeChat knows by this openid in the tenant's mini-program; undefined for somebody who never logged in. Joins the caller's transaction. */
  async idOfOpenid(tx: TenantTx, openid: string): Promise<string | undefined> {
    return this.users.idOfOpenid(tx, openid);
  }

  /** Gives the acting user a name, or with null takes it away. @throws forbidden, not_found */
  async rename(ctx: RequestContext, nickname: string | null): Promise<User> {
    await this.database.inTenant(ctx, (tx) => this.users.rename(tx, actingUserId(ctx), nickname));
    return this.read(ctx);
  }

  /** What the acting user may take away of this room's data. @throws forbidden, not_found */
  async exportOwn(ctx: RequestContext): Promise<OwnIdentity> {
    const userId = actingUserId(ctx);
    return this.database.inTenant(ctx, async (tx) => {
      const user = await this.users.byId(tx, userId);
      if (user === undefined) throw new DomainError('not_found');
      return { user, sessions: await this.sessions.ofUser(tx, userId), apiKeys: await this.apiKeys.activeOf(tx, userId) };
    });
  }

  /**
   * Deletes the account: no session, no key, nothing that tells who it was; the row stays for the books.
   * The same person logging in later is a new user. After the commit the caller tells it by `StandingService.erased`.
   */
  async erase(tx: TenantTx, userId: string): Promise<void> {
    this.openids.delete(`${tx.ctx.tenantId}:${userId}`);
    await this.users.pseudonymise(tx, userId, `erased:${randomToken(18)}`);
    await this.sessions.removeAllOf(tx, userId);
    await this.apiKeys.removeAllOf(tx, userId);
  }
}
