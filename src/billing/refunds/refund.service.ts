import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { integerJson, newId, nowDate, type Credits, type Fen } from '../../platform/values/index.js';
import type { WechatRefund } from '../../wechat/index.js';
import { LedgerRefused, LedgerService } from '../ledger/ledger.service.js';
import type { Order } from '../orders/order.js';
import { OrderRepository } from '../orders/order.repository.js';
import { PaymentService } from '../payments/payment.service.js';
import { WalletRepository } from '../wallet/wallet.repository.js';
import { MOST_REFUNDS, REFUND_DAYS, STATE_OF, creditsFor, endTransfers, holdTransfers, isEnded, mayMoveRefund, type Refund } from './refund.js';
import { RefundRepository } from './refund.repository.js';

export interface RefundWish {
  readonly orderId: string;
  /** undefined: all that is left. */
  readonly amount: Fen | undefined;
  /** The payer reads it. */
  readonly reason: string;
  /** Why credits that were spent already are let go. Without it a refund of more than is unspent is refused. */
  readonly overrideReason: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** How WeChat's word about a refund was taken. */
export type RefundOutcome = 'taken' | 'already' | 'unknown_refund' | 'refund_mismatch';

const HOLD_ATTEMPTS = 5;

/**
 * Money back: the row and the hold first, WeChat then, and the end of it by notice or query. Never more than was
 * paid: all of an order's refunds stand under the lock of its row.
 */
@Injectable()
export class RefundService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly refunds: RefundRepository,
    private readonly wallets: WalletRepository,
    private readonly ledger: LedgerService,
    private readonly payments: PaymentService,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Writes a refund down and takes its credits back by a hold. It is told to WeChat by the next turn of the queries.
   * @throws not_found, conflict (not paid; more than is left; credits spent; a key used for another amount)
   */
  async request(ctx: RequestContext, wish: RefundWish): Promise<Refund> {
    return this.database.inTenant(ctx, async (tx) => {
      const order = await this.orders.lock(tx, wish.orderId);
      if (order === undefined) throw new DomainError('not_found', { param: 'order_id' });
      const before = wish.idempotencyKey === undefined ? undefined : await this.refunds.byIdempotencyKey(tx, order.id, wish.idempotencyKey);
      if (before !== undefined) return sameAgain(before, wish);
      const counting = (await this.refunds.ofOrder(tx, order.id)).filter((refund) => refund.state !== 'failed');
      const left = order.total - counting.reduce((sum, refund) => sum + refund.amount, 0n);
      const amount = wish.amount ?? left;
      assertRefundable(order, counting.length, amount, left);
      const credits = creditsFor(order, amount, order.total - left, counting.reduce((sum, refund) => sum + refund.credits, 0n));
      const id = newId();
      const heldCredits = await this.hold(tx, { id, userId: order.userId, amount }, credits, wish.overrideReason !== undefined);
      await this.refunds.insert(tx, {
        id, orderId: order.id, userId: order.userId, outRefundNo: id.replaceAll('-', ''), amount, credits, heldCredits, reason: wish.reason,
        overrideReason: heldCredits < credits ? wish.overrideReason : undefined, idempotencyKey: wish.idempotencyKey,
        requestedBy: ctx.actor.kind === 'staff' ? ctx.actor.staffId : undefined, nextQueryAt: nowDate(),
      });
      return this.known(await this.refunds.byId(tx, id));
    });
  }

  /** Takes WeChat's verified word in: from the answer to the request, a notice, or a query. */
  async accept(ctx: RequestContext, word: WechatRefund): Promise<RefundOutcome> {
    return this.database.inTenant(ctx, (tx) => this.acceptIn(tx, word));
  }

  async acceptIn(tx: TenantTx, word: WechatRefund): Promise<RefundOutcome> {
    const order = await this.orders.lockByOutTradeNo(tx, word.outTradeNo);
    const refund = await this.refunds.lockByOutRefundNo(tx, word.outRefundNo);
    const outcome = await this.take(tx, order, refund, word);
    this.metrics.refunds.inc({ outcome });
    return outcome;
  }

  /** WeChat refused it for good: it did not happen, and the credits come back. */
  async fail(ctx: RequestContext, refund: Refund, failure: string): Promise<void> {
    await this.database.inTenant(ctx, async (tx) => {
      await this.orders.lock(tx, refund.orderId);
      const locked = await this.refunds.lockByOutRefundNo(tx, refund.outRefundNo);
      if (locked?.state !== 'requested') return;
      await this.refunds.move(tx, locked, 'failed', { failure });
      await this.ledger.apply(tx, endTransfers(locked, false));
    });
    this.logger.error({ ...errorFields(new Error(failure)), tenantId: ctx.tenantId, refundId: refund.id }, 'WeChat refused a refund');
  }

  /** @throws not_found */
  async read(ctx: RequestContext, id: string): Promise<Refund> {
    return this.known(await this.database.readTenant(ctx, (tx) => this.refunds.byId(tx, id)));
  }

  /** Oldest first. */
  async ofOrder(ctx: RequestContext, orderId: string): Promise<readonly Refund[]> {
    return this.database.readTenant(ctx, (tx) => this.refunds.ofOrder(tx, orderId));
  }

