import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { AdmissionRepository, type HeldLease } from '../admission/admission.repository.js';

/** Five signs of life fit into the life of a lease. */
const RENEW_MS = 3_000;
/** Leases in one renewal: a bound on how long Redis is held. */
const BATCH = 500;

/** Renews the leases of the runs in this worker's hands, and tells the gate that the worker is there. */
@Injectable()
export class LeaseKeeper {
  private readonly worker = newId();
  private readonly held = new Map<string, HeldLease>();
  private timer: NodeJS.Timeout | undefined;
  private capacity = 0;

  constructor(private readonly gate: AdmissionRepository, @Inject(CONFIG) private readonly config: { readonly runs: Pick<Config['runs'], 'concurrency'> }, @Inject(LOGGER) private readonly logger: Logger) {}

  /** Whether runs may begin in this process. */
  get serving(): boolean {
    return this.capacity > 0;
  }

  async start(): Promise<void> {
    this.capacity = this.config.runs.concurrency;
    await this.renew();
    this.timer = setInterval(() => void this.renew().catch((error: unknown) => this.logger.debug(errorFields(error), 'leases could not be renewed')), RENEW_MS);
    this.timer.unref();
  }

  /** Takes no further runs; those in hand keep their leases. */
  async pause(): Promise<void> {
    if (this.capacity === 0) return;
    this.capacity = 0;
    await this.renew().catch(() => undefined);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  keep(lease: HeldLease): void {
    this.held.set(lease.holder, lease);
  }

  /** Whether the lease that is kept under this name is the one with this token. */
  has(holder: string, token: string | undefined): boolean {
    return this.held.get(holder)?.token === token;
  }

  /** @param holder the name that the lease is open under. */
  drop(holder: string): void {
    this.held.delete(holder);
  }

  private async renew(): Promise<void> {
    const holders = [...this.held.keys()];
    for (let from = 0; from === 0 || from < holders.length; from += BATCH) {
      // As they are now: one that was settled while Redis answered the batch before must not come back to life.
      const leases = holders.slice(from, from + BATCH).flatMap((holder) => this.held.get(holder) ?? []);
      await this.gate.renew(this.worker, this.capacity, leases);
    }
  }
}
