import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { ForbiddenAddress, OutboundGuard } from '../../platform/network/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { LocalModels } from '../local/local-models.service.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import { OpenAiClient } from '../stream/openai.client.js';
import { rehearse } from '../stream/rehearsal.client.js';
import type { UpstreamRequest } from '../stream/request.js';
import { Transport } from '../stream/transport.js';
import { ChannelDirectory, DEFAULT_CHANNEL_ID } from './channel-directory.js';
import type { Channel } from './channel.js';

/** A channel that opens no connection within this is met cold by its first answer. */
const WARM_MS = 2_000;

type Client = Pick<OpenAiClient, 'open'>;

/** One client a channel, made when the channel appears and again when it was changed. */
@Injectable()
export class ChannelClients implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly clients = new Map<string, { readonly channel: Channel; readonly client: Client }>();
  /** By proxy; `trusted` is the environment's channel's own: its address comes from who runs the platform. */
  private readonly transports = new Map<string, Transport>();
  private readonly ending = new AbortController();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly directory: ChannelDirectory,
    private readonly guard: OutboundGuard,
    private readonly local: LocalModels,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Connections are opened before the first answer, also to channels that are entered later. */
  async onApplicationBootstrap(): Promise<void> {
    this.directory.onChange(() => void this.follow());
    await Promise.all([this.follow(), rehearse().catch((error: unknown) => this.logger.warn(errorFields(error), 'the rehearsal of a call failed'))]);
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
    this.ending.abort(new Error('this process is going away'));
    await Promise.all([...this.transports.values()].map((transport) => transport.close()));
  }

  /** Forgets what is gone and meets what is new. */
  private async follow(): Promise<void> {
    const channels = this.directory.all();
    const ids = new Set(channels.map(({ id }) => id));
    for (const id of this.clients.keys()) if (!ids.has(id)) this.clients.delete(id);
    const models = channels.filter(({ kind, state }) => kind === 'local' && state !== 'disabled').map(({ baseUrl }) => baseUrl);
    const cold = channels.filter((channel) => channel.kind === 'openai' && channel.state === 'active' && this.clients.get(channel.id)?.channel !== channel);
    await Promise.all([this.local.keepOnly(new Set(models)), ...cold.map((channel) => this.warm(channel))]);
  }

  private async warm(channel: Channel): Promise<void> {
    try {
      this.clientOf(channel);
      await this.transportOf(channel).warm(`${channel.baseUrl}/models`, channel.apiKey, AbortSignal.any([this.ending.signal, AbortSignal.timeout(WARM_MS)]));
    } catch {
      // An address that must not be reached: refused again, with its reason, when an answer is asked for.
    }
  }

  private clientOf(channel: Channel): Client {
    const known = this.clients.get(channel.id);
    if (known?.channel === channel) return known.client;
    const client = channel.kind === 'local' ? this.local.client(channel) : new OpenAiClient(channel, this.transportOf(channel), this.config.upstreamTimeouts);
    this.clients.set(channel.id, { channel, client });
    return client;
  }

  /** Names are looked up under guard at every connection; addresses written as such are checked here, for nobody looks them up. */
  private transportOf(channel: Channel): Transport {
    const { connectMs } = this.config.upstreamTimeouts;
    if (channel.id === DEFAULT_CHANNEL_ID) return this.transport('trusted', () => new Transport({ connectMs }));
    const { proxyUrl } = channel;
    for (const url of [channel.baseUrl, proxyUrl]) {
      if (url !== undefined && this.guard.textFaultOf(url) !== undefined) throw new UpstreamFailure('connect', undefined, undefined, new ForbiddenAddress());
    }
    const { lookup } = this.guard;
    return this.transport(`via ${proxyUrl ?? ''}`, () => new Transport({ connectMs, lookup, ...(proxyUrl === undefined ? {} : { proxyUrl }) }));
  }

  private transport(name: string, make: () => Transport): Transport {
    const known = this.transports.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.transports.set(name, made);
    return made;
  }
}
