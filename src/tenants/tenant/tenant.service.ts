import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { systemPlatformContext, type PlatformContext, type RequestContext } from '../../platform/context/index.js';
import { Database, violatedConstraint, type PlatformTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Stage } from '../../platform/rehearsal/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ID, decodeCursor, isId, newId, pageOf, type Page } from '../../platform/values/index.js';
import { CredentialService } from '../credentials/credential.service.js';
import { shownModel } from '../settings/model-aliases.js';
import { checkSettingsPatch, mergeSettings, type TenantSettings } from '../settings/settings.js';
import { DOMAIN, PARAM_OF_CONSTRAINT, SLUG, type Tenant, type TenantChange, type TenantDraft, type TenantHints, type TenantState } from './tenant.js';
import { rehearsedTenant } from './rehearsed-tenant.js';
import { NameLookup } from './name-lookup.service.js';
import { TenantRepository } from './tenant.repository.js';

/** The channel that tells of changes, by tenant id. */
export const TENANTS_CHANGED = 'tenants.changed';
const CACHE = { channel: TENANTS_CHANGED, max: 5_000, ttlMs: 60_000 } as const;
/** Names that led nowhere are kept apart, for a moment: they cost little, and push no tenant out. */
const UNKNOWN = { max: 5_000, ttlMs: 5_000 } as const;

interface Lookup {
  readonly tenant: Tenant | undefined;
}

/**
 * Whose: tenants by id and by name, and their administration by platform staff.
 * Reads come from this process's memory and follow a change on any node within a second.
 */
@Injectable()
export class TenantService implements OnModuleInit {
  private readonly cache: NewsCache<Lookup>;
  private readonly suspendedHandlers = new Set<(tenantId: string) => void>();

  constructor(
    private readonly database: Database,
    private readonly repository: TenantRepository,
    private readonly names: NameLookup,
    private readonly credentials: CredentialService,
    private readonly stage: Stage,
    bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    // A change may alter what any name leads to, and changes are rare: all is forgotten.
    this.cache = new NewsCache(bus, { ...CACHE, staleBy: () => 'all', absent: { ...UNKNOWN, is: ({ tenant }) => tenant === undefined } });
  }

  async onModuleInit(): Promise<void> {
    await this.cache.follow({
      onNews: (tenantId) => this.reportSuspended((ctx) => this.read(ctx, tenantId).then((tenant) => (tenant.state === 'suspended' ? [tenantId] : []))),
      onGap: () => this.reportSuspended((ctx) => this.database.readPlatform(ctx, (tx) => this.repository.suspendedIds(tx))),
    });
  }

  /** The tenant of an id that we made. @throws not_found */
  async byId(tenantId: string): Promise<Tenant> {
    if (!isId(tenantId)) throw new DomainError('not_found');
    const { tenant } = await this.lookUp(`id:${tenantId}`, async () => {
      const stored = await this.database.readPlatform(systemPlatformContext('tenant lookup', newId()), (tx) => this.repository.byId(tx, tenantId));
      return this.stage.holds(tenantId) ? rehearsedTenant(tenantId) : stored;
    });
    if (tenant === undefined) throw new DomainError('not_found');
    return tenant;
  }

  /** The tenant that the first given hint names: slug, then host, then AppID. A host that is nobody's passes on to the AppID; an unknown slug does not. */
  async resolve(hints: TenantHints): Promise<Tenant | undefined> {
    if (hints.slug !== undefined) return this.named('slug', hints.slug, SLUG);
    const byHost = hints.host === undefined ? undefined : await this.named('host', hints.host.toLowerCase(), DOMAIN);
    if (byHost !== undefined || hints.appId === undefined) return byHost;
    return this.named('appId', hints.appId, /^[\w-]{1,64}$/);
  }

  /**
   * The tenant that a caller without a token wants to enter.
   * @throws not_found (param: the hint that led nowhere), tenant_suspended
   */
  async enter(hints: TenantHints): Promise<Tenant> {
    const tenant = await this.resolve(hints);
    if (tenant === undefined) {
      const param = hints.slug === undefined && hints.appId !== undefined ? 'app_id' : 'X-Tenant';
      throw new DomainError('not_found', { param, message: '找不到该租户 (there is no such tenant; name it by the X-Tenant header)' });
    }
    if (tenant.state === 'suspended') throw new DomainError('tenant_suspended');
    return tenant;
  }

  /** @throws not_found */
  async settingsOf(tenantId: string): Promise<TenantSettings> {
    return (await this.byId(tenantId)).settings;
  }

  /** What models are called before this client: gives each its name, or the alias that hides it there. @throws not_found */
  async modelNames(ctx: RequestContext): Promise<(model: string) => string> {
    const { modelAliases } = await this.settingsOf(ctx.tenantId);
    return (model) => shownModel(modelAliases, ctx.platform, model);
  }

  /** Calls `handler` on every node within a second of a suspension; it may be called again for a tenant that was suspended before. The answer ends it. */
  onSuspended(handler: (tenantId: string) => void): () => void {
    this.suspendedHandlers.add(handler);
    return () => this.suspendedHandlers.delete(handler);
  }

  /** @throws not_found */
  async read(ctx: PlatformContext, id: string): Promise<Tenant> {
    const tenant = isId(id) ? await this.database.readPlatform(ctx, (tx) => this.repository.byId(tx, id)) : undefined;
    if (tenant === undefined) throw new DomainError('not_found', { param: 'id' });
    return tenant;
  }

