import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { Dispatcher, type Position } from '../../upstream/index.js';
import { hasWords, withQueuedFrames } from '../stream/queued-frames.js';
import type { StreamFrame } from '../stream/run-event.js';
import { RunControlService, type OwnRun } from '../run/run-control.service.js';
import type { StartedRun } from './launch-run.service.js';

type Frames = AsyncGenerator<readonly StreamFrame[]>;

/** A run and its clients while it waits for a channel: they are told its place, and when the last of them leaves, the place is freed. */
@Injectable()
export class QueuedRunService {
  constructor(private readonly dispatcher: Dispatcher, private readonly control: RunControlService, @Inject(LOGGER) private readonly logger: Logger) {}

  /** The run's frames, with its place before them as long as it waits. */
  frames(ctx: RequestContext, run: StartedRun, frames: Frames): Frames {
    const { model, position, follows, runId } = run;
    if (model === undefined) return this.repeated(ctx, runId, frames);
    const ask = (): Promise<Position | undefined> => this.dispatcher.place(ctx.tenantId, runId, model);
    if (follows) return withQueuedFrames(undefined, ask, frames, { isOver: hasWords });
    return position.position === 0 ? frames : withQueuedFrames(position, ask, frames);
  }

  /** The same for a run that was begun earlier, and may wait or have been taken by now. @throws what reading its place throws. */
  async *resumed(ctx: RequestContext, run: OwnRun, frames: Frames): Frames {
    const ask = (): Promise<Position | undefined> => this.dispatcher.place(ctx.tenantId, run.id, run.catalogueName);
    yield* run.state === 'opened' ? withQueuedFrames(await ask(), ask, frames, { isOver: hasWords }) : frames;
  }

  /** The client that began it, or asked for it again, is gone. */
  async left(ctx: RequestContext, { runId, repeated, position }: StartedRun): Promise<void> {
    await this.abandon(ctx, runId, { began: !repeated, mayClaim: repeated || position.position > 0 });
  }

  /** A client that followed it is gone. */
  async unfollowed(ctx: RequestContext, runId: string): Promise<void> {
    await this.abandon(ctx, runId, { began: false, mayClaim: true });
  }

  private async *repeated(ctx: RequestContext, runId: string, frames: Frames): Frames {
    yield* this.resumed(ctx, await this.control.own(ctx, runId), frames);
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
