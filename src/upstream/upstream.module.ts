import { Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { TenantsModule } from '../tenants/index.js';
import { AdmissionRepository } from './admission/admission.repository.js';
import { GateView } from './admission/gate-view.js';
import { AdmissionSteps } from './admission/steps.js';
import { ModelService } from './catalogue/model.service.js';
import { ChannelClients } from './channels/channel-clients.service.js';
import { ChannelDirectory } from './channels/channel-directory.js';
import { DispatchJob } from './dispatch/dispatch.job.js';
import { Dispatcher } from './dispatch/dispatcher.service.js';
import { Grants } from './dispatch/grants.service.js';
import { LeaseKeeper } from './dispatch/lease-keeper.service.js';
import { Pump } from './dispatch/pump.service.js';
import { RunQueue } from './dispatch/run-queue.service.js';
import { TokenCounter } from './tokens/token-counter.js';

const SERVICES = [ModelService, ChannelDirectory, ChannelClients, AdmissionRepository, GateView, RunQueue, Pump, LeaseKeeper, Grants, Dispatcher, DispatchJob];

@Module({
  imports: [TenantsModule],
  providers: [...SERVICES, { provide: AdmissionSteps, useFactory: () => new AdmissionSteps(new URL('admission/', import.meta.url)) }, { provide: TokenCounter, useFactory: () => new TokenCounter() }],
  exports: [ModelService, Dispatcher, DispatchJob, TokenCounter],
})
export class UpstreamModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(private readonly models: ModelService, private readonly tokens: TokenCounter, private readonly pump: Pump) {}

  /** The tokenizers' tables take a tenth of a second each: before the first request, not during it. */
  async onModuleInit(): Promise<void> {
    await this.tokens.warm([...new Set(this.models.list(undefined).map((model) => model.encoding))]);
  }

  onApplicationBootstrap(): void {
    this.pump.start();
  }
}
