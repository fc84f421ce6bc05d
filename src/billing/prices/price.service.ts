import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import { derivedId } from '../ledger/derived-id.js';
import { ANY_MODEL, DEFAULT_RATES, listInForce, type PriceList } from './price-list.js';
import { PriceRepository } from './price.repository.js';

export type PriceDraft = Pick<PriceList, 'model' | 'inputRate' | 'cachedInputRate' | 'outputRate' | 'reasoningRate' | 'minimumCharge'> & { readonly validFrom: Date | undefined };

const CACHE = { channel: 'prices.changed', max: 5_000, ttlMs: 60_000 } as const;
const MOST_LISTED = 500;

/** What answers cost. Lists are never changed: the table is its own record of who set which price when. */
@Injectable()
export class PriceService implements OnModuleInit {
  private readonly current: NewsCache<readonly PriceList[]>;
  /** Lists by id, for answers that began under them. They never change. */
  private readonly known = new LRUCache<string, PriceList>({ max: 10_000 });

  constructor(private readonly database: Database, private readonly repository: PriceRepository, bus: Bus) {
    this.current = new NewsCache(bus, { ...CACHE, staleBy: (tenantId) => ({ key: tenantId }) });
  }

  async onModuleInit(): Promise<void> {
    await this.current.follow();
  }

  /** An answer of this tenant begins in a moment. */
  foresee(tenantId: string): void {
    this.current.foresee(tenantId, () => this.load(tenantId));
  }

  /** The list that an answer which begins now is priced by. */
  async inForce(tenantId: string, model: string): Promise<PriceList> {
    const lists = await this.current.get(tenantId, () => this.load(tenantId));
    const list = listInForce(lists, model, nowDate());
    if (list === undefined) throw new Error('a tenant without a default price list');
    return list;
  }

  /** The list that an answer began under. */
  async byId(tenantId: string, id: string): Promise<PriceList> {
    const known = this.known.get(`${tenantId}:${id}`);
    if (known !== undefined) return known;
    const list = await this.database.readTenant(systemContext(tenantId, 'prices', newId()), (tx) => this.repository.byId(tx, id));
    if (list === undefined) throw new Error('an answer was begun under a price list that is not there');
    this.remember(tenantId, list);
    return list;
  }

  /** Newest first. */
  async list(ctx: RequestContext): Promise<readonly PriceList[]> {
    return this.database.readTenant(ctx, (tx) => this.repository.all(tx, MOST_LISTED));
  }

  /** @throws conflict when the model has a list that begins at this moment; invalid_request for a begin in the past. */
  async set(ctx: RequestContext, draft: PriceDraft): Promise<PriceList> {
    const at = nowDate();
    if (draft.validFrom !== undefined && draft.validFrom.getTime() < at.getTime() - 60_000) {
      throw new DomainError('invalid_request', { param: 'valid_from', message: 'valid_from must not lie in the past: answers were priced by then' });
    }
    const list = { ...draft, id: newId(), validFrom: draft.validFrom ?? at, createdBy: ctx.actor.kind === 'staff' ? ctx.actor.staffId : undefined };
    const stored = await this.database.inTenant(ctx, (tx) => this.repository.insert(tx, list));
    if (!stored) throw new DomainError('conflict', { param: 'valid_from', message: 'this model has a price that begins at this moment already' });
    await this.current.tell(ctx.tenantId);
    return { ...list, createdAt: at };
  }

  private async load(tenantId: string): Promise<readonly PriceList[]> {
    const ctx = systemContext(tenantId, 'prices', newId());
    const found = await this.database.readTenant(ctx, (tx) => this.repository.current(tx));
    const lists = listInForce(found, ANY_MODEL, nowDate()) === undefined ? await this.writeDefault(ctx) : found;
    for (const list of lists) this.remember(tenantId, list);
    return lists;
  }

  /** Whoever comes first writes the platform's default down, so that every answer names a list that exists. */
  private async writeDefault(ctx: RequestContext): Promise<readonly PriceList[]> {
    return this.database.inTenant(ctx, async (tx) => {
      await this.repository.insert(tx, { id: derivedId(`${ctx.tenantId}:default-prices`), model: ANY_MODEL, ...DEFAULT_RATES, validFrom: new Date(0), createdBy: undefined });
      return this.repository.current(tx);
    });
  }

  private remember(tenantId: string, list: PriceList): void {
    this.known.set(`${tenantId}:${list.id}`, list);
  }
}
