import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { Metrics } from '../../platform/telemetry/index.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import { OpenAiClient } from '../stream/openai.client.js';
import type { UpstreamRequest } from '../stream/request.js';
import { openWithRetry } from '../stream/retry.js';
import { Transport } from '../stream/transport.js';

/** The channels to the models. Today one, from the configuration; the choice among many will stand here. */
@Injectable()
export class ChannelService implements OnApplicationShutdown {
  private readonly transport: Transport;
  private readonly client: OpenAiClient;

  constructor(@Inject(CONFIG) config: Config, private readonly metrics: Metrics) {
    this.transport = new Transport(config.upstreamTimeouts.connectMs);
    this.client = new OpenAiClient(config.openai, this.transport, config.upstreamTimeouts);
  }

  /**
   * Opens an answer, retrying until the first words.
   * @throws UpstreamFailure, also from the iterator.
   */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    const open = async (): Promise<AsyncIterable<DeltaBatch>> => {
      try {
        return await this.client.open(request, signal);
      } catch (error) {
        if (error instanceof UpstreamFailure) this.metrics.upstreamErrors.inc({ kind: error.kind });
        throw error;
      }
    };
    return openWithRetry(open, signal, () => this.metrics.upstreamRetries.inc());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
  }
}