  /**
   * Holds the credits, or with `override` what the wallet still has of them; answers how many. Answers that run at
   * the same moment spend from the same wallet, so the reading may be old by the time of the hold: then it is read again.
   */
  private async hold(tx: TenantTx, refund: Pick<Refund, 'id' | 'userId' | 'amount'>, credits: Credits, override: boolean): Promise<Credits> {
    for (let attempt = 1; ; attempt += 1) {
      const free = await this.wallets.boughtCredits(tx, refund.userId);
      if (free < credits && !override) throw spent(credits, free);
      const heldCredits = free < credits ? free : credits;
      try {
        await this.ledger.apply(tx, holdTransfers(tx.ctx.tenantId, { ...refund, heldCredits }));
        return heldCredits;
      } catch (error) {
        if (!(error instanceof LedgerRefused) || error.fault !== 'insufficient') throw error;
        if (attempt === HOLD_ATTEMPTS) throw new DomainError('conflict', { message: '用户正在使用余额，请稍后再试 (the wallet is being spent from at this moment; please try again)' });
      }
    }
  }

  private async take(tx: TenantTx, order: Order | undefined, refund: Refund | undefined, word: WechatRefund): Promise<RefundOutcome> {
    const details = { out_trade_no: word.outTradeNo, out_refund_no: word.outRefundNo, refund_id: word.refundId, state: word.state, refund_fen: integerJson(word.refund), total_fen: integerJson(word.total) };
    const place = { outTradeNo: word.outTradeNo, transactionId: word.transactionId, orderId: order?.id };
    if (refund === undefined) {
      await this.payments.report(tx, { kind: 'unknown_refund', key: word.refundId, ...place, details });
      return 'unknown_refund';
    }
    const merchantDiffers = word.merchantId !== undefined && word.merchantId !== order?.merchantId;
    if (order?.id !== refund.orderId || word.refund !== refund.amount || word.total !== order.total || merchantDiffers) {
      await this.payments.report(tx, { kind: 'refund_mismatch', key: word.refundId, refundId: refund.id, ...place, details: { ...details, expected_refund_fen: integerJson(refund.amount) } });
      return 'refund_mismatch';
    }
    const to = STATE_OF[word.state];
    if (to === refund.state || isEnded(refund.state) || !mayMoveRefund(refund.state, to)) {
      // Ended is ended; but money that WeChat says went back after we gave up must not go unseen.
      if (refund.state === 'failed' && to === 'succeeded') await this.payments.report(tx, { kind: 'refund_mismatch', key: word.refundId, refundId: refund.id, ...place, details: { ...details, here: refund.state } });
      return 'already';
    }
    await this.refunds.move(tx, refund, to, { wechatRefundId: word.refundId, failure: to === 'failed' ? 'CLOSED' : undefined });
    if (to === 'abnormal') await this.payments.report(tx, { kind: 'refund_abnormal', key: word.refundId, refundId: refund.id, ...place, details });
    if (isEnded(to)) await this.ledger.apply(tx, endTransfers(refund, to === 'succeeded'));
    if (to === 'succeeded') {
      const refunded = order.refunded + refund.amount;
      await this.orders.move(tx, order, refunded === order.total ? 'refunded' : 'partly_refunded', 'refund', refund.id, { refunded });
    }
    return 'taken';
  }

  private known(refund: Refund | undefined): Refund {
    if (refund === undefined) throw new DomainError('not_found', { param: 'refund_id' });
    return refund;
  }
}

function sameAgain(before: Refund, wish: RefundWish): Refund {
  if (wish.amount !== undefined && wish.amount !== before.amount) throw new DomainError('conflict', { param: 'Idempotency-Key', message: 'this Idempotency-Key was used for another refund of this order; take a new one' });
  return before;
}

function assertRefundable(order: Order, count: number, amount: Fen, left: Fen): void {
  if (order.paidAt === undefined) throw new DomainError('conflict', { param: 'order_id', message: `该订单未支付，不能退款 (the order is ${order.state}, there is nothing to give back)` });
  if (left === 0n || amount > left) throw new DomainError('conflict', { param: 'amount_fen', message: `最多还可退 ${left} 分 (at most ${left} fen are left to refund)`, details: { left_fen: integerJson(left) } });
  if (count >= MOST_REFUNDS) throw new DomainError('conflict', { param: 'order_id', message: `WeChat takes at most ${MOST_REFUNDS} refunds of an order` });
  if (nowDate().getTime() > order.paidAt.getTime() + REFUND_DAYS * 86_400_000) throw new DomainError('conflict', { param: 'order_id', message: `WeChat takes refunds for ${REFUND_DAYS} days after the payment` });
}

function spent(needed: bigint, available: bigint): DomainError {
  return new DomainError('conflict', {
    param: 'override_reason',
    message: `这笔钱对应的 ${needed} 点中只有 ${available} 点未使用；如仍要退款请填写 override_reason (${needed} credits belong to this money and only ${available} are unspent: give override_reason to refund all the same)`,
    details: { needed: integerJson(needed), available: integerJson(available) },
  });
}
