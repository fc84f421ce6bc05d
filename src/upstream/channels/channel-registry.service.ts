import { Injectable } from '@nestjs/common';
import { enterTenant, systemPlatformContext, type PlatformContext } from '../../platform/context/index.js';
import { Sealer } from '../../platform/crypto/index.js';
import { Database, violatedConstraint, type PlatformTx, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { OutboundGuard } from '../../platform/network/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { ChannelDirectory } from './channel-directory.js';
import { ChannelRepository } from './channel.repository.js';
import { keyPlace, type ChannelChange, type ChannelDraft, type ChannelRecord, type SealedChannel } from './channel-record.js';
import { changed, checkDraft, checkKeyStaysHome } from './channel-rules.js';
import { DEAD_KEY, CHANNEL_MOVES, type ChannelMove } from './channel-state.js';
import { UpstreamFeed } from './upstream-feed.service.js';
import { checkUrl } from './url-guard.js';

/**
 * Keeps the channels: the platform's (owner undefined) and tenants' own (owner is the tenant's id; read and written as
 * that tenant). What is changed here holds on every node within a second. Keys go in and never come out.
 */
@Injectable()
export class ChannelRegistry {
  constructor(
    private readonly database: Database,
    private readonly repository: ChannelRepository,
    private readonly tenants: TenantService,
    private readonly directory: ChannelDirectory,
    private readonly feed: UpstreamFeed,
    private readonly guard: OutboundGuard,
    private readonly sealer: Sealer,
  ) {}

  /** Newest first. @throws not_found (param `id`: the tenant), invalid_request (param `cursor`) */
  async list(ctx: PlatformContext, owner: string | undefined, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<ChannelRecord>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.inside(ctx, owner, (tx) => this.repository.list(tx, owner, before, query.limit + 1));
    return pageOf(rows.map(withoutKey), query.limit, ({ id }) => [id]);
  }

  /** From memory: of a channel of any owner; undefined once it is removed. */
  nameOf(id: string): string | undefined {
    return this.directory.find(id)?.name;
  }

  /** @throws not_found */
  async read(ctx: PlatformContext, owner: string | undefined, id: string): Promise<ChannelRecord> {
    return withoutKey(found(owner, await this.inside(ctx, owner, (tx) => this.repository.find(tx, owner, id))));
  }

  /** @throws not_found (the tenant), invalid_request (the field), conflict (param `name`) */
  async create(ctx: PlatformContext, owner: string | undefined, draft: ChannelDraft): Promise<ChannelRecord> {
    checkDraft(owner, draft);
    await this.checkUrls(draft.kind, draft.baseUrl, draft.proxyUrl);
    const id = newId();
    const { apiKey, ...columns } = draft;
    await this.inside(ctx, owner, (tx) => this.repository.insert(tx, owner, id, { ...columns, sealedKey: this.sealed(owner, id, apiKey) }));
    return this.told(ctx, owner, id);
  }

  /** A new key brings a channel back that was disabled for its dead one. @throws not_found, invalid_request (the field), conflict (param `name`) */
  async update(ctx: PlatformContext, owner: string | undefined, id: string, change: ChannelChange): Promise<ChannelRecord> {
    const { kind } = await this.read(ctx, owner, id);
    await this.checkUrls(kind, change.baseUrl, change.proxyUrl);
    await this.inside(ctx, owner, async (tx) => {
      const before = found(owner, await this.repository.lock(tx, owner, id));
      const { apiKey, ...after } = { apiKey: undefined, ...changed(before, change), ...(change.apiKey === undefined ? {} : { apiKey: change.apiKey }) };
      checkDraft(owner, { ...after, apiKey: null });
      checkKeyStaysHome(before, after, change);
      await this.repository.update(tx, owner, id, { ...after, sealedKey: apiKey === undefined ? (before.sealedKey ?? null) : this.sealed(owner, id, apiKey) });
      const { from, to } = CHANNEL_MOVES.enable;
      if (apiKey !== undefined && apiKey !== null && before.stateReason === DEAD_KEY) await this.repository.move(tx, owner, id, from, to, null);
    });
    return this.told(ctx, owner, id);
  }

  /** Doing it twice is the same as once. @throws not_found, conflict when the channel's state does not allow the move */
  async move(ctx: PlatformContext, owner: string | undefined, id: string, move: ChannelMove, reason: string | undefined): Promise<ChannelRecord> {
    const { from, to } = CHANNEL_MOVES[move];
    const moved = await this.inside(ctx, owner, async (tx) => {
      const { state } = found(owner, await this.repository.lock(tx, owner, id));
      if (state === to) return false;
      if (!from.includes(state)) throw new DomainError('conflict', { param: 'state', message: `a channel that is ${state} can't be ${to === 'active' ? `${move}d` : to}` });
      return this.repository.move(tx, owner, id, from, to, to === 'disabled' ? (reason ?? 'staff') : null);
    });
    return moved ? this.told(ctx, owner, id) : this.read(ctx, owner, id);
  }

  /** Runs under way on it go on. @throws not_found */
  async remove(ctx: PlatformContext, owner: string | undefined, id: string): Promise<void> {
    const removed = await this.inside(ctx, owner, (tx) => this.repository.remove(tx, owner, id));
    found(owner, removed ? id : undefined);
    await this.feed.tell(id);
  }

  /**
   * Takes a channel out of use on every node because its upstream said that its key is dead. Doing it twice is the same
   * as once. A key that was replaced since this process read it is not the one that died, and the environment's
   * channel can't be disabled: both answer false.
   * @param reason what staff reads beside it; 1 to 200 characters.
   */
  async disable(id: string, reason: string): Promise<boolean> {
    const channel = this.directory.find(id);
    if (channel === undefined) return false;
    const { from, to } = CHANNEL_MOVES.disable;
    const sealed = this.feed.sealOf(id) ?? null;
    const moved = await this.database.inPlatform(systemPlatformContext('dead key', newId()), (tx) => this.repository.move(tx, channel.tenantId, id, from, to, reason, sealed));
    if (moved) await this.feed.tell(id);
    return moved;
  }

  private async told(ctx: PlatformContext, owner: string | undefined, id: string): Promise<ChannelRecord> {
    await this.feed.tell(id);
    return this.read(ctx, owner, id);
  }

  private sealed(owner: string | undefined, id: string, apiKey: string | null): string | null {
    return apiKey === null ? null : this.sealer.seal(apiKey, keyPlace(owner, id));
  }

  /** Names are looked up here, before any transaction. */
  private async checkUrls(kind: ChannelDraft['kind'], baseUrl: string | undefined, proxyUrl: string | null | undefined): Promise<void> {
    if (kind !== 'local' && baseUrl !== undefined) await checkUrl(this.guard, 'base_url', baseUrl);
    if (proxyUrl !== undefined && proxyUrl !== null) await checkUrl(this.guard, 'proxy_url', proxyUrl);
  }

  private async inside<T>(ctx: PlatformContext, owner: string | undefined, work: (tx: PlatformTx | TenantTx) => Promise<T>): Promise<T> {
    try {
      if (owner === undefined) return await this.database.inPlatform(ctx, work);
      const tenant = await this.tenants.read(ctx, owner);
      return await this.database.inTenant(enterTenant(ctx, tenant.id), work);
    } catch (error) {
      if (violatedConstraint(error)?.endsWith('channels_name_key') !== true) throw error;
      throw new DomainError('conflict', { param: 'name', message: 'name is taken by another channel', cause: error });
    }
  }
}

/** The name of the id in the path differs: a tenant's stands before it. */
function found<T>(owner: string | undefined, row: T | undefined): T {
  if (row === undefined) throw new DomainError('not_found', { param: owner === undefined ? 'id' : 'channel_id' });
  return row;
}

function withoutKey({ sealedKey: _, ...record }: SealedChannel): ChannelRecord {
  return record;
}
