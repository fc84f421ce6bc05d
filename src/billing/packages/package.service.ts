import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId, type Credits, type Fen } from '../../platform/values/index.js';
import { TenantService, type TopupPricing } from '../../tenants/index.js';
import { LEAST_TOPUP, MOST_FEN, MOST_TOPUP, dynamicPrice } from './dynamic-price.js';
import type { Package, PackageDraft } from './package.js';
import { PackageRepository } from './package.repository.js';

const MOST_PACKAGES = 200;

/** What a free amount costs now, and by which figures. */
export interface Quote {
  readonly credits: Credits;
  readonly price: Fen;
  readonly pricing: TopupPricing;
}

/** What can be bought. The price is always the server's. */
@Injectable()
export class PackageService {
  constructor(private readonly database: Database, private readonly repository: PackageRepository, private readonly tenants: TenantService) {}

  /** Those on sale, in the tenant's order. */
  async onSale(ctx: RequestContext): Promise<readonly Package[]> {
    return this.database.readTenant(ctx, (tx) => this.repository.all(tx, true, MOST_PACKAGES));
  }

  /** All, for staff. */
  async all(ctx: RequestContext): Promise<readonly Package[]> {
    return this.database.readTenant(ctx, (tx) => this.repository.all(tx, false, MOST_PACKAGES));
  }

  /** The package of an order that is being made. @throws not_found (param package_id) when it is not there or not on sale */
  async forSale(tx: TenantTx, id: string): Promise<Package> {
    const found = await this.repository.byId(tx, id);
    if (found?.active !== true) throw new DomainError('not_found', { param: 'package_id', message: '该套餐不存在或已下架 (this package is not on sale)' });
    return found;
  }

  /** @throws conflict when there are too many */
  async create(ctx: RequestContext, draft: PackageDraft): Promise<Package> {
    const id = newId();
    await this.database.inTenant(ctx, async (tx) => {
      if ((await this.repository.count(tx)) >= MOST_PACKAGES) throw new DomainError('conflict', { message: `a tenant has at most ${MOST_PACKAGES} packages` });
      await this.repository.put(tx, id, draft);
    });
    return { ...draft, id };
  }

  /** Orders keep what they were made with. @throws not_found */
  async replace(ctx: RequestContext, id: string, draft: PackageDraft): Promise<Package> {
    await this.database.inTenant(ctx, async (tx) => {
      if ((await this.repository.byId(tx, id)) === undefined) throw new DomainError('not_found', { param: 'package_id' });
      await this.repository.put(tx, id, draft);
    });
    return { ...draft, id };
  }

  /** @throws not_found where the tenant sells packages only; invalid_request (param credits) beyond the bounds */
  async quote(ctx: RequestContext, credits: Credits): Promise<Quote> {
    const { topup } = await this.tenants.settingsOf(ctx.tenantId);
    if (topup === undefined) throw new DomainError('not_found', { param: 'credits', message: '该服务只出售套餐 (this service sells packages only)' });
    if (credits < LEAST_TOPUP || credits > MOST_TOPUP) throw new DomainError('invalid_request', { param: 'credits', message: `credits must be a whole number from ${LEAST_TOPUP} to ${MOST_TOPUP}` });
    const price = dynamicPrice(credits, topup);
    if (price > MOST_FEN) throw new DomainError('invalid_request', { param: 'credits', message: `credits must cost at most ${MOST_FEN} fen; these would cost ${price}` });
    return { credits, price, pricing: topup };
  }
}
