import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { nowDate } from '../../platform/values/index.js';
import { TenantPay } from '../../tenants/index.js';
import { WechatPayError } from '../../wechat/index.js';
import type { Order } from '../orders/order.js';
import { OrderRepository } from '../orders/order.repository.js';
import { notifyUrl } from '../payments/notify-url.js';
import { PaymentService } from '../payments/payment.service.js';
import { isEnded, type Refund } from './refund.js';
import { RefundRepository } from './refund.repository.js';
import { RefundService } from './refund.service.js';

const PAUSES_MS = [10_000, 60_000, 300_000, 1_800_000, 3_600_000] as const;

/** Tells WeChat of refunds, and asks what became of them, always under the same number. */
@Injectable()
export class RefundQueryService {
  constructor(
    private readonly database: Database,
    private readonly refunds: RefundRepository,
    private readonly orders: OrderRepository,
    private readonly service: RefundService,
    private readonly tenantPay: TenantPay,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never throws: a refund whose end is not known is taken up again. */
  async turn(tenantId: string, refundId: string, signal: AbortSignal): Promise<void> {
    const ctx = PaymentService.context(tenantId);
    const found = await this.find(ctx, refundId);
    if (found === undefined || isEnded(found.refund.state)) return;
    await this.ask(ctx, found.refund, found.order, signal).catch((error: unknown) => {
      this.logger.warn({ ...errorFields(error), tenantId, refundId }, 'a refund could not be told or asked about');
    });
    const pause = PAUSES_MS[Math.min(found.refund.queryCount, PAUSES_MS.length - 1)] ?? 0;
    await this.database.inTenant(ctx, (tx) => this.refunds.schedule(tx, refundId, new Date(nowDate().getTime() + pause)));
  }

  private async ask(ctx: RequestContext, refund: Refund, order: Order, signal: AbortSignal): Promise<void> {
    const { pay, merchantId } = await this.tenantPay.account(ctx.tenantId);
    if (merchantId !== order.merchantId) throw new Error('the tenant has another merchant account now: the refund can only be made with the old one');
    if (refund.state === 'requested') await this.tell(ctx, refund, order, signal);
    else {
      const word = await pay.findRefund(refund.outRefundNo, signal);
      if (word !== undefined) await this.service.accept(ctx, word);
    }
  }

  /** The same number refunds once, however often it is sent; so an answer that was lost is asked for by sending it again. */
  private async tell(ctx: RequestContext, refund: Refund, order: Order, signal: AbortSignal): Promise<void> {
    const { pay } = await this.tenantPay.account(ctx.tenantId);
    try {
      const word = await pay.refund(
        { outTradeNo: order.outTradeNo, outRefundNo: refund.outRefundNo, refund: refund.amount, total: order.total, reason: refund.reason, notifyUrl: notifyUrl(this.config.http.publicUrl, ctx.tenantId) },
        signal,
      );
      await this.service.accept(ctx, word);
    } catch (error) {
      if (!(error instanceof WechatPayError) || error.kind !== 'refused') throw error;
      // Refused may still mean "refused this time": only when WeChat does not know the number it can't have happened.
      const word = await pay.findRefund(refund.outRefundNo, signal);
      if (word === undefined) await this.service.fail(ctx, refund, error.code);
      else await this.service.accept(ctx, word);
    }
  }

  private async find(ctx: RequestContext, refundId: string): Promise<{ readonly refund: Refund; readonly order: Order } | undefined> {
    return this.database.inTenant(ctx, async (tx) => {
      const refund = await this.refunds.byId(tx, refundId);
      const order = refund === undefined ? undefined : await this.orders.byId(tx, refund.orderId);
      return refund === undefined || order === undefined ? undefined : { refund, order };
    });
  }
}
