import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { Metrics } from '../../platform/telemetry/index.js';
import { integerJson } from '../../platform/values/index.js';
import { TenantPay } from '../../tenants/index.js';
import { NoticeRefused, type WechatPayNotice } from '../../wechat/index.js';
import { RefundService } from '../refunds/refund.service.js';
import { NoticeRepository } from './notice.repository.js';
import { PaymentService } from './payment.service.js';
import { tradeDetails } from './trade.js';

/**
 * WeChat Pay's letters. What they say is checked and committed before they are answered: WeChat sends again what was
 * not answered well, so a crash at any moment loses nothing, and a letter that comes twice changes nothing.
 */
@Injectable()
export class NoticeService {
  constructor(
    private readonly database: Database,
    private readonly tenantPay: TenantPay,
    private readonly payments: PaymentService,
    private readonly refunds: RefundService,
    private readonly repository: NoticeRepository,
    private readonly metrics: Metrics,
  ) {}

  /** @throws NoticeRefused when it is not WeChat's word to this merchant; unavailable for a tenant without a merchant account */
  async take(tenantId: string, headers: Readonly<Record<string, string | string[] | undefined>>, rawBody: Buffer): Promise<void> {
    const notice = await this.verified(tenantId, headers, rawBody);
    const outcome = await this.database.inTenant(PaymentService.context(tenantId), async (tx) => {
      const took = notice.kind === 'payment' ? await this.payments.acceptIn(tx, notice.trade, 'notice') : notice.kind === 'refund' ? await this.refunds.acceptIn(tx, notice.refund) : 'ignored';
      await this.repository.keep(tx, { id: notice.id, eventType: notice.eventType, content: contentOf(notice), outcome: took });
      return took;
    });
    this.metrics.notices.inc({ outcome });
  }

  private async verified(tenantId: string, headers: Readonly<Record<string, string | string[] | undefined>>, rawBody: Buffer): Promise<WechatPayNotice> {
    try {
      return await this.tenantPay.verify(tenantId, headers, rawBody);
    } catch (error) {
      if (error instanceof NoticeRefused) this.metrics.notices.inc({ outcome: `refused_${error.reason}` });
      throw error;
    }
  }
}

function contentOf(notice: WechatPayNotice): Readonly<Record<string, unknown>> {
  if (notice.kind === 'payment') return tradeDetails(notice.trade);
  if (notice.kind === 'other') return {};
  const { outTradeNo, outRefundNo, refundId, state, refund, total } = notice.refund;
  return { out_trade_no: outTradeNo, out_refund_no: outRefundNo, refund_id: refundId, state, refund_fen: integerJson(refund), total_fen: integerJson(total) };
}
