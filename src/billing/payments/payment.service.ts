import { Inject, Injectable } from '@nestjs/common';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { LOGGER, Metrics, type Logger } from '../../platform/telemetry/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import type { WechatTrade } from '../../wechat/index.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { isOpen, type Order, type OrderCause } from '../orders/order.js';
import { OrderRepository } from '../orders/order.repository.js';
import type { FindingDraft } from './finding.js';
import { FindingRepository } from './finding.repository.js';
import { mismatches, topupTransfers, tradeDetails, type TradeOutcome, type TradeSource } from './trade.js';

/**
 * Paid, once: the one place where WeChat's verified word about an order becomes credits. Notice, query and bill
 * all enter here, in any order and as often as they like.
 */
@Injectable()
export class PaymentService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly findings: FindingRepository,
    private readonly ledger: LedgerService,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes a verified trade in, in a transaction of its own. */
  async accept(ctx: RequestContext, trade: WechatTrade, source: TradeSource): Promise<TradeOutcome> {
    return this.database.inTenant(ctx, (tx) => this.acceptIn(tx, trade, source));
  }

  /**
   * The same within the caller's transaction. The order's row is locked, so that a notice, a query and a closing
   * that arrive at the same moment follow one another.
   */
  async acceptIn(tx: TenantTx, trade: WechatTrade, source: TradeSource): Promise<TradeOutcome> {
    const order = await this.orders.lockByOutTradeNo(tx, trade.outTradeNo);
    const outcome = order === undefined ? await this.withoutOrder(tx, trade) : await this.withOrder(tx, order, trade, source);
    this.metrics.payments.inc({ outcome, source });
    return outcome;
  }

  /** Keeps what does not add up, and says so in log and metrics. */
  async report(tx: TenantTx, draft: FindingDraft): Promise<void> {
    const isNew = await this.findings.keep(tx, draft);
    this.metrics.paymentFindings.inc({ kind: draft.kind });
    if (isNew) this.logger.error({ tenantId: tx.ctx.tenantId, kind: draft.kind, orderId: draft.orderId, outTradeNo: draft.outTradeNo, transactionId: draft.transactionId }, 'a payment needs a person');
  }

  /** The context of work on a tenant's payments that no request asked for. */
  static context(tenantId: string): RequestContext {
    return systemContext(tenantId, 'payments', newId());
  }

  private async withoutOrder(tx: TenantTx, trade: WechatTrade): Promise<TradeOutcome> {
    if (trade.state !== 'SUCCESS' && trade.state !== 'REFUND') return 'not_paid';
    await this.report(tx, { kind: 'unknown_order', key: trade.transactionId ?? trade.outTradeNo, outTradeNo: trade.outTradeNo, transactionId: trade.transactionId, details: tradeDetails(trade) });
    return 'unknown_order';
  }

  private async withOrder(tx: TenantTx, order: Order, trade: WechatTrade, source: TradeSource): Promise<TradeOutcome> {
    switch (trade.state) {
      case 'SUCCESS':
        return this.paid(tx, order, trade, source);
      case 'REFUND':
        // At least one refund was begun. Where the order is paid here, the refunds have their own way.
        if (!isOpen(order.state) && order.state !== 'closed') return 'already_paid';
        await this.keep(tx, 'refunded_elsewhere', order, trade, {});
        return 'refunded_elsewhere';
      case 'CLOSED':
      case 'REVOKED':
        return this.closed(tx, order);
      case 'NOTPAY':
      case 'USERPAYING':
      case 'PAYERROR':
        return 'not_paid';
    }
  }

  private async paid(tx: TenantTx, order: Order, trade: WechatTrade, source: TradeSource): Promise<TradeOutcome> {
    const faults = mismatches(order, trade);
    if (faults.length > 0) {
      await this.keep(tx, 'trade_mismatch', order, trade, { mismatches: faults, expected_total_fen: order.total.toString() });
      return 'trade_mismatch';
    }
    if (order.transactionId === trade.transactionId) return 'already_paid';
    if (order.transactionId !== undefined || trade.transactionId === undefined) {
      await this.keep(tx, 'second_payment', order, trade, { first_transaction_id: order.transactionId ?? null });
      return 'second_payment';
    }
    await this.orders.move(tx, order, 'paid', source, trade.transactionId, {
      transactionId: trade.transactionId,
      paidAt: trade.succeededAt ?? nowDate(),
      nextQueryAt: null,
      ...(trade.payerTotal === undefined ? {} : { payerTotal: trade.payerTotal }),
    });
    await this.ledger.apply(tx, topupTransfers(tx.ctx.tenantId, order));
    return 'paid';
  }

  /** WeChat takes no money for it any more, so we expect none. */
  private async closed(tx: TenantTx, order: Order): Promise<TradeOutcome> {
    if (isOpen(order.state)) {
      const cause: OrderCause = order.expiresAt.getTime() <= nowDate().getTime() ? 'expired' : 'closed_at_wechat';
      await this.orders.move(tx, order, 'closed', cause, undefined, { nextQueryAt: null });
    }
    return 'closed';
  }

  private async keep(tx: TenantTx, kind: 'trade_mismatch' | 'second_payment' | 'refunded_elsewhere', order: Order, trade: WechatTrade, more: Readonly<Record<string, unknown>>): Promise<void> {
    const key = `${order.id}:${trade.transactionId ?? ''}`;
    await this.report(tx, { kind, key, orderId: order.id, outTradeNo: order.outTradeNo, transactionId: trade.transactionId, details: { ...tradeDetails(trade), ...more } });
  }
}
