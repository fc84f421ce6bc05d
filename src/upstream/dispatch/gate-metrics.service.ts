import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '../../platform/telemetry/index.js';
import { AdmissionRepository, type Breaker } from '../admission/admission.repository.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import { channelLabel } from '../channels/channel-label.js';
import { ownerOf } from './pools.js';

const BREAKER_VALUES: Readonly<Record<Breaker, number>> = { closed: 0, half_open: 1, open: 2 };

/** What the gate knows of all nodes, read when the metrics are. */
@Injectable()
export class GateMetrics implements OnModuleInit {
  constructor(private readonly metrics: Metrics, private readonly gate: AdmissionRepository, private readonly directory: ChannelDirectory) {}

  onModuleInit(): void {
    this.metrics.beforeRead(() => this.read());
  }

  private async read(): Promise<void> {
    const channels = this.directory.all().filter(({ tenantId }) => tenantId === undefined);
    const [depths, breakers] = await Promise.all([this.gate.depths(), this.gate.breakers(channels.map(({ id }) => id))]);
    const { tierDepth, channelDepth, channelBreaker } = this.metrics;
    for (const gauge of [tierDepth, channelDepth, channelBreaker]) gauge.reset();
    for (const { pool, tier, waiting } of depths) {
      tierDepth.inc({ tier }, waiting);
      const { tenantId, model } = ownerOf(pool);
      const labels = new Set(this.directory.candidates(tenantId ?? '', model).map(channelLabel));
      for (const channel of labels) channelDepth.inc({ channel, tier }, waiting);
    }
    channels.forEach((channel, at) => channelBreaker.set({ channel: channelLabel(channel) }, BREAKER_VALUES[breakers[at] ?? 'closed']));
  }
}
