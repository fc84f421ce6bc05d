import type { Config } from '../../platform/config/index.js';
import { DEFAULT_CHANNEL_ID } from './channel-directory.js';
import type { Channel } from './channel.js';

/** The channel of the environment. Its models have one name, here and at the upstream. */
export function defaultChannel(config: Config): Channel {
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
