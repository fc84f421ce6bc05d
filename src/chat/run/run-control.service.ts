import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { isId } from '../../platform/values/index.js';
import { StandingService } from '../../identity/index.js';
import { TenantService } from '../../tenants/index.js';
import { Dispatcher } from '../../upstream/index.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { ActiveRuns, isOf, type ActiveRun, type EndCause, causeOfStop } from '../produce/active-runs.js';
import { ConcludeRunService } from './conclude-run.service.js';
import { userOf } from './owner.js';
import { NOTHING_SAID, type Outcome, type RunRecord } from './run.js';
import { RunRepository } from './run.repository.js';

const STOPS = 'runs.stop';
const BEAT_MS = 3_000;
const STOPPED = { kind: 'stopped' } as const;

/** The caller's own run: `model` as they may see it. */
export interface OwnRun extends RunRecord {
  /** What its model is called here; for the house alone. */
  readonly catalogueName: string;
}

/** Why a run is ended from outside. */
type OutsideCause = Extract<EndCause, { kind: 'stopped' | 'refused' }>;

/**
 * Ends runs from outside: a user's stop, a ban, a suspended tenant. Reaches the
 * worker, wherever it is, by the bus and by a mark in the run's log.
 */
@Injectable()
export class RunControlService implements OnModuleInit {
  private beating: NodeJS.Timeout | undefined;

  constructor(
    private readonly runs: RunRepository,
    private readonly log: StreamLogRepository,
    private readonly concluder: ConcludeRunService,
    private readonly active: ActiveRuns,
    private readonly dispatcher: Dispatcher,
    private readonly bus: Bus,
    private readonly standing: StandingService,
    private readonly tenants: TenantService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.subscribe(STOPS, (message) => {
      const [runId, code] = message.split(' ');
      if (runId !== undefined && code !== undefined) this.active.get(runId)?.end(causeOfStop(code));
    });
    this.standing.onLost(({ tenantId, userId, code }) => {
      this.active.endWhere((run) => isOf(run, tenantId, userId), code === 'user_banned' ? { kind: 'refused', code } : { kind: 'stopped' });
    });
    this.tenants.onSuspended((tenantId) => this.active.endWhere((run) => run.ctx.tenantId === tenantId, { kind: 'refused', code: 'tenant_suspended' }));
    // News of bans may have been missed while the bus was away.
    this.bus.onGap(() => this.active.all().forEach((run) => this.reassert(run)));
  }

  /** Signs of life for the runs of this process; those that were lost meanwhile end. Once is enough. */
  startBeating(): void {
    this.beating ??= setInterval(() => {
      for (const run of this.active.all()) {
        this.log.beat(run.ctx.tenantId, run).then(
          (beat) => {
            if (!beat.held) this.recheck(run.ctx.tenantId, run.runId);
            else if (beat.stop !== undefined) run.end(causeOfStop(beat.stop));
          },
          () => undefined,
        );
      }
    }, BEAT_MS);
    this.beating.unref();
  }

  /** Ends every run of this worker that has shown words, hands the others over. For shutdown, after the grace. */
  endAll(): void {
    this.active.endWhere(() => true, { kind: 'shutdown' });
  }

  stopBeating(): void {
    clearInterval(this.beating);
  }

  get activeCount(): number {
    return this.active.all().length;
  }

  /** The caller's own run, its model under the name that this client may see. @throws DomainError `not_found` for anybody else's. */
  async own(ctx: RequestContext, runId: string): Promise<OwnRun> {
    const run = isId(runId) ? await this.runs.find(ctx, runId) : undefined;
    if (run === undefined || run.userId !== userOf(ctx)) throw new DomainError('not_found', { param: 'id' });
    const shown = await this.tenants.modelNames(ctx);
    return { ...run, model: shown(run.model), catalogueName: run.model };
  }

  /** Stops a run of the caller's. Stopping twice, or after the end, is the same as once. */
  async stop(ctx: RequestContext, runId: string): Promise<RunRecord> {
    const run = await this.own(ctx, runId);
    if (run.state === 'opened') await this.endRun(ctx.tenantId, runId, STOPPED);
    return run;
  }

