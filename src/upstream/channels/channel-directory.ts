import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { Channel } from './channel.js';

/** The channel that the environment configures (`OPENAI_*`): the platform's, without limits. */
const DEFAULT_CHANNEL_ID = '00000000-0000-7000-8000-000000000001';

/** The channels as this process knows them, in memory: asked on every message. */
@Injectable()
export class ChannelDirectory {
  private readonly channels: readonly Channel[];

  constructor(@Inject(CONFIG) config: Config) {
    this.channels = [defaultChannel(config)];
  }

  /** The channels that may serve a model to a tenant, paused ones included, the preferred first. */
  candidates(tenantId: string, model: string): readonly Channel[] {
    return this.channels.filter((channel) => channel.state !== 'disabled' && (channel.tenantId === undefined || channel.tenantId === tenantId) && channel.models.some((each) => each.model === model));
  }

  find(id: string): Channel | undefined {
    return this.channels.find((channel) => channel.id === id);
  }
}

function defaultChannel(config: Config): Channel {
  return {
    id: DEFAULT_CHANNEL_ID,
    tenantId: undefined,
    name: 'default',
    kind: 'openai',
    baseUrl: config.openai.baseUrl,
    apiKey: config.openai.apiKey,
    proxyUrl: undefined,
    region: undefined,
    tags: [],
    models: config.openai.models.map(({ name }) => ({ model: name, upstreamName: name })),
    limits: {},
    priority: 100,
    weight: 1,
    state: 'active',
  };
}
