import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { nowDate } from '../../platform/values/index.js';
import { TenantPay } from '../../tenants/index.js';
import type { WechatPay } from '../../wechat/index.js';
import { CLOSE_AFTER_MS, isOpen, nextQueryAt, type Order } from '../orders/order.js';
import { OrderRepository } from '../orders/order.repository.js';
import { PaymentService } from './payment.service.js';

/** A client that comes back has WeChat asked at most so often, and waits for the answer at most so long. */
const REFRESH_PAUSE_MS = 2_000;
const REFRESH_WAIT_MS = 4_000;
const PAYING_PAUSE_MS = 30_000;

/** Asks WeChat about orders: notices may be lost, and what is never paid must be closed there before it is closed here. */
@Injectable()
export class OrderQueryService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly payments: PaymentService,
    private readonly tenantPay: TenantPay,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The client came back from the payment: asks now, unless it was just asked. What WeChat can't tell in time is told by the schedule. */
  async refresh(ctx: RequestContext, order: Order): Promise<void> {
    if (!isOpen(order.state)) return;
    const claimed = await this.database.inTenant(ctx, (tx) => this.orders.claimQuery(tx, order.id, REFRESH_PAUSE_MS, nextQueryAt(nowDate(), 0, order.expiresAt)));
    if (!claimed) return;
    await this.ask(PaymentService.context(ctx.tenantId), order, AbortSignal.timeout(REFRESH_WAIT_MS)).catch((error: unknown) => {
      this.logger.warn({ ...errorFields(error), tenantId: ctx.tenantId, orderId: order.id }, 'an order could not be asked about');
    });
  }

  /** One turn of the schedule. Never throws: whatever happens, the order is asked about again until its state is final. */
  async turn(tenantId: string, orderId: string, signal: AbortSignal): Promise<void> {
    const ctx = PaymentService.context(tenantId);
    const order = await this.database.readTenant(ctx, (tx) => this.orders.byId(tx, orderId));
    if (order === undefined) return;
    let pauseMs: number | undefined;
    try {
      pauseMs = isOpen(order.state) ? await this.ask(ctx, order, signal) : undefined;
    } catch (error) {
      this.logger.warn({ ...errorFields(error), tenantId, orderId }, 'an order could not be asked about');
    }
    await this.database.inTenant(ctx, async (tx) => {
      const after = await this.orders.lock(tx, orderId);
      if (after === undefined) return;
      const next = pauseMs === undefined ? nextQueryAt(nowDate(), after.queryCount, after.expiresAt) : new Date(nowDate().getTime() + pauseMs);
      await this.orders.schedule(tx, orderId, isOpen(after.state) ? next : null);
    });
  }

  /** @returns a pause in ms when WeChat should be asked again after exactly so long */
  private async ask(ctx: RequestContext, order: Order, signal: AbortSignal): Promise<number | undefined> {
    const { pay, merchantId } = await this.tenantPay.account(ctx.tenantId);
    if (merchantId !== order.merchantId) throw new Error('the tenant has another merchant account now: the order can only be asked about with the old one');
    const trade = await pay.query(order.outTradeNo, signal);
    const outcome = trade === undefined ? 'not_paid' : await this.payments.accept(ctx, trade, 'query');
    if (outcome !== 'not_paid' || nowDate().getTime() < order.expiresAt.getTime() + CLOSE_AFTER_MS) return undefined;
    return this.close(ctx, order, pay, signal);
  }

  /** Closed at WeChat first; then asked once more, for the payment that was faster than the closing. */
  private async close(ctx: RequestContext, order: Order, pay: WechatPay, signal: AbortSignal): Promise<number | undefined> {
    const answer = await pay.close(order.outTradeNo, signal);
    if (answer === 'paying') return PAYING_PAUSE_MS;
    const trade = answer === 'unknown_order' ? undefined : await pay.query(order.outTradeNo, signal);
    if (trade !== undefined) await this.payments.accept(ctx, trade, 'query');
    else await this.closeUnknown(ctx, order);
    return undefined;
  }

  /** WeChat never heard of it, and by its own time limit can't take it any more. */
  private async closeUnknown(ctx: RequestContext, order: Order): Promise<void> {
    await this.database.inTenant(ctx, async (tx) => {
      const locked = await this.orders.lock(tx, order.id);
      if (locked !== undefined && isOpen(locked.state)) await this.orders.move(tx, locked, 'closed', 'expired', undefined, { nextQueryAt: null });
    });
  }
}
