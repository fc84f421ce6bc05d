import { Inject, Injectable } from '@nestjs/common';
import { systemContext } from '../../platform/context/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import type { Grant } from '../../upstream/index.js';
import type { Hold, RunPlan, UsageSource } from '../run/run.js';
import { RunRepository } from '../run/run.repository.js';
import { shownText } from '../stream/run-event.js';
import { StreamLogRepository, type Taken } from '../stream/stream-log.repository.js';
import { RunEnded, causeOfStop } from './active-runs.js';
import { Answer } from './answer.js';
import { FreshRuns, type FreshRun } from './fresh-runs.js';

/** A run in the hands of the one that may write it. */
export interface Held {
  readonly plan: RunPlan;
  readonly hold: Hold;
  readonly answer: Answer;
  /** Begun by this process a moment ago: its call may go out while it is taken. */
  readonly fresh: boolean;
  /** To be awaited before anything is written. Rejects with RunEnded where somebody else has it, or a stop came before the worker did. */
  readonly claimed: Promise<void>;
  /** Whose the words are, where they are told with their usage. */
  readonly source: Exclude<UsageSource, 'counted'>;
  /** An earlier worker had shown words of it already. */
  readonly interrupted: boolean;
  /** Moderation had broken it off, and its worker died before it was concluded. */
  readonly recalled: boolean;
  /** The question has passed; words are shown of no other. */
  passed: boolean;
}

type TakenWell = Extract<Taken, { kind: 'ok' }>;

/** A message's way, stage 7: whoever has a run's turn becomes the one that may write it. */
@Injectable()
export class HoldRun {
  constructor(private readonly log: StreamLogRepository, private readonly runs: RunRepository, private readonly fresh: FreshRuns, @Inject(LOGGER) private readonly logger: Logger) {}

  /** As a new generation where somebody else was before. Undefined where there is nothing to produce. */
  async hold(grant: Grant, source: Held['source']): Promise<Held | undefined> {
    const fresh = this.fresh.take(grant.runId);
    if (fresh !== undefined) return this.begun(grant, source, fresh);
    let taken: Taken = await this.log.take(grant.tenantId, grant.runId);
    if (taken.kind === 'taken' || taken.kind === 'gone') {
      const generation = await this.runs.takeOver(systemContext(grant.tenantId, 'dispatch', grant.runId), grant.runId);
      if (generation === undefined) return undefined;
      if (taken.kind === 'taken') taken = await this.log.retake(grant.tenantId, grant.runId, generation);
    }
    if (taken.kind !== 'ok' || taken.plan === undefined) {
      // Without its plan nothing can be produced; the sweeper concludes it from the row.
      this.logger.info({ run: grant.runId, tenant: grant.tenantId, kind: taken.kind }, 'a ticket without a run to produce');
      return undefined;
    }
    return heldAs(grant, source, taken, taken.plan);
  }

  /**
   * A run that this very process began a moment ago: nothing of it is read back, and its call to the model goes out while
   * it is taken. Whoever took it in between, as from a process that was frozen here, keeps it.
   */
  private begun(grant: Grant, source: Held['source'], { plan, sealed }: FreshRun): Held {
    const claimed = this.log.take(grant.tenantId, grant.runId).then((taken) => {
      if (taken.kind !== 'ok') throw new RunEnded({ kind: 'fenced' });
      if (taken.stop !== undefined) throw new RunEnded(causeOfStop(taken.stop));
    });
    // Told to whoever awaits it.
    claimed.catch(() => undefined);
    return { plan, hold: { runId: grant.runId, generation: 1, sealed }, answer: new Answer(1, ''), fresh: true, claimed, source, interrupted: false, recalled: false, passed: false };
  }
}

function heldAs(grant: Grant, source: Held['source'], { generation, sealed, events, stop }: TakenWell, plan: RunPlan): Held {
  const earlier = shownText(events);
  const claimed = stop === undefined ? Promise.resolve() : Promise.reject(new RunEnded(causeOfStop(stop)));
  claimed.catch(() => undefined);
  return {
    plan,
    hold: { runId: grant.runId, generation, sealed },
    answer: new Answer((events.at(-1)?.seq ?? 0) + 1, earlier),
    fresh: false,
    claimed,
    source,
    interrupted: earlier !== '',
    recalled: events.some(({ type }) => type === 'recall'),
    passed: earlier !== '',
  };
}
