import { Module, type OnModuleInit } from '@nestjs/common';
import { ModelService } from './catalogue/model.service.js';
import { ChannelDirectory } from './channels/channel-directory.js';
import { ChannelService } from './channels/channel.service.js';
import { DispatchJob } from './dispatch/dispatch.job.js';
import { Dispatcher } from './dispatch/dispatcher.service.js';
import { TokenCounter } from './tokens/token-counter.js';

const SERVICES = [ModelService, ChannelDirectory, ChannelService, Dispatcher, DispatchJob];

@Module({ providers: [...SERVICES, { provide: TokenCounter, useFactory: () => new TokenCounter() }], exports: [ModelService, Dispatcher, DispatchJob, TokenCounter] })
export class UpstreamModule implements OnModuleInit {
  constructor(private readonly models: ModelService, private readonly tokens: TokenCounter) {}

  /** The tokenizers' tables take a tenth of a second each: before the first request, not during it. */
  async onModuleInit(): Promise<void> {
    await this.tokens.warm([...new Set(this.models.list(undefined).map((model) => model.encoding))]);
  }
}
