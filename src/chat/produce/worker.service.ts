import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { delay } from '../../platform/values/index.js';
import { DispatchJob } from '../../upstream/index.js';
import { ExecuteRunService } from './execute-run.service.js';
import { RunControlService } from '../run/run-control.service.js';
import { SweepJob } from '../run/sweep.job.js';

/** The worker's life in a process: takes runs from the queue, and on the way out lets them end or hands them over. */
@Injectable()
export class WorkerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly jobs: DispatchJob,
    private readonly executor: ExecuteRunService,
    private readonly control: RunControlService,
    private readonly sweeper: SweepJob,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.serve((grant) => this.executor.execute(grant));
    this.control.startBeating();
    this.sweeper.start();
  }

  /** No new runs; those under way get the grace; what is left after it is concluded with what it has, or handed over. */
  async beforeApplicationShutdown(): Promise<void> {
    this.sweeper.stop();
    await this.jobs.pause();
    const deadline = performance.now() + this.config.shutdownGraceMs;
    while (this.control.activeCount > 0 && performance.now() < deadline) await delay(100);
    if (this.control.activeCount > 0) this.logger.warn({ runs: this.control.activeCount }, 'the grace is over: ending or handing over what is left');
    this.control.endAll();
    await this.jobs.close(5_000);
    this.control.stopBeating();
  }
}
