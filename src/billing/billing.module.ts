import { Module, type DynamicModule } from '@nestjs/common';
import { IdentityModule } from '../identity/index.js';
import { TenantsModule } from '../tenants/index.js';
import { GrantService } from './grants/grant.service.js';
import { ExpiryJob } from './ledger/expiry.job.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { LedgerService } from './ledger/ledger.service.js';
import { MeteringService } from './metering/metering.service.js';
import { PriceRepository } from './prices/price.repository.js';
import { PriceService } from './prices/price.service.js';
import { WalletController } from './wallet/wallet.controller.js';
import { WalletRepository } from './wallet/wallet.repository.js';
import { WalletService } from './wallet/wallet.service.js';

const SHARED = [LedgerRepository, LedgerService, PriceRepository, PriceService, GrantService, MeteringService];
const API = [WalletRepository, WalletService];
const WORKER = [ExpiryJob];

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
      controllers: api ? [WalletController] : [],
      providers: [...SHARED, ...(api ? API : []), ...(worker ? WORKER : [])],
      exports: [MeteringService, PriceService, ...(api ? [WalletService] : [])],
    };
  }
}
