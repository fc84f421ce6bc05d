import { Module } from '@nestjs/common';
import { ModelService } from './catalogue/model.service.js';
import { ChannelService } from './channels/channel.service.js';
import { DispatchJob } from './dispatch/dispatch.job.js';
import { Dispatcher } from './dispatch/dispatcher.service.js';
import { TokenCounter } from './tokens/token-counter.js';

const SERVICES = [ModelService, ChannelService, Dispatcher, DispatchJob];

@Module({ providers: [...SERVICES, { provide: TokenCounter, useFactory: () => new TokenCounter() }], exports: [ModelService, Dispatcher, DispatchJob, TokenCounter] })
export class UpstreamModule {}
