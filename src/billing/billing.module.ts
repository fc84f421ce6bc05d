import { Module, type DynamicModule } from '@nestjs/common';
import { IdentityModule } from '../identity/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AuditJob } from './audit/audit.job.js';
import { GrantService } from './grants/grant.service.js';
import { ExpiryJob } from './ledger/expiry.job.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { LedgerService } from './ledger/ledger.service.js';
import { MeteringService } from './metering/metering.service.js';
import { OrderController } from './orders/order.controller.js';
import { OrderRepository } from './orders/order.repository.js';
import { OrderService } from './orders/order.service.js';
import { PackageController } from './packages/package.controller.js';
import { PackageRepository } from './packages/package.repository.js';
import { PackageService } from './packages/package.service.js';
import { FindingRepository } from './payments/finding.repository.js';
import { FindingService } from './payments/finding.service.js';
import { NoticeRepository } from './payments/notice.repository.js';
import { NoticeService } from './payments/notice.service.js';
import { OrderQueryService } from './payments/order-query.service.js';
import { PaymentService } from './payments/payment.service.js';
import { PrepayService } from './payments/prepay.service.js';
import { QueryJob } from './payments/query.job.js';
import { PriceRepository } from './prices/price.repository.js';
import { PriceService } from './prices/price.service.js';
import { BillJob } from './reconciliation/bill.job.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { ReportRepository } from './reconciliation/report.repository.js';
import { RefundQueryService } from './refunds/refund-query.service.js';
import { RefundRepository } from './refunds/refund.repository.js';
import { RefundService } from './refunds/refund.service.js';
import { WalletController } from './wallet/wallet.controller.js';
import { WalletRepository } from './wallet/wallet.repository.js';
import { WalletService } from './wallet/wallet.service.js';

const METERING = [LedgerRepository, LedgerService, PriceRepository, PriceService, GrantService, MeteringService];
/** Both roles take WeChat's word in: the API by notices and queries, the worker by its schedule. */
const PAYMENTS = [OrderRepository, FindingRepository, PaymentService, OrderQueryService, RefundRepository, RefundService, WalletRepository, ReportRepository, ReconciliationService];
const API = [WalletService, PackageRepository, PackageService, PrepayService, OrderService, NoticeRepository, NoticeService, FindingService];
const WORKER = [ExpiryJob, RefundQueryService, QueryJob, BillJob, AuditJob];
/** For webhooks, and for staff. */
const API_DOOR = [WalletService, PackageService, OrderService, NoticeService, RefundService, ReconciliationService, FindingService];

@Module({})
export class BillingModule {
  private static readonly made = new Map<string, DynamicModule>();

  /** The parts that a role needs: the API edge, the worker, or both. The same object each time: Nest takes another for another module. */
  static for(role: 'all' | 'api' | 'worker'): DynamicModule {
    const made = this.made.get(role) ?? this.make(role);
    this.made.set(role, made);
    return made;
  }

  private static make(role: 'all' | 'api' | 'worker'): DynamicModule {
    const api = role !== 'worker';
    const worker = role !== 'api';
    return {
      module: BillingModule,
      imports: [TenantsModule, IdentityModule],
      controllers: api ? [WalletController, PackageController, OrderController] : [],
      providers: [...METERING, ...PAYMENTS, ...(api ? API : []), ...(worker ? WORKER : [])],
      exports: [MeteringService, PriceService, ...(api ? API_DOOR : [])],
    };
  }
}
