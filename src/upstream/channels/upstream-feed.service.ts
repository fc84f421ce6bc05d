import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Sealer } from '../../platform/crypto/index.js';
import { OutboundGuard } from '../../platform/network/index.js';
import { Bus, NewsTable } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { TENANTS_CHANGED } from '../../tenants/index.js';
import { ModelCatalogue } from '../catalogue/model-catalogue.js';
import { ChannelDirectory, DEFAULT_CHANNEL_ID } from './channel-directory.js';
import { keyPlace, type SealedChannel } from './channel-record.js';
import type { Channel } from './channel.js';
import { UpstreamReading } from './upstream-reading.service.js';

/** Tells every node that channels or models changed. */
const CHANNELS_CHANGED = 'channels.changed';
const EVERY_MS = 30_000;

/** A channel as it was read last. */
interface Known {
  readonly print: string;
  readonly sealedKey: string | undefined;
  readonly channel: Channel;
}

/** Fills the directory of channels and the catalogue of models, in every process, before it serves anybody, and keeps them as the tables are. */
@Injectable()
export class UpstreamFeed implements OnModuleInit, OnApplicationShutdown {
  private readonly table: NewsTable;
  private readonly environment: readonly Channel[];
  private known: ReadonlyMap<string, Known> = new Map();
  private print: string | undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly reading: UpstreamReading,
    private readonly directory: ChannelDirectory,
    private readonly catalogue: ModelCatalogue,
    private readonly guard: OutboundGuard,
    private readonly sealer: Sealer,
    bus: Bus,
  ) {
    this.environment = [directory.find(DEFAULT_CHANNEL_ID) ?? []].flat();
    this.table = new NewsTable(bus, {
      channels: [CHANNELS_CHANGED, TENANTS_CHANGED],
      everyMs: EVERY_MS,
      load: () => this.load(),
      onFault: (error) => this.logger.warn(errorFields(error), 'channels could not be read, or told'),
    });
  }

  async onModuleInit(): Promise<void> {
    await this.table.follow();
  }

  onApplicationShutdown(): void {
    this.table.stop();
  }

  /** After a committed change of a channel or model: in place here when this resolves, on the other nodes within a second. */
  async tell(what: string): Promise<void> {
    await this.table.tell(what);
  }

  /** The key of a channel as it was when this process read it, sealed. */
  sealOf(channelId: string): string | undefined {
    return this.known.get(channelId)?.sealedKey;
  }

  private async load(): Promise<void> {
    const reading = await this.reading.read();
    const print = printOf(reading);
    if (print === this.print) return;
    this.known = new Map(reading.channels.map((row) => [row.id, this.knownOf(row)]));
    // Models first: a handler of the directory may ask for them.
    this.catalogue.replace(reading.models);
    this.directory.replace([...this.environment, ...[...this.known.values()].map(({ channel }) => channel)], reading.ownOnly);
    this.print = print;
  }

  /** A channel that did not change stays the same object: who keeps something by it, such as a client, keeps it. */
  private knownOf(row: SealedChannel): Known {
    const print = printOf(row);
    const before = this.known.get(row.id);
    return before?.print === print ? before : { print, sealedKey: row.sealedKey, channel: this.opened(row) };
  }

  /** A channel that can't be used as it stands counts as disabled; the others must not suffer for it. */
  private opened({ sealedKey, ...record }: SealedChannel): Channel {
    const { id, tenantId, name, kind, baseUrl, proxyUrl, region, tags, models, limits, priority, weight, hedgePercent, state } = record;
    const channel = { id, tenantId, name, kind, baseUrl, proxyUrl, region, tags, models, limits, priority, weight, ...(hedgePercent === undefined ? {} : { hedgePercent }) };
    const urls = [kind === 'local' ? [] : baseUrl, proxyUrl ?? []].flat();
    try {
      if (urls.some((url) => this.guard.textFaultOf(url) !== undefined)) throw new Error('its address may not be called any more');
      return { ...channel, apiKey: sealedKey === undefined ? '' : this.sealer.open(sealedKey, keyPlace(tenantId, id)), state };
    } catch (error) {
      this.logger.error({ channel: id, tenant: tenantId, ...errorFields(error) }, 'a channel can not be used');
      return { ...channel, apiKey: '', state: 'disabled' };
    }
  }
}

/** A short text that differs where the rows do. */
function printOf(rows: object): string {
  return createHash('sha256').update(JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))).digest('base64');
}
