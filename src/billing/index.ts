export { BillingModule } from './billing.module.js';
export type { Charge, Estimate, HoldRequest, MeteredUsage, Settlement } from './metering/charge.js';
export { MeteringService } from './metering/metering.service.js';
export { ANY_MODEL, type PriceList } from './prices/price-list.js';
export { PriceService, type PriceDraft } from './prices/price.service.js';
export { WalletService } from './wallet/wallet.service.js';
