import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { exactNumber } from '../../platform/values/index.js';
import type { ChannelKind, ChannelLimits, ChannelModel, ChannelState } from './channel.js';
import type { ChannelDraft, SealedChannel } from './channel-record.js';

interface ModelJson {
  readonly model: string;
  readonly upstream_name: string;
  readonly price?: { readonly input: number; readonly cached_input: number; readonly output: number };
}

interface Row {
  readonly tenant_id: string | null;
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly base_url: string;
  readonly sealed_key: string | null;
  readonly proxy_url: string | null;
  readonly region: string | null;
  readonly tags: readonly string[];
  readonly models: readonly ModelJson[];
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: string | null;
  readonly max_concurrent: number | null;
  readonly priority: number;
  readonly weight: number;
  readonly hedge_percent: number | null;
  readonly state: ChannelState;
  readonly state_reason: string | null;
  readonly state_changed_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A draft whose key is sealed. */
export type ChannelColumns = Omit<ChannelDraft, 'apiKey'> & { readonly sealedKey: string | null };

/** A transaction that may see the rows of an owner: the platform's for its own, the tenant's for a tenant's. */
type OwnerTx = PlatformTx | TenantTx;

const ENTERED = ['name', 'kind', 'base_url', 'sealed_key', 'proxy_url', 'region', 'tags', 'models', 'requests_per_minute', 'tokens_per_minute', 'max_concurrent', 'priority', 'weight', 'hedge_percent'] as const;
const READ = `id, ${ENTERED.join(', ')}, state, state_reason, state_changed_at, created_at, updated_at`;

/** Where an owner's channels lie; undefined is the platform. */
function placeOf(owner: string | undefined): { readonly table: string; readonly columns: string; readonly mine: string } {
  return owner === undefined ? { table: 'channels', columns: 'NULL::uuid AS tenant_id', mine: '$1::uuid IS NULL' } : { table: 'tenant_channels', columns: 'tenant_id', mine: 'tenant_id = $1' };
}

/** The tables `channels` and `tenant_channels`. */
@Injectable()
export class ChannelRepository {
  /** Every channel of every owner. For the directory and for work on all keys. */
  async all(tx: PlatformTx): Promise<readonly SealedChannel[]> {
    return (await tx.query<Row>(`SELECT NULL::uuid AS tenant_id, ${READ} FROM channels UNION ALL SELECT tenant_id, ${READ} FROM tenant_channels ORDER BY id`)).map(channelOf);
  }

  /** Newest first, after the row `before`. */
  async list(tx: OwnerTx, owner: string | undefined, before: string | undefined, count: number): Promise<readonly SealedChannel[]> {
    const { table, columns, mine } = placeOf(owner);
    return (await tx.query<Row>(`SELECT ${columns}, ${READ} FROM ${table} WHERE ${mine} AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`, [owner ?? null, before ?? null, count])).map(channelOf);
  }

  async find(tx: OwnerTx, owner: string | undefined, id: string): Promise<SealedChannel | undefined> {
    return this.one(tx, owner, id, '');
  }

  /** Locked until the end of the transaction. */
  async lock(tx: OwnerTx, owner: string | undefined, id: string): Promise<SealedChannel | undefined> {
    return this.one(tx, owner, id, 'FOR UPDATE');
  }

  async insert(tx: OwnerTx, owner: string | undefined, id: string, columns: ChannelColumns): Promise<void> {
    const { table } = placeOf(owner);
    const keys = owner === undefined ? [id] : [owner, id];
    const values = [...keys, ...valuesOf(columns)];
    await tx.query(`INSERT INTO ${table} (${owner === undefined ? '' : 'tenant_id, '}id, ${ENTERED.join(', ')}) VALUES (${values.map((_, at) => `$${at + 1}`).join(', ')})`, values);
  }

  async update(tx: OwnerTx, owner: string | undefined, id: string, columns: ChannelColumns): Promise<void> {
    const { table, mine } = placeOf(owner);
    await tx.query(`UPDATE ${table} SET ${ENTERED.map((name, at) => `${name} = $${at + 3}`).join(', ')}, updated_at = clock_timestamp() WHERE ${mine} AND id = $2`, [owner ?? null, id, ...valuesOf(columns)]);
  }

