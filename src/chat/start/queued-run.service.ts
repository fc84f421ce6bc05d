import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { Dispatcher } from '../../upstream/index.js';
import { withQueuedFrames } from '../stream/queued-frames.js';
import type { StreamFrame } from '../stream/run-event.js';
import { RunControlService } from '../run/run-control.service.js';
import type { StartedRun } from './launch-run.service.js';

/** A run and its client while it waits for a channel: the client is told its place, and when it leaves, the place is freed. */
@Injectable()
export class QueuedRunService {
  constructor(private readonly dispatcher: Dispatcher, private readonly control: RunControlService, @Inject(LOGGER) private readonly logger: Logger) {}

  /** The run's frames, with its place before them as long as it waits. */
  frames(ctx: RequestContext, run: StartedRun, frames: AsyncGenerator<readonly StreamFrame[]>): AsyncGenerator<readonly StreamFrame[]> {
    const { model } = run;
    if (run.position.position === 0 || model === undefined) return frames;
    return withQueuedFrames(run.position, () => this.dispatcher.place(ctx.tenantId, run.runId, model), frames);
  }

  /** The client that began it is gone. Never throws: nobody would hear it. */
  async left(ctx: RequestContext, run: StartedRun): Promise<void> {
    if (run.position.position === 0) return;
    try {
      await this.control.abandon(ctx.tenantId, run.runId);
    } catch (error) {
      this.logger.warn({ run: run.runId, tenant: ctx.tenantId, ...errorFields(error) }, 'a run whose client left could not be taken out of the queue');
    }
  }
}
