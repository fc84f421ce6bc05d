import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { nowDate, pageOf, decodeCursor, type Page } from '../../platform/values/index.js';
import { TenantPay } from '../../tenants/index.js';
import { WechatPayError, type TradeBill, type WechatPay } from '../../wechat/index.js';
import { OrderRepository } from '../orders/order.repository.js';
import { FindingRepository } from '../payments/finding.repository.js';
import { PaymentService } from '../payments/payment.service.js';
import { RefundRepository } from '../refunds/refund.repository.js';
import { compareDay, type Comparison, type OwnDay } from './compare.js';
import { hasBill, type BillReport } from './report.js';
import { ReportRepository } from './report.repository.js';

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Payments of a bill that are asked about one by one, because they are not known here. */
const MOST_ASKED = 100;

/** Compares WeChat's daily bill with our orders. Doing it again is harmless, and settles what has settled. */
@Injectable()
export class ReconciliationService {
  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly refunds: RefundRepository,
    private readonly findings: FindingRepository,
    private readonly reports: ReportRepository,
    private readonly payments: PaymentService,
    private readonly tenantPay: TenantPay,
  ) {}

  /**
   * Compares a Beijing day, `yyyy-MM-dd`. A payment that the bill knows and we don't is asked about first: a notice
   * and all queries may have been lost, and then the credits are given here.
   * @throws invalid_request (day), unavailable when the bill is not ready or can't be had
   */
  async run(ctx: RequestContext, day: string, signal: AbortSignal): Promise<BillReport> {
    if (!DAY.test(day) || !hasBill(day, nowDate())) throw new DomainError('invalid_request', { param: 'day', message: 'day must be a day of the last three months whose bill is ready: from 10:10 Beijing time on the day after' });
    const { pay, merchantId } = await this.tenantPay.account(ctx.tenantId);
    const bill = await this.bill(pay, day, signal);
    const started = nowDate();
    const first = await this.database.inTenant(ctx, async (tx) => compareDay(bill, await this.ownDay(tx, day, merchantId, bill)));
    await this.askAbout(ctx, first, pay, signal);
    return this.database.inTenant(ctx, async (tx) => {
      const comparison = compareDay(bill, await this.ownDay(tx, day, merchantId, bill));
      for (const finding of comparison.findings) await this.payments.report(tx, finding);
      await this.findings.settleDay(tx, day, started);
      await this.reports.put(tx, day, merchantId, comparison);
      const report = await this.reports.byDay(tx, day);
      if (report === undefined) throw new Error('a report that was just written is not there');
      return report;
    });
  }

  /** Newest day first. @throws invalid_request (cursor) */
  async list(ctx: RequestContext, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<BillReport>> {
    const before = decodeCursor(page.cursor, [DAY])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.reports.list(tx, before, page.limit + 1));
    return pageOf(rows, page.limit, (report) => [report.day]);
  }

  private async bill(pay: WechatPay, day: string, signal: AbortSignal): Promise<TradeBill | undefined> {
    try {
      return await pay.tradeBill(day, signal);
    } catch (error) {
      if (error instanceof WechatPayError) throw new DomainError('unavailable', { message: `微信账单暂不可用：${error.code} (WeChat's bill can't be had right now)`, cause: error });
      throw error;
    }
  }

  private async ownDay(tx: TenantTx, day: string, merchantId: string, bill: TradeBill | undefined): Promise<OwnDay> {
    const paid = await this.orders.paidOn(tx, merchantId, day);
    const refunds = await this.refunds.requestedOn(tx, merchantId, day);
    const paidNumbers = new Set(paid.map((order) => order.outTradeNo));
    const refundNumbers = new Set(refunds.map((refund) => refund.outRefundNo));
    const rows = bill?.rows ?? [];
    const others = await this.orders.byOutTradeNos(tx, rows.map((row) => row.outTradeNo).filter((number) => !paidNumbers.has(number)));
    const otherRefunds = await this.refunds.byOutRefundNos(tx, rows.flatMap((row) => (row.refund === undefined || refundNumbers.has(row.refund.outRefundNo) ? [] : [row.refund.outRefundNo])));
    return { day, paid, refunds, others: new Map(others.map((order) => [order.outTradeNo, order])), otherRefunds: new Map(otherRefunds.map((refund) => [refund.outRefundNo, refund])) };
  }

  private async askAbout(ctx: RequestContext, comparison: Comparison, pay: WechatPay, signal: AbortSignal): Promise<void> {
    const missing = comparison.findings.filter((finding) => finding.kind === 'bill_missing_here' && finding.orderId !== undefined).slice(0, MOST_ASKED);
    for (const { outTradeNo } of missing) {
      const trade = outTradeNo === undefined ? undefined : await pay.query(outTradeNo, signal);
      if (trade !== undefined) await this.payments.accept(ctx, trade, 'bill');
    }
  }
}