  async remove(tx: OwnerTx, owner: string | undefined, id: string): Promise<boolean> {
    const { table, mine } = placeOf(owner);
    return (await tx.query(`DELETE FROM ${table} WHERE ${mine} AND id = $2 RETURNING id`, [owner ?? null, id])).length === 1;
  }

  /** Moves a channel out of one of the states `from`; false when it is in none of them, or its key is not `sealedKey` any more. */
  async move(tx: OwnerTx, owner: string | undefined, id: string, from: readonly ChannelState[], to: ChannelState, reason: string | null, sealedKey?: string | null): Promise<boolean> {
    const { table, mine } = placeOf(owner);
    const sameKey = sealedKey === undefined ? '' : 'AND sealed_key IS NOT DISTINCT FROM $6';
    const rows = await tx.query(
      `UPDATE ${table} SET state = $3, state_reason = $4, state_changed_at = clock_timestamp() WHERE ${mine} AND id = $2 AND state = ANY ($5) ${sameKey} RETURNING id`,
      [owner ?? null, id, to, reason, from, ...(sealedKey === undefined ? [] : [sealedKey])],
    );
    return rows.length === 1;
  }

  /** Another seal of the same key; false when the key was replaced or removed meanwhile. */
  async replaceSeal(tx: PlatformTx, owner: string | undefined, id: string, before: string, after: string): Promise<boolean> {
    const { table, mine } = placeOf(owner);
    return (await tx.query(`UPDATE ${table} SET sealed_key = $4 WHERE ${mine} AND id = $2 AND sealed_key = $3 RETURNING id`, [owner ?? null, id, before, after])).length === 1;
  }

  private async one(tx: OwnerTx, owner: string | undefined, id: string, lock: '' | 'FOR UPDATE'): Promise<SealedChannel | undefined> {
    const { table, columns, mine } = placeOf(owner);
    const rows = await tx.query<Row>(`SELECT ${columns}, ${READ} FROM ${table} WHERE ${mine} AND id = $2 ${lock}`, [owner ?? null, id]);
    return rows[0] === undefined ? undefined : channelOf(rows[0]);
  }
}

/** In the order of ENTERED. */
function valuesOf(columns: ChannelColumns): readonly unknown[] {
  const { name, kind, baseUrl, sealedKey, proxyUrl, region, tags, models, requestsPerMinute, tokensPerMinute, concurrent, priority, weight, hedgePercent } = columns;
  return [name, kind, baseUrl, sealedKey, proxyUrl, region, [...tags], JSON.stringify(models.map(modelJson)), requestsPerMinute, tokensPerMinute, concurrent, priority, weight, hedgePercent];
}

function modelJson({ model, upstreamName, price }: ChannelModel): ModelJson {
  const amounts = price === undefined ? {} : { price: { input: exactNumber(price.input), cached_input: exactNumber(price.cachedInput), output: exactNumber(price.output) } };
  return { model, upstream_name: upstreamName, ...amounts };
}

function modelOf({ model, upstream_name, price }: ModelJson): ChannelModel {
  return { model, upstreamName: upstream_name, ...(price === undefined ? {} : { price: { input: BigInt(price.input), cachedInput: BigInt(price.cached_input), output: BigInt(price.output) } }) };
}

function limitsOf(row: Row): ChannelLimits {
  return {
    ...(row.requests_per_minute === null ? {} : { requestsPerMinute: row.requests_per_minute }),
    ...(row.tokens_per_minute === null ? {} : { tokensPerMinute: exactNumber(BigInt(row.tokens_per_minute)) }),
    ...(row.max_concurrent === null ? {} : { concurrent: row.max_concurrent }),
  };
}

function channelOf(row: Row): SealedChannel {
  return {
    id: row.id, tenantId: row.tenant_id ?? undefined, name: row.name, kind: row.kind, baseUrl: row.base_url, proxyUrl: row.proxy_url ?? undefined, region: row.region ?? undefined, tags: row.tags,
    models: row.models.map(modelOf), limits: limitsOf(row), priority: row.priority, weight: row.weight, state: row.state, ...(row.hedge_percent === null ? {} : { hedgePercent: row.hedge_percent }),
    stateReason: row.state_reason ?? undefined, stateChangedAt: row.state_changed_at ?? undefined, createdAt: row.created_at, updatedAt: row.updated_at,
    hasKey: row.sealed_key !== null, sealedKey: row.sealed_key ?? undefined,
  };
}
