import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, sqlState } from '../../platform/database/index.js';
import { isAway } from '../../platform/errors/index.js';
import { Stage } from '../../platform/rehearsal/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay, newId, timeOfId } from '../../platform/values/index.js';
import type { Judgement } from '../verdict.js';
import { VerdictBuffer } from './verdict-buffer.js';
import { VerdictMonths } from './verdict-months.service.js';
import { isCleanPass, isUrgent, keepable, scoreOf, type VerdictRecord, type VerdictSubject } from './verdict-record.js';
import { VerdictTexts, type TextColumns } from './verdict-texts.service.js';

const GATHER_MS = 200;
const RETRY_MS = 1_000;
const BATCH = 512;
/** What a process keeps while PostgreSQL is away. */
const BOUNDS = { records: 20_000, text: 16_000_000 } as const;
const LAST_FLUSH_MS = 5_000;
/** SQLSTATE of a row for which no partition is there, among others. */
const CHECK_VIOLATION = '23514';

type Outcome = 'written' | 'again' | 'lost';

/** Writes judgements down, behind everybody's back: nobody waits for it, and nobody hears of its troubles but the metrics. */
@Injectable()
export class VerdictLog implements OnApplicationShutdown {
  private readonly buffer = new VerdictBuffer(BOUNDS);
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;
  private closing = false;

  constructor(
    private readonly database: Database,
    private readonly texts: VerdictTexts,
    private readonly months: VerdictMonths,
    private readonly metrics: Metrics,
    private readonly stage: Stage,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes the judgements of one subject; those of a rehearsal are nobody's. Never throws, never waits. What was acted upon is written at once, the rest within a moment. */
  record(ctx: RequestContext, subject: VerdictSubject, judgements: readonly Judgement[]): void {
    if (judgements.length === 0 || this.stage.holds(ctx.tenantId)) return;
    const text = subject.texts.join('\n');
    const common = {
      tenantId: ctx.tenantId, userId: subject.userId ?? (ctx.actor.kind === 'user' ? ctx.actor.userId : undefined),
      conversationId: subject.conversationId, runId: subject.runId, messageId: subject.messageId, textDigest: this.texts.digestOf(ctx.tenantId, text), textLength: text.length,
    };
    for (const { layer, stage, action } of judgements) this.metrics.judgements.inc({ layer, stage, action });
    this.keep(judgements.map((judgement) => ({ ...common, id: newId(), judgement, text: isCleanPass(judgement) ? undefined : keepable(text) })));
    if (judgements.some(isUrgent)) setImmediate(() => void this.flush());
    else this.flushWithin(GATHER_MS);
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushing ??= this.drain().finally(() => {
      this.flushing = undefined;
      this.metrics.verdictsWaiting.set(this.buffer.size);
    });
    await this.flushing;
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing = true;
    await Promise.race([this.flush().then(() => this.flush()), delay(LAST_FLUSH_MS)]);
    clearTimeout(this.timer);
    if (this.buffer.size > 0) this.logger.error({ verdicts: this.buffer.size }, 'verdicts were lost: they could not be written before the end');
  }

  private flushWithin(ms: number): void {
    if (!this.closing) this.timer ??= setTimeout(() => void this.flush(), ms).unref();
  }

  private keep(records: readonly VerdictRecord[]): void {
    const lost = this.buffer.add(records);
    if (lost.clean > 0) this.metrics.verdictsLost.inc({ kind: 'clean' }, lost.clean);
    if (lost.other > 0) this.metrics.verdictsLost.inc({ kind: 'other' }, lost.other);
    this.metrics.verdictsWaiting.set(this.buffer.size);
  }

  /** Until nothing waits, or PostgreSQL takes nothing. */
  private async drain(): Promise<void> {
    while (this.buffer.size > 0) {
      const records = this.buffer.take(BATCH);
      const outcomes = await Promise.all(records.map((record) => this.write(record)));
      const again = records.filter((_, at) => outcomes[at] === 'again');
      if (again.length === 0) continue;
      this.keep(again);
      this.flushWithin(RETRY_MS);
      return;
    }
  }

  /** One row; the rows of one batch share their statements. */
  private async write(record: VerdictRecord, monthMissing = false): Promise<Outcome> {
    try {
      await this.database.call(record, 'record_verdicts', rowOf(record, await this.texts.columnsOf(record)));
      return 'written';
    } catch (error) {
      if (isAway(error)) return 'again';
      if (!monthMissing && sqlState(error) === CHECK_VIOLATION) return this.writeInNewMonth(record);
      this.metrics.verdictsLost.inc({ kind: 'refused' });
      this.logger.error({ tenant: record.tenantId, layer: record.judgement.layer, ...errorFields(error) }, 'a verdict could not be written');
      return 'lost';
    }
  }

  /** The month may have come before the daily job. */
  private async writeInNewMonth(record: VerdictRecord): Promise<Outcome> {
    await this.months.makeAhead().catch((error: unknown) => this.logger.warn(errorFields(error), 'the months of the verdict log could not be made'));
    return this.write(record, true);
  }
}

/** What is undefined is left out on the way, and stands as null: most of a clean pass is. */
function rowOf(record: VerdictRecord, texts: TextColumns): object {
  const { id, judgement } = record;
  const { stage, layer, asked, action, cached, shadow, failure, traceId } = judgement;
  return {
    id, created_at: new Date(timeOfId(id)).toISOString(), stage, layer, version: keepable(judgement.version, 100), asked, action, label: keepable(judgement.label, 100) || 'normal', score: scoreOf(judgement),
    trace_id: traceId === undefined ? undefined : keepable(traceId, 200), failure,
    latency_ms: Math.max(0, Math.round(judgement.latencyMs)), cached, shadow,
    user_id: record.userId, conversation_id: record.conversationId, run_id: record.runId, message_id: record.messageId,
    text_digest: record.textDigest, text_length: record.textLength, ...texts,
  };
}