  /** Newest first. @throws invalid_request for a cursor that is not ours. */
  async list(ctx: PlatformContext, query: { readonly slug?: string | undefined; readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<Tenant>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.database.readPlatform(ctx, (tx) => this.repository.list(tx, { slug: query.slug, before, count: query.limit + 1 }));
    return pageOf(rows, query.limit, (tenant) => [tenant.id]);
  }

  /** @throws conflict (param slug, app_id or domains) when another tenant has it; invalid_request for settings that don't hold. */
  async create(ctx: PlatformContext, draft: TenantDraft): Promise<Tenant> {
    const id = newId();
    const settings = mergeSettings({}, checkSettingsPatch(draft.settings ?? {}));
    await this.write(ctx, async (tx) => {
      await this.repository.insert(tx, { id, slug: draft.slug, displayName: draft.displayName, appId: draft.appId ?? null, settings });
      await this.repository.replaceDomains(tx, id, [...new Set(draft.domains ?? [])]);
      await this.setSecrets(tx, id, draft);
    });
    // Others know nothing of it yet but that it was not there: a lost message costs 5 s, a failure here would make the caller create it twice.
    await this.cache.tell(id).catch((error: unknown) => this.logger.warn(errorFields(error), 'a new tenant could not be told'));
    return this.read(ctx, id);
  }

  /** @throws not_found, conflict, invalid_request as `create` */
  async update(ctx: PlatformContext, id: string, change: TenantChange): Promise<Tenant> {
    const patch = checkSettingsPatch(change.settings ?? {});
    await this.read(ctx, id);
    await this.write(ctx, async (tx) => {
      const stored = await this.repository.lockSettings(tx, id);
      await this.repository.update(tx, id, {
        settings: mergeSettings(stored ?? {}, patch),
        ...(change.slug === undefined ? {} : { slug: change.slug }),
        ...(change.displayName === undefined ? {} : { displayName: change.displayName }),
        ...(change.appId === undefined ? {} : { appId: change.appId }),
      });
      if (change.domains !== undefined) await this.repository.replaceDomains(tx, id, [...new Set(change.domains)]);
      await this.setSecrets(tx, id, change);
    });
    return this.changed(ctx, id);
  }

  /** Its users are refused, and their streams in flight ended, on every node within a second. Doing it twice is the same as once. @throws not_found */
  async suspend(ctx: PlatformContext, id: string): Promise<Tenant> {
    return this.setState(ctx, id, 'suspended');
  }

  /** @throws not_found */
  async reactivate(ctx: PlatformContext, id: string): Promise<Tenant> {
    return this.setState(ctx, id, 'active');
  }

  /** Ids of the tenants that never fall back on the platform's channels. */
  async withOwnChannelsOnly(ctx: PlatformContext): Promise<readonly string[]> {
    return this.database.readPlatform(ctx, (tx) => this.repository.withOwnChannelsOnly(tx));
  }

  /** Tells every node that something kept with the tenant changed, such as its merchant account. */
  async announce(id: string): Promise<void> {
    await this.cache.tell(id);
  }

  private async setState(ctx: PlatformContext, id: string, state: TenantState): Promise<Tenant> {
    await this.read(ctx, id);
    await this.write(ctx, (tx) => this.repository.update(tx, id, { state }));
    return this.changed(ctx, id);
  }

  private async setSecrets(tx: PlatformTx, id: string, { appSecret, pushToken, pushAesKey }: TenantChange): Promise<void> {
    if (appSecret !== undefined) await this.credentials.set(tx, id, 'app_secret', appSecret);
    if (pushToken !== undefined) await this.credentials.set(tx, id, 'push_token', pushToken);
    if (pushAesKey !== undefined) await this.credentials.set(tx, id, 'push_aes_key', pushAesKey);
  }

  private async write(ctx: PlatformContext, work: (tx: PlatformTx) => Promise<void>): Promise<void> {
    try {
      await this.database.inPlatform(ctx, work);
    } catch (error) {
      const constraint = violatedConstraint(error);
      const param = constraint === undefined ? undefined : PARAM_OF_CONSTRAINT[constraint];
      if (param === undefined) throw error;
      throw new DomainError('conflict', { param, message: `${param} is taken by another tenant`, cause: error });
    }
  }

  private async changed(ctx: PlatformContext, id: string): Promise<Tenant> {
    await this.cache.tell(id);
    return this.read(ctx, id);
  }

  private async named(kind: 'slug' | 'host' | 'appId', name: string, form: RegExp): Promise<Tenant | undefined> {
    if (!form.test(name)) return undefined;
    return (await this.lookUp(`${kind}:${name}`, () => this.names.find({ kind, value: name }))).tenant;
  }

  private async lookUp(key: string, find: () => Promise<Tenant | undefined>): Promise<Lookup> {
    return this.cache.get(key, async () => ({ tenant: await find() }));
  }

  private reportSuspended(find: (ctx: PlatformContext) => Promise<readonly string[]>): void {
    if (this.suspendedHandlers.size === 0) return;
    find(systemPlatformContext('tenant news', newId())).then(
      (ids) => ids.forEach((id) => this.suspendedHandlers.forEach((handler) => handler(id))),
      (error: unknown) => this.logger.warn(errorFields(error), 'a change of a tenant could not be read'),
    );
  }
}
