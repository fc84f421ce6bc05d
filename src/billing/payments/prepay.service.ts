import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { nowDate } from '../../platform/values/index.js';
import type { TenantPayAccount } from '../../tenants/index.js';
import { WechatPayError, type PrepayAnswer } from '../../wechat/index.js';
import { isOpen, nextQueryAt, type Order, type PayableOrder } from '../orders/order.js';
import { OrderRepository } from '../orders/order.repository.js';
import { OrderQueryService } from './order-query.service.js';
import { notifyUrl } from './notify-url.js';

/** WeChat's word for an order that it knows as paid, closed or otherwise over. */
const OVER = ['ORDER_PAID', 'ORDERPAID', 'ORDER_CLOSED', 'ORDERCLOSED', 'OUT_TRADE_NO_USED'];
const PREPAY_WAIT_MS = 15_000;

/** Tells WeChat of an order, as often as a client wants to pay it: the same words for an unpaid order give what is needed now. */
@Injectable()
export class PrepayService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly queries: OrderQueryService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws unavailable: nothing is lost, the same request again carries on with the same order */
  async prepay(ctx: RequestContext, order: Order, account: TenantPayAccount): Promise<PayableOrder> {
    if (!isOpen(order.state)) return { order, payment: undefined };
    if (account.merchantId !== order.merchantId || account.appId !== order.appId) throw new DomainError('conflict', { message: '收款账户已变更，请重新下单 (the merchant account has changed: order anew)' });
    const payment = await this.ask(ctx, order, account);
    if (payment === undefined) return { order: await this.current(ctx, order), payment };
    await this.database.inTenant(ctx, async (tx) => {
      const locked = await this.orders.lock(tx, order.id);
      if (locked?.state === 'created') await this.orders.move(tx, locked, 'prepaid', 'prepaid', undefined, { nextQueryAt: nextQueryAt(nowDate(), 1, locked.expiresAt) });
    });
    return { order: await this.current(ctx, order), payment };
  }

  /** undefined when WeChat says that the order is over; then it was asked what became of it. */
  private async ask(ctx: RequestContext, order: Order, { pay }: TenantPayAccount): Promise<PrepayAnswer | undefined> {
    try {
      return await pay.prepay(
        {
          channel: order.channel, outTradeNo: order.outTradeNo, description: order.description, total: order.total, expiresAt: order.expiresAt,
          notifyUrl: notifyUrl(this.config.http.publicUrl, ctx.tenantId),
          ...(order.openid === undefined ? {} : { openid: order.openid }), ...(order.clientIp === undefined ? {} : { clientIp: order.clientIp }),
        },
        AbortSignal.timeout(PREPAY_WAIT_MS),
      );
    } catch (error) {
      if (error instanceof WechatPayError && error.kind === 'refused' && OVER.includes(error.code)) {
        await this.queries.refresh(ctx, order);
        return undefined;
      }
      this.logger.error({ ...errorFields(error), tenantId: ctx.tenantId, orderId: order.id }, 'WeChat did not take an order');
      throw new DomainError('unavailable', { message: '微信支付暂时不可用，请稍后再试 (WeChat Pay can not take the order right now; please try again)', retryAfterMs: 2_000, cause: error });
    }
  }

  private async current(ctx: RequestContext, order: Order): Promise<Order> {
    return (await this.database.readTenant(ctx, (tx) => this.orders.byId(tx, order.id))) ?? order;
  }
}
