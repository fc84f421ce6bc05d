import { Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/index.js';
import { Sealer } from '../platform/crypto/index.js';
import { OutboundGuard } from '../platform/network/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AdmissionRepository } from './admission/admission.repository.js';
import { GateView } from './admission/gate-view.js';
import { AdmissionSteps } from './admission/steps.js';
import { ModelCatalogue } from './catalogue/model-catalogue.js';
import { ModelRegistry } from './catalogue/model-registry.service.js';
import { ModelRepository } from './catalogue/model.repository.js';
import { ModelService } from './catalogue/model.service.js';
import { ChannelClients } from './channels/channel-clients.service.js';
import { ChannelDirectory } from './channels/channel-directory.js';
import { ChannelRegistry } from './channels/channel-registry.service.js';
import { ChannelRepository } from './channels/channel.repository.js';
import { defaultChannel } from './channels/default-channel.js';
import { UpstreamFeed } from './channels/upstream-feed.service.js';
import { UpstreamReading } from './channels/upstream-reading.service.js';
import { DispatchJob } from './dispatch/dispatch.job.js';
import { Dispatcher } from './dispatch/dispatcher.service.js';
import { GateMetrics } from './dispatch/gate-metrics.service.js';
import { Grants } from './dispatch/grants.service.js';
import { LeaseKeeper } from './dispatch/lease-keeper.service.js';
import { Pump } from './dispatch/pump.service.js';
import { RunQueue } from './dispatch/run-queue.service.js';
import { LocalModels } from './local/local-models.service.js';
import { TokenCounter } from './tokens/token-counter.js';

const OFFER = [ModelRepository, ModelService, ModelRegistry, ChannelRepository, ChannelRegistry, ChannelClients, LocalModels, UpstreamReading, UpstreamFeed];
const DISPATCH = [AdmissionRepository, GateView, RunQueue, Pump, LeaseKeeper, Grants, GateMetrics, Dispatcher, DispatchJob];

/** What is made of the configuration alone. */
const MADE = [
  { provide: AdmissionSteps, useFactory: () => new AdmissionSteps(new URL('admission/', import.meta.url)) },
  { provide: TokenCounter, useFactory: () => new TokenCounter() },
  { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
  { provide: OutboundGuard, inject: [CONFIG], useFactory: (config: Config) => new OutboundGuard(config.upstreamPrivateAllowList) },
  { provide: ModelCatalogue, inject: [CONFIG], useFactory: (config: Config) => new ModelCatalogue(config.openai.models) },
  { provide: ChannelDirectory, inject: [CONFIG], useFactory: (config: Config) => new ChannelDirectory([defaultChannel(config)]) },
];

@Module({ imports: [TenantsModule], providers: [...OFFER, ...DISPATCH, ...MADE], exports: [ModelService, ModelRegistry, ChannelRegistry, Dispatcher, DispatchJob, TokenCounter] })
export class UpstreamModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(private readonly models: ModelService, private readonly tokens: TokenCounter, private readonly pump: Pump) {}

  /** The tokenizers' tables take a tenth of a second each: before the first request, not during it. */
  async onModuleInit(): Promise<void> {
    await this.tokens.warm(this.models.encodings());
  }

  onApplicationBootstrap(): void {
    this.pump.start();
  }
}
