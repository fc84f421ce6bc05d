import { Injectable } from '@nestjs/common';
import { RateLimits, UserService, actingUserId, type Limit } from '../../identity/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { sha256 } from '../../platform/crypto/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, isId, newId, nowDate, pageOf, type Credits, type Page } from '../../platform/values/index.js';
import { TenantPay, TenantService, type TenantPayAccount } from '../../tenants/index.js';
import type { PayChannel } from '../../wechat/index.js';
import { PackageService } from '../packages/package.service.js';
import { OrderQueryService } from '../payments/order-query.service.js';
import { PrepayService } from '../payments/prepay.service.js';
import { ORDER_LIFE_MS, REUSE_LEFT_MS, isOpen, nextQueryAt, type Order, type OrderState, type PayableOrder, type Pricing } from './order.js';
import { OrderRepository } from './order.repository.js';

const ORDER_LIMIT: Limit = { name: 'orders', points: 10, seconds: 60 };
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What a user wants to buy: a package, or a free amount of credits. */
export type OrderWish = { readonly channel: PayChannel; readonly clientIp: string } & ({ readonly packageId: string } | { readonly credits: Credits });

/** What is sold and for how much, before it is an order. */
type Offer = Pick<Order, 'packageId' | 'total' | 'credits' | 'bonusCredits' | 'pricing' | 'description'> & { readonly perUserLimit: number | undefined };

interface Opening {
  readonly offer: Offer;
  readonly wish: OrderWish;
  readonly account: TenantPayAccount;
  readonly openid: string | undefined;
  readonly userId: string;
}