  /**
   * A client that waited for a run is gone: who began it, or a follower. Once nobody is there for it, a run that still
   * waits gives back its place, its hold and its idempotency key; one that is being produced goes on.
   * @param mayClaim also where it is on its way to a worker.
   */
  async abandon(tenantId: string, runId: string, { began, mayClaim }: { readonly began: boolean; readonly mayClaim: boolean }): Promise<void> {
    const answer = await this.log.leave(tenantId, runId, began, mayClaim);
    if (answer === 'claimed') {
      // First the place: it is nobody's, whatever fails behind it.
      await this.dispatcher.withdraw(runId);
      await this.freeKey(tenantId, runId);
      await this.concludeClaimed(tenantId, runId, STOPPED);
    } else if (answer === 'forsaken') {
      await this.endForsakenWaiting(tenantId, runId);
    }
  }

  /** Ends a run whoever owns it, for reasons that stand above the owner. */
  async endRun(tenantId: string, runId: string, cause: OutsideCause): Promise<void> {
    const code = cause.kind === 'refused' ? cause.code : 'stopped';
    const answer = await this.log.stop(tenantId, runId, code);
    if (answer === 'claimed') {
      await this.dispatcher.withdraw(runId);
      await this.concludeClaimed(tenantId, runId, cause);
    } else if (answer === 'told') {
      await this.bus.publish(STOPS, `${runId} ${code}`);
      // Whoever had it gave it to the queue: nobody is there to hear of the stop.
      if (await this.dispatcher.leave(runId)) await this.concludeWaiting(tenantId, runId, cause);
    }
  }

  /** No worker had it: the run is ours to conclude, and its ticket is void. */
  private async concludeClaimed(tenantId: string, runId: string, cause: OutsideCause): Promise<void> {
    const plan = await this.log.plan(tenantId, runId);
    if (plan === undefined) return;
    await this.concluder.conclude(plan, { runId, generation: 1 }, 1, { ...endOf(cause), ...NOTHING_SAID });
  }

  /** A run that was given to the queue: where its clients left before that, it is abandoned now. */
  async endForsaken(tenantId: string, runId: string): Promise<void> {
    if (await this.log.isForsaken(tenantId, runId)) await this.endForsakenWaiting(tenantId, runId);
  }

  /** Where it waits. Marked as stopped before its key is free: who takes it after a failure here must not produce it, too. */
  private async endForsakenWaiting(tenantId: string, runId: string): Promise<void> {
    if (!(await this.dispatcher.leave(runId))) return;
    await this.log.stop(tenantId, runId, 'stopped');
    await this.freeKey(tenantId, runId);
    await this.concludeWaiting(tenantId, runId, STOPPED);
  }

  /** Somebody had it, showed nothing of it and gave it to the queue; it has just left that, and is ours. */
  private async concludeWaiting(tenantId: string, runId: string, cause: OutsideCause): Promise<void> {
    const generation = await this.runs.takeOver(systemContext(tenantId, 'stop', runId), runId);
    if (generation === undefined) return;
    const taken = await this.log.retake(tenantId, runId, generation);
    if (taken.kind !== 'ok' || taken.plan === undefined) return;
    const seq = (taken.events.at(-1)?.seq ?? 0) + 1;
    await this.concluder.conclude(taken.plan, { runId, generation, sealed: taken.sealed }, seq, { ...endOf(cause), ...NOTHING_SAID });
  }

  /** Before its end is told: whoever asks again begins anew, and is not given an end without a word for ever. */
  private async freeKey(tenantId: string, runId: string): Promise<void> {
    await this.runs.freeKey(systemContext(tenantId, 'leave', runId), runId);
  }

  private reassert(run: ActiveRun): void {
    this.standing.assertGood(run.ctx).catch((error: unknown) => {
      if (DomainError.is(error, 'user_banned')) run.end({ kind: 'refused', code: 'user_banned' });
      else if (DomainError.is(error, 'tenant_suspended')) run.end({ kind: 'refused', code: 'tenant_suspended' });
    });
  }

  private recheck(tenantId: string, runId: string): void {
    this.log.pulse(tenantId, runId).then(
      (pulse) => this.active.get(runId)?.end({ kind: pulse === undefined ? 'gone' : 'fenced' }),
      (error: unknown) => this.logger.debug(errorFields(error), 'a run could not be looked up'),
    );
  }
}

function endOf(cause: OutsideCause): Pick<Outcome, 'state' | 'finishReason' | 'errorCode'> {
  return cause.kind === 'refused' ? { state: 'refused', errorCode: cause.code } : { state: 'stopped', finishReason: 'stopped' };
}
