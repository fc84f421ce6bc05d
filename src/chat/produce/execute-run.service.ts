import { Inject, Injectable } from '@nestjs/common';
import { DomainError, type ErrorCode } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay, now } from '../../platform/values/index.js';
import { StandingService } from '../../identity/index.js';
import type { GateChunk, GateEvent } from '../../moderation/index.js';
import { UpstreamFailure, type DeltaBatch, type Grant } from '../../upstream/index.js';
import { fixedAnswer, toldAgain } from '../cache/stored-answer.js';
import type { RunEvent } from '../stream/run-event.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { ActiveRuns, RunEnded, type EndCause } from './active-runs.js';
import { Answer, AnswerTooLong } from './answer.js';
import { HoldRun, type Held } from './hold-run.service.js';
import { ConcludeRunService } from '../run/conclude-run.service.js';
import { RunUsage, type Ending } from './run-usage.service.js';
import { ScreenRun, type RunScreening } from './screen-run.service.js';
import { finishReasonOf, type Outcome } from '../run/run.js';

/** First words that come within this are told together with the start. */
const AT_ONCE_MS = 25;

/** Tells what still listens that the run is over. Made once: an error's stack costs more than the rest of the abort. */
const OVER = new RunEnded({ kind: 'gone' });

/** An answer that moderation broke off. */
const RECALLED: Ending = { state: 'refused', finishReason: 'content_filter', recalled: true };

/** What a failure of the upstream means for the user. */
const CODE_OF_FAILURE: Readonly<Partial<Record<UpstreamFailure['kind'], ErrorCode>>> = { content_policy: 'content_blocked', context_length: 'invalid_request' };

/**
 * A message's way, stages 7 to 10: called by the queue, produces the answer
 * into the stream log, and always leaves through conclude (11).
 *
 * A worker may die, or freeze and thaw, at any line. The run then goes to
 * another worker under a higher generation: with nothing shown yet it begins
 * anew; with words shown it ends as failed, with the words that were produced.
 */
