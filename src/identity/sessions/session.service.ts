import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { makeContext, type RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import type { Players } from '../../platform/rehearsal/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { isId, newId, now } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import type { Caller } from '../guard/caller.js';
import { REFRESH_LIMIT } from '../limits/limit.js';
import { RateLimits } from '../limits/rate-limits.service.js';
import { StandingService } from '../standing/standing.service.js';
import { makeRefreshToken, readRefreshToken } from './refresh-token.js';
import { SessionRepository } from './session.repository.js';
import { SignedTokens, type TokenClaims } from './signed-tokens.js';

/** Logins that a user may have at once; a further one ends the oldest. */
const SESSIONS_PER_USER = 100;
const REMEMBERED_TOKENS = 20_000;

/** What a client gets at login and refresh. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds that the access token lives. */
  readonly expiresIn: number;
}

/** A login that was written, and what must be done after the commit. */
export interface OpenedSession {
  readonly id: string;
  readonly refreshToken: string;
  /** Older logins that it ended. */
  readonly displaced: readonly string[];
}

type Exchange = { readonly outcome: 'rotated'; readonly sessionId: string; readonly userId: string } | { readonly outcome: 'unknown' | 'raced' | 'banned' } | { readonly outcome: 'reused'; readonly sessionId: string; readonly userId: string };

/** Logins: short access tokens that are checked without the database, and refresh tokens that work once. */
@Injectable()
export class SessionService {
  private readonly tokens: SignedTokens;

  constructor(
    private readonly database: Database,
    private readonly repository: SessionRepository,
    private readonly standing: StandingService,
    private readonly tenants: TenantService,
    private readonly limits: RateLimits,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.tokens = new SignedTokens(config.jwtSecret, 'access', config.sessions.accessSeconds, REMEMBERED_TOKENS);
  }

  /** Writes a login. Joins the caller's transaction; `complete` makes the tokens after its commit. */
  async open(tx: TenantTx, userId: string): Promise<OpenedSession> {
    const id = newId();
    const { token, hash } = makeRefreshToken(tx.ctx.tenantId);
    await this.repository.open(tx, id, userId, this.config.sessions.refreshSeconds);
    await this.repository.addToken(tx, id, hash);
    const displaced = await this.repository.prune(tx, userId, SESSIONS_PER_USER);
    return { id, refreshToken: token, displaced };
  }

  async complete(ctx: RequestContext, userId: string, session: OpenedSession): Promise<TokenPair> {
    for (const id of session.displaced) await this.standing.credentialGone(ctx, userId, id).catch(() => undefined);
    return this.pair(ctx.tenantId, userId, session.id, session.refreshToken);
  }

  /** The claims of an access token whose audience is a tenant; undefined when it is not good. */
  async verify(accessToken: string): Promise<TokenClaims | undefined> {
    const claims = await this.tokens.verify(accessToken);
    return claims !== undefined && isId(claims.audience) ? claims : undefined;
  }

  /**
   * Exchanges a refresh token. It works once: using it again later revokes the login, because one of the two who
   * hold it is a thief. Of two requests at the same time one wins and the other is refused without harm.
   * @throws unauthenticated, user_banned, tenant_suspended, rate_limited
   */
  async refresh(caller: Caller, token: string): Promise<TokenPair> {
    const arrived = now();
    const held = readRefreshToken(token);
    if (held === undefined) throw new DomainError('unauthenticated');
    await this.limits.take(REFRESH_LIMIT, held.tenantId, caller.ip);
    await this.assertTenant(held.tenantId);
    const ctx = makeContext({ tenantId: held.tenantId, actor: { kind: 'anonymous' }, requestId: caller.requestId, locale: caller.locale, client: caller.client, platform: caller.platform });
    const next = makeRefreshToken(held.tenantId);
    const exchange = await this.database.inTenant(ctx, (tx) => this.exchange(tx, held.hash, next.hash, Math.max(0, now() - arrived)));
    if (exchange.outcome === 'rotated') return this.pair(ctx.tenantId, exchange.userId, exchange.sessionId, next.token);
    if (exchange.outcome === 'banned') throw new DomainError('user_banned');
    if (exchange.outcome === 'reused') {
      this.logger.warn({ request_id: ctx.requestId, tenant: ctx.tenantId, session: exchange.sessionId }, 'a spent refresh token was used again; its login was revoked');
      await this.standing.credentialGone(ctx, exchange.userId, exchange.sessionId);
    }
    throw new DomainError('unauthenticated');
  }

  /** Logs the acting session out, on every node within a second. Answers in flight are finished. */
  async logout(ctx: RequestContext): Promise<void> {
    const { actor } = ctx;
    if (actor.kind !== 'user' || actor.via !== 'session') throw new DomainError('forbidden');
    await this.database.inTenant(ctx, (tx) => this.repository.revoke(tx, actor.credentialId, 'logout'));
    await this.standing.credentialGone(ctx, actor.userId, actor.credentialId);
  }

  /** For `RehearsedLogin` alone. */
  async rehearsed({ tenantId, userId, sessionId }: Players): Promise<string> {
    return this.tokens.issue(userId, tenantId, sessionId);
  }

  private async assertTenant(tenantId: string): Promise<void> {
    const tenant = await this.tenants.byId(tenantId).catch((error: unknown) => {
      throw DomainError.is(error, 'not_found') ? new DomainError('unauthenticated') : error;
    });
    if (tenant.state === 'suspended') throw new DomainError('tenant_suspended');
  }

  private async exchange(tx: TenantTx, spentHash: string, newHash: string, waitedMs: number): Promise<Exchange> {
    const token = await this.repository.lockToken(tx, spentHash, waitedMs);
    if (token === undefined || !token.sessionOpen) return { outcome: 'unknown' };
    const { sessionId, userId } = token;
    if (token.spent && token.raced) return { outcome: 'raced' };
    if (token.spent) {
      await this.repository.revoke(tx, sessionId, 'reuse');
      return { outcome: 'reused', sessionId, userId };
    }
    if (token.standing !== 'active') return { outcome: token.standing === 'banned' ? 'banned' : 'unknown' };
    await this.repository.rotate(tx, sessionId, spentHash, newHash, this.config.sessions.refreshSeconds);
    return { outcome: 'rotated', sessionId, userId };
  }

  private async pair(tenantId: string, userId: string, sessionId: string, refreshToken: string): Promise<TokenPair> {
    return { accessToken: await this.tokens.issue(userId, tenantId, sessionId), refreshToken, expiresIn: this.tokens.life };
  }
}
