import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { Dispatcher } from '../../upstream/index.js';
import { withQueuedFrames } from '../stream/queued-frames.js';
import type { StreamFrame } from '../stream/run-event.js';
import { RunControlService } from '../run/run-control.service.js';
import type { StartedRun } from './launch-run.service.js';

type Frames = AsyncGenerator<readonly StreamFrame[]>;

/** A run and its clients while it waits for a channel: they are told its place, and when the last of them leaves, the place is freed. */
@Injectable()
export class QueuedRunService {
  constructor(private readonly dispatcher: Dispatcher, private readonly control: RunControlService, @Inject(LOGGER) private readonly logger: Logger) {}

  /** The run's frames, with its place before them as long as it waits. */
  frames(ctx: RequestContext, run: StartedRun, frames: Frames): Frames {
    const { model } = run;
    if (run.position.position === 0 || model === undefined) return frames;
    return withQueuedFrames(run.position, () => this.dispatcher.place(ctx.tenantId, run.runId, model), frames);
  }

  /** The client that began it, or asked for it again, is gone. */
  async left(ctx: RequestContext, { runId, repeated, position }: StartedRun): Promise<void> {
    await this.abandon(ctx, runId, { began: !repeated, mayClaim: repeated || position.position > 0 });
  }

  /** A client that followed it is gone. */
  async unfollowed(ctx: RequestContext, runId: string): Promise<void> {
    await this.abandon(ctx, runId, { began: false, mayClaim: true });
  }

  /** Never throws: nobody would hear it. */
  private async abandon(ctx: RequestContext, runId: string, how: { readonly began: boolean; readonly mayClaim: boolean }): Promise<void> {
    try {
      await this.control.abandon(ctx.tenantId, runId, how);
    } catch (error) {
      this.logger.warn({ run: runId, tenant: ctx.tenantId, ...errorFields(error) }, 'a run whose client left could not be taken out of the queue');
    }
  }
}