@Injectable()
export class ExecuteRunService {
  constructor(
    private readonly log: StreamLogRepository,
    private readonly holder: HoldRun,
    private readonly concluder: ConcludeRunService,
    private readonly standing: StandingService,
    private readonly active: ActiveRuns,
    private readonly screens: ScreenRun,
    private readonly usage: RunUsage,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** The handler of the queue. Never throws for what can be concluded. @param source `cache`: the grant gives words that were stored. */
  async execute(grant: Grant, source: Held['source'] = 'upstream'): Promise<'done' | 'hand_over'> {
    const held = await this.holder.hold(grant, source);
    if (held === undefined) return 'done';
    const control = new AbortController();
    const end = (cause: EndCause): void => control.abort(new RunEnded(cause));
    const onLost = (): void => end({ kind: 'fenced' });
    grant.lost.addEventListener('abort', onLost, { once: true });
    const entry = { runId: grant.runId, generation: held.hold.generation, ctx: held.plan.ctx, spoke: held.interrupted, end };
    const forget = this.active.add(entry);
    try {
      const outcome = await this.produce(grant, held, control.signal, end, () => { entry.spoke = true; });
      if (outcome === 'fenced' || outcome === 'hand_over') return outcome === 'fenced' ? 'done' : outcome;
      await this.concluder.conclude(held.plan, held.hold, held.answer.seq, { ...outcome, expense: grant.expense(outcome.usage) });
      return 'done';
    } finally {
      // Whatever is still open towards the upstream ends with the run.
      control.abort(OVER);
      forget();
      grant.lost.removeEventListener('abort', onLost);
    }
  }

  private async produce(grant: Grant, held: Held, signal: AbortSignal, end: (cause: EndCause) => void, onSpoke: () => void): Promise<Outcome | 'fenced' | 'hand_over'> {
    const { answer, plan } = held;
    let screening: RunScreening | undefined;
    try {
      if (!held.fresh) await held.claimed;
      if (held.interrupted) return await this.lost(held);
      await this.standing.assertGood(plan.ctx);
      screening = await this.screens.open(plan);
      // A refusal ends the call to the model at once.
      screening.passed.then(() => { held.passed = true; }, (error: unknown) => error instanceof RunEnded && end(error.endCause));
      if (screening.before) await screening.passed;
      // A fixed reply is given by whoever has the run, also after the process died that began it.
      const opening = plan.fixedReply === undefined ? grant.open(plan.request, signal) : Promise.resolve(toldAgain(fixedAnswer(plan.fixedReply), plan.promptTokens));
      // Its failure is seen below; until then it must not count as unhandled.
      opening.catch(() => undefined);
      await held.claimed;
      if (answer.seq === 1) await this.begin(held, signal, opening);
      for await (const events of screening.gate.through(wordsOf(opening, answer))) {
        if (signal.aborted) {
          if (!isJudgedToTheEnd(signal)) break;
          if (await this.takeBack(held, events)) return await this.brokenOff(held, events, screening);
          continue;
        }
        const first = !answer.spoke;
        // No word is shown before the question has passed.
        if (first) await screening.passed;
        const stopped = await this.tell(held, signal, events);
        if (first && answer.spoke) {
          onSpoke();
          this.metrics.firstToken.observe({ model: plan.request.model }, (now() - plan.requestedAt) / 1000);
        }
        if (stopped) return await this.brokenOff(held, events, screening);
      }
      if (signal.aborted) throw signal.reason;
      await screening.passed;
      if (answer.finishReason === 'content_filter') return await this.outcome(held, plan.fixedReply !== undefined ? { ...RECALLED, withholdsQuestion: true } : filteredUpstream(answer));
      return await this.outcome(held, { state: 'finished', finishReason: finishReasonOf(answer.finishReason), ...(screening.gate.withholds ? { partial: true } : {}) });
    } catch (error) {
      if (await isFenced(held)) return 'fenced';
      // The question stays though its answer was stopped: whether it may is for the verdict to say.
      const blocked = isJudgedToTheEnd(signal) ? await screening?.passed.then(() => undefined, (refusal: unknown) => refusal) : undefined;
      return this.explain(held, blocked ?? (signal.aborted ? signal.reason : error));
    }
  }

  /** An earlier worker died in mid-answer: what it had shown stays, unless it must not, which perhaps nobody had found out yet. */
  private async lost(held: Held): Promise<Outcome> {
    if (held.recalled) return this.outcome(held, RECALLED);
    const replace = await this.screens.judgeShown(held.plan, held.answer.content);
    if (replace === undefined) return this.outcome(held, { state: 'failed', errorCode: 'unavailable' });
    await this.takeBack(held, [{ type: 'stop', keep: 0, takesBack: true, replace }]);
    return this.outcome(held, RECALLED);
  }

  /** Stage 9 to 10: what the gate lets through. @returns whether it broke the answer off. */
  private async tell(held: Held, signal: AbortSignal, events: readonly GateEvent[]): Promise<boolean> {
    const texts = events.flatMap((event) => (event.type === 'text' ? event.text : []));
    await this.append(held, signal, held.answer.say(texts, performance.now()));
    const stop = events.find((event) => event.type === 'stop');
    if (stop === undefined) return false;
    const replace = noticeOf(stop);
    if (!(await this.takeBack(held, events))) await this.append(held, signal, held.answer.say([replace], performance.now()));
    return true;
  }

  /** What the gate takes back, also of an answer that was stopped meanwhile. @returns whether there was anything */
  private async takeBack(held: Held, events: readonly GateEvent[]): Promise<boolean> {
    const stop = events.find((event) => event.type === 'stop');
    if (stop === undefined || !stop.takesBack) return false;
    const refusal = await this.log.recall(held.plan.ctx.tenantId, held.hold, held.answer.recall(stop.keep, noticeOf(stop)));
    if (refusal !== undefined) throw new RunEnded({ kind: refusal });
    held.answer.logged();
    return true;
  }

  /** Tells that a worker has begun; where the first words are there at once, they are told together. */
  private async begin(held: Held, signal: AbortSignal, opening: Promise<unknown>): Promise<void> {
    const started = held.answer.started();
    const waiting = new AbortController();
    const late = delay(AT_ONCE_MS, waiting.signal).then(() => true, () => false);
    const isLate = await Promise.race([opening.then(() => false, () => false), late]);
    waiting.abort(OVER);
    if (isLate) await this.append(held, signal, started);
  }

  /** Stage 10. The log is the gate: what it refuses was never said. */
  private async append(held: Held, signal: AbortSignal, events: readonly RunEvent[]): Promise<void> {
    if (signal.aborted) throw signal.reason;
    const refusal = await this.log.append(held.plan.ctx.tenantId, held.hold, events);
    if (refusal !== undefined) throw new RunEnded({ kind: refusal });
    held.answer.logged();
  }

  private async explain(held: Held, error: unknown): Promise<Outcome | 'fenced' | 'hand_over'> {
    if (error instanceof RunEnded) return this.ended(held, error.endCause);
    if (error instanceof AnswerTooLong) return this.outcome(held, { state: 'finished', finishReason: 'length' });
    if (error instanceof UpstreamFailure) {
      this.logger.warn({ run: held.hold.runId, tenant: held.plan.ctx.tenantId, kind: error.kind, status: error.status }, 'the upstream failed');
      const errorCode = CODE_OF_FAILURE[error.kind] ?? 'upstream_error';
      return this.outcome(held, { state: errorCode === 'content_blocked' ? 'refused' : 'failed', errorCode });
    }
    if (error instanceof DomainError) return this.outcome(held, { state: error.definition.status === 403 ? 'refused' : 'failed', errorCode: error.code });
    this.logger.error({ run: held.hold.runId, tenant: held.plan.ctx.tenantId, ...errorFields(error) }, 'a run failed');
    return this.outcome(held, { state: 'failed', errorCode: 'unavailable' });
  }

  private async ended(held: Held, cause: EndCause): Promise<Outcome | 'fenced' | 'hand_over'> {
    switch (cause.kind) {
      case 'fenced':
        return 'fenced';
      case 'shutdown':
        return held.answer.spoke ? this.outcome(held, { state: 'failed', errorCode: 'unavailable' }) : 'hand_over';
      case 'stopped':
        return this.outcome(held, { state: 'stopped', finishReason: 'stopped' });
      case 'refused':
        return this.outcome(held, { state: 'refused', errorCode: cause.code });
      case 'blocked':
        return this.outcome(held, cause.code === 'unavailable' ? { state: 'failed', errorCode: cause.code } : { state: 'refused', errorCode: cause.code, withholdsQuestion: true, ...(cause.message === undefined ? {} : { message: cause.message }) });
      case 'gone':
        return this.outcome(held, { state: 'failed', errorCode: 'unavailable' });
    }
  }

  /** The gate broke the answer off, and the notice stands at its end. Nobody pays for an answer that nobody could judge, or that has no words. */
  private async brokenOff(held: Held, events: readonly GateEvent[], { gate }: RunScreening): Promise<Outcome> {
    const stop = events.find((event) => event.type === 'stop');
    const { content } = held.answer;
    const shown = stop !== undefined && content.endsWith(noticeOf(stop)) ? content.slice(0, -noticeOf(stop).length) : content;
    const charge = stop?.unavailable === true || (gate.charge === 'shown' && shown === '') ? 'nothing' : gate.charge;
    const outcome = await this.outcome(held, { ...RECALLED, charge }, gate.produced);
    return charge === 'shown' ? { ...outcome, usage: await this.usage.of(outcome.usage, shown) } : outcome;
  }

  private async outcome(held: Held, end: Ending, produced?: string): Promise<Outcome> {
    return this.usage.outcome(held.plan, held.answer, held.source, held.passed ? { ...end, questionJudged: true } : end, produced);
  }
}

/** What the user reads in place of what is withheld. */
function noticeOf({ keep, replace }: Extract<GateEvent, { type: 'stop' }>): string {
  return keep === 0 ? replace : `\n\n${replace}`;
}

/** The model's own filter ended it: what was shown stands, as when the gate breaks an answer off; where nothing was, there is nothing to show. */
function filteredUpstream({ spoke }: Answer): Ending {
  return spoke ? RECALLED : { state: 'refused', finishReason: 'content_filter' };
}

/** Somebody stopped it, or the process goes: what was shown stays, and so it has to be judged. */
function isJudgedToTheEnd({ reason }: AbortSignal): boolean {
  return reason instanceof RunEnded && (reason.endCause.kind === 'stopped' || reason.endCause.kind === 'shutdown');
}

/** Somebody else has it: what went wrong here before that was known is nothing that it ends with. */
async function isFenced({ claimed }: Held): Promise<boolean> {
  return claimed.then(() => false, (error: unknown) => error instanceof RunEnded && error.endCause.kind === 'fenced');
}

/** The words of the batches; what comes beside them is noted on the way. */
async function* wordsOf(opening: Promise<AsyncIterable<DeltaBatch>>, answer: Answer): AsyncGenerator<GateChunk> {
  for await (const batch of await opening) {
    answer.note(batch);
    yield batch;
  }
}