/** Sales. An order's price is the server's; a client only says what it wants. */
@Injectable()
export class OrderService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly packages: PackageService,
    private readonly prepays: PrepayService,
    private readonly queries: OrderQueryService,
    private readonly users: UserService,
    private readonly limits: RateLimits,
    private readonly tenantPay: TenantPay,
    private readonly tenants: TenantService,
  ) {}

  /**
   * Makes an order, or gives the one again that the same key made, or that is open for the same thing; and what the
   * client needs to pay it now.
   * @throws not_found (package_id), invalid_request, conflict (a limit; a key used for something else), rate_limited,
   *   unavailable when WeChat Pay can't be reached: the same request again carries on
   */
  async create(ctx: RequestContext, wish: OrderWish, idempotencyKey: string | undefined): Promise<PayableOrder> {
    const userId = actingUserId(ctx);
    await this.limits.takeNamed(ORDER_LIMIT, ctx.tenantId, userId);
    const account = await this.tenantPay.account(ctx.tenantId);
    const openid = wish.channel === 'jsapi' ? (await this.users.read(ctx)).openid : undefined;
    const brand = (await this.tenants.byId(ctx.tenantId)).displayName;
    const quote = 'credits' in wish ? await this.packages.quote(ctx, wish.credits) : undefined;
    const wanted = `${wish.channel}:${'packageId' in wish ? `package:${wish.packageId}` : `credits:${wish.credits}`}`;
    const order = await this.database.inTenant(ctx, async (tx) => {
      await this.orders.lockUser(tx, userId);
      const before = idempotencyKey === undefined ? undefined : await this.orders.requested(tx, userId, idempotencyKey);
      if (before !== undefined && before.wanted !== wanted) throw new DomainError('conflict', { param: 'Idempotency-Key', message: 'this Idempotency-Key was used for another order; take a new one' });
      if (before !== undefined) return this.known(await this.orders.byId(tx, before.orderId));
      const offer = 'packageId' in wish ? await this.packageOffer(tx, wish.packageId, wish.channel, brand) : quoteOffer(quote, brand);
      const made = await this.openOrder(tx, { offer, wish, account, openid, userId });
      if (idempotencyKey !== undefined) await this.orders.remember(tx, userId, idempotencyKey, made.id, wanted);
      return made;
    });
    return this.prepays.prepay(ctx, order, account);
  }

  /** One's own order; while it is open, WeChat is asked first, so that a client that comes back from paying sees it. @throws not_found */
  async read(ctx: RequestContext, id: string): Promise<Order> {
    const userId = actingUserId(ctx);
    const find = async (): Promise<Order> => {
      const order = isId(id) ? await this.database.readTenant(ctx, (tx) => this.orders.byId(tx, id)) : undefined;
      if (order?.userId !== userId) throw new DomainError('not_found', { param: 'id' });
      return order;
    };
    const order = await find();
    if (!isOpen(order.state)) return order;
    await this.queries.refresh(ctx, order);
    return find();
  }

  /** One's own, newest first. @throws invalid_request (cursor) */
  async list(ctx: RequestContext, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<Order>> {
    return this.page(ctx, actingUserId(ctx), undefined, page);
  }

  /** Everybody's, for staff. @throws invalid_request (cursor) */
  async listAll(ctx: RequestContext, filter: { readonly userId?: string | undefined; readonly state?: OrderState | undefined }, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<Order>> {
    return this.page(ctx, filter.userId, filter.state, page);
  }

  /** For staff, with every step that it took. @throws not_found */
  async inspect(ctx: RequestContext, id: string): Promise<{ readonly order: Order; readonly events: Awaited<ReturnType<OrderRepository['events']>> }> {
    return this.database.inTenant(ctx, async (tx) => ({ order: this.known(await this.orders.byId(tx, id)), events: await this.orders.events(tx, id) }));
  }

  private async page(ctx: RequestContext, userId: string | undefined, state: OrderState | undefined, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<Order>> {
    const key = decodeCursor(page.cursor, [MOMENT, ID]);
    const before = key === undefined ? undefined : { at: key[0] ?? '', id: key[1] ?? '' };
    const rows = await this.database.readTenant(ctx, (tx) => this.orders.list(tx, { userId, state, before, count: page.limit + 1 }));
    return pageOf(rows, page.limit, (order) => [order.createdAt.toISOString(), order.id]);
  }

  /** The open order for the same thing that can still be paid, else a new one. */
  private async openOrder(tx: TenantTx, { offer, wish, account, openid, userId }: Opening): Promise<Order> {
    const { packageId, total, credits, bonusCredits, pricing, description } = offer;
    const sold = { packageId, total, credits, bonusCredits, pricing, description };
    const digest = sha256(JSON.stringify([account.appId, account.merchantId, wish.channel, openid ?? '', sold.total.toString(), sold.credits.toString(), sold.bonusCredits.toString(), sold.pricing]));
    const now = nowDate();
    const open = await this.orders.reusable(tx, userId, digest, new Date(now.getTime() + REUSE_LEFT_MS));
    if (open !== undefined) return open;
    await this.assertWithinLimit(tx, userId, offer);
    const id = newId();
    // Whole seconds: WeChat gets the same moment, and compares it when the order is told again.
    const expiresAt = new Date(Math.floor((now.getTime() + ORDER_LIFE_MS) / 1000) * 1000);
    await this.orders.insert(tx, {
      ...sold, id, userId, channel: wish.channel, appId: account.appId, merchantId: account.merchantId, outTradeNo: id.replaceAll('-', ''), openid,
      clientIp: wish.channel === 'h5' ? wish.clientIp : undefined, requestDigest: digest, expiresAt, createdAt: now, nextQueryAt: nextQueryAt(now, 1, expiresAt),
    });
    return this.known(await this.orders.byId(tx, id));
  }

  private async packageOffer(tx: TenantTx, packageId: string, channel: PayChannel, brand: string): Promise<Offer> {
    const item = await this.packages.forSale(tx, packageId);
    if (!item.channels.includes(channel)) throw new DomainError('invalid_request', { param: 'channel', message: `channel must be one of ${item.channels.join(', ')} for this package` });
    const pricing: Pricing = { kind: 'package', package_id: item.id, package_name: item.name };
    return { packageId: item.id, total: item.price, credits: item.credits, bonusCredits: item.bonusCredits, pricing, description: `${brand}-${item.name}`, perUserLimit: item.perUserLimit };
  }

  private async assertWithinLimit(tx: TenantTx, userId: string, offer: Offer): Promise<void> {
    if (offer.packageId === undefined || offer.perUserLimit === undefined) return;
    if ((await this.orders.countOf(tx, userId, offer.packageId)) < offer.perUserLimit) return;
    throw new DomainError('conflict', { param: 'package_id', message: `该套餐每人限购 ${offer.perUserLimit} 次 (this package can be bought ${offer.perUserLimit} times)` });
  }

  private known(order: Order | undefined): Order {
    if (order === undefined) throw new DomainError('not_found', { param: 'id' });
    return order;
  }
}

function quoteOffer(quote: Awaited<ReturnType<PackageService['quote']>> | undefined, brand: string): Offer {
  if (quote === undefined) throw new Error('an order for a package has no quote');
  const { usdPer1000, exchangeRate, exchangeRateDate, exchangeRateSource, markup } = quote.pricing;
  const pricing: Pricing = { kind: 'dynamic', usd_per_1000: usdPer1000, exchange_rate: exchangeRate, exchange_rate_date: exchangeRateDate, exchange_rate_source: exchangeRateSource, markup };
  return { packageId: undefined, total: quote.price, credits: quote.credits, bonusCredits: 0n, pricing, description: `${brand}-${quote.credits} 点`, perUserLimit: undefined };
}
