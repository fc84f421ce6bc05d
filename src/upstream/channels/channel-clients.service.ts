import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import { OpenAiClient } from '../stream/openai.client.js';
import type { UpstreamRequest } from '../stream/request.js';
import { Transport } from '../stream/transport.js';
import type { Channel } from './channel.js';

/** One client a channel, made when it is first needed and again when the channel was changed. */
@Injectable()
export class ChannelClients implements OnApplicationShutdown {
  private readonly transport: Transport;
  private readonly clients = new Map<string, { readonly channel: Channel; readonly client: OpenAiClient }>();

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.transport = new Transport(config.upstreamTimeouts.connectMs);
  }

  /**
   * One call, opened as far as its first words.
   * @throws UpstreamFailure, also from the iterator; the signal's reason when it was aborted.
   */
  async open(channel: Channel, request: UpstreamRequest, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>> {
    const upstreamName = channel.models.find((each) => each.model === request.model)?.upstreamName;
    if (upstreamName === undefined) throw new UpstreamFailure('not_found');
    return this.clientOf(channel).open({ ...request, model: upstreamName }, signal, watch);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
  }

  private clientOf(channel: Channel): OpenAiClient {
    const known = this.clients.get(channel.id);
    if (known?.channel === channel) return known.client;
    const client = new OpenAiClient(channel, this.transport, this.config.upstreamTimeouts);
    this.clients.set(channel.id, { channel, client });
    return client;
  }
}
