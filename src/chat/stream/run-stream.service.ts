import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError, ERROR_CATALOGUE, ERROR_CODES, type ErrorCode } from '../../platform/errors/index.js';
import { now } from '../../platform/values/index.js';
import { WithheldCode } from '../../moderation/index.js';
import { MessageRepository } from '../messages/message.repository.js';
import { Answer } from '../produce/answer.js';
import type { RunRecord } from '../run/run.js';
import { RunRepository } from '../run/run.repository.js';
import type { WireSubject } from '../wire/wire.js';
import { FollowService } from './follow.service.js';
import { framesWithoutCode } from './frames-without-code.js';
import { isTerminal, type FinishReason, type RunEvent, type StreamFrame } from './run-event.js';
import { StreamLogRepository } from './stream-log.repository.js';

/** Two missed signs of life of a worker. */
const SILENT_MS = 7_000;

/** A run's frames for one client: from its log, and where the log is no more, from its row. */
@Injectable()
export class RunStreamService {
  constructor(
    private readonly follower: FollowService,
    private readonly log: StreamLogRepository,
    private readonly runs: RunRepository,
    private readonly messages: MessageRepository,
    private readonly database: Database,
    private readonly code: WithheldCode,
  ) {}

  /** What encoders must know of a run that was begun earlier. */
  subjectOf(run: RunRecord, includeUsage: boolean): WireSubject {
    return {
      runId: run.id,
      conversationId: run.conversationId ?? undefined,
      messageId: run.answerId,
      model: run.model,
      createdAt: Math.floor(run.createdAt.getTime() / 1000),
      includeUsage,
    };
  }

  /**
   * The frames of a run that was begun earlier.
   * @throws DomainError `not_found` when the rest after `after` can't be told any more because the log has expired.
   */
  async resume(ctx: RequestContext, run: RunRecord, after: number, signal: AbortSignal): Promise<AsyncGenerator<readonly StreamFrame[]>> {
    const expired = run.state !== 'opened' && (await this.log.pulse(ctx.tenantId, run.id)) === undefined;
    if (expired && after > 0) {
      throw new DomainError('not_found', { param: 'after', message: 'the stream of this run has expired; read the answer among the messages of its conversation' });
    }
    return expired ? this.shown(ctx, (from) => this.replay(ctx, run.id, from), after) : this.frames(ctx, run.id, after, signal, false);
  }

  /** Batches of frames after `after`, to the end of the run or of the client's interest. Always ends with a terminal event unless `signal` was aborted. */
  frames(ctx: RequestContext, runId: string, after: number, signal: AbortSignal, begunHere: boolean): AsyncGenerator<readonly StreamFrame[]> {
    const told = (from: number): AsyncGenerator<readonly StreamFrame[]> => this.told({ ctx, runId, begunHere }, from, after, signal);
    // What this very request began was made for its client.
    return begunHere ? told(after) : this.shown(ctx, told, after);
  }

  /** As the caller's client may show it: whether a line is code is told by those before it. @param told frames after a seq */
  private async *shown(ctx: RequestContext, told: (after: number) => AsyncGenerator<readonly StreamFrame[]>, after: number): AsyncGenerator<readonly StreamFrame[]> {
    const filter = await this.code.filterFor(ctx);
    yield* filter === undefined ? told(after) : framesWithoutCode(told(0), filter(), after);
  }

  /** @param from where to read on. @param after what the client has: its own end, where the log has none. */
  private async *told({ ctx, runId, begunHere }: { readonly ctx: RequestContext; readonly runId: string; readonly begunHere: boolean }, from: number, after: number, signal: AbortSignal): AsyncGenerator<readonly StreamFrame[]> {
    let seen = 0;
    for await (const batch of this.follower.follow({ tenantId: ctx.tenantId, runId, begunHere }, from, signal, () => this.isGone(ctx, runId))) {
      for (const frame of batch) if ('seq' in frame) seen = frame.seq;
      yield batch;
      if (batch.some((frame) => 'seq' in frame && isTerminal(frame))) return;
    }
    if (!signal.aborted) yield await this.fromRow(ctx, runId, Math.max(seen, after));
  }

  /** Whether the log has ended at, or before, `after`. */
  async hasNothingAfter(ctx: RequestContext, runId: string, after: number): Promise<boolean> {
    const last = await this.log.last(ctx.tenantId, runId);
    return last !== undefined && isTerminal(last) && last.seq <= after;
  }

  private async *replay(ctx: RequestContext, runId: string, after: number): AsyncGenerator<readonly StreamFrame[]> {
    yield await this.fromRow(ctx, runId, after);
  }

  /** The log will never say how the run ended, and its row says that it is over: Redis has forgotten it, or was away when it ended. */
  private async isGone(ctx: RequestContext, runId: string): Promise<boolean> {
    const pulse = await this.log.pulse(ctx.tenantId, runId);
    if (pulse !== undefined && (pulse.done || !pulse.taken || now() - (pulse.beatAt ?? 0) < SILENT_MS)) return false;
    const run = await this.runs.find(ctx, runId);
    return run !== undefined && run.state !== 'opened';
  }

  /** To a client that has nothing yet, the whole answer as the history has it; to one in the middle, only the end. */
  private async fromRow(ctx: RequestContext, runId: string, seen: number): Promise<readonly RunEvent[]> {
    const run = await this.runs.find(ctx, runId);
    if (run === undefined) throw new DomainError('not_found', { param: 'id' });
    if (seen > 0) return [terminalOf(ctx, run, seen + 1)];
    const message = await this.database.readTenant(ctx, (tx) => this.messages.find(tx, run.answerId));
    const answer = new Answer(1);
    const started = answer.started();
    answer.logged();
    const deltas = message === undefined || message.content === '' || message.state === 'refused' ? [] : answer.say([message.content], 0);
    answer.logged();
    return [...started, ...deltas, terminalOf(ctx, run, answer.seq)];
  }
}

function terminalOf(ctx: RequestContext, run: RunRecord, seq: number): RunEvent {
  const code = codeOf(run.errorCode);
  if (code !== undefined) return { type: 'error', seq, code, message: ERROR_CATALOGUE[code].text[ctx.locale] };
  return { type: 'done', seq, finishReason: (run.finishReason ?? 'stop') as FinishReason, usage: { promptTokens: run.promptTokens ?? 0, completionTokens: run.completionTokens ?? 0 } };
}

function codeOf(text: string | null): ErrorCode | undefined {
  return ERROR_CODES.find((code) => code === text);
}
