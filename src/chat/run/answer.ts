import type { DeltaBatch, UpstreamUsage } from '../../upstream/index.js';
import { DELTA_LIMIT, type RunEvent } from '../stream/run-event.js';
import { PaceMeter } from '../wire/pace.js';

/** Longest answer in UTF-16 units: a bound on memory, far above any model's longest answer. */
export const ANSWER_LIMIT = 1 << 20;

/** The upstream writes more than any answer may have. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/** An answer as it grows: turns batches of the upstream into numbered events, and remembers the words for the record. */
export class Answer {
  private readonly parts: string[] = [];
  private length = 0;
  private readonly pace = new PaceMeter();
  finishReason: string | undefined;
  usage: UpstreamUsage | undefined;

  /** @param nextSeq of the next event in the log. */
  constructor(private nextSeq: number, earlier = '') {
    if (earlier !== '') this.parts.push(earlier);
    this.length = earlier.length;
  }

  get seq(): number {
    return this.nextSeq;
  }

  get content(): string {
    return this.parts.join('');
  }

  get spoke(): boolean {
    return this.length > 0;
  }

  started(): RunEvent {
    return { type: 'started', seq: this.nextSeq++ };
  }

  /** @throws AnswerTooLong past ANSWER_LIMIT; what came before stays. */
  take(batch: DeltaBatch, atMs: number): readonly RunEvent[] {
    if (batch.finishReason !== undefined) this.finishReason = batch.finishReason;
    if (batch.usage !== undefined) this.usage = batch.usage;
    const events: RunEvent[] = [];
    for (const content of batch.contents.flatMap(cut)) {
      if (this.length + content.length > ANSWER_LIMIT) throw new AnswerTooLong();
      this.parts.push(content);
      this.length += content.length;
      const pace = this.pace.observe(content.length, atMs);
      events.push({ type: 'delta', seq: this.nextSeq++, content, ...(pace === undefined ? {} : { pace }) });
    }
    return events;
  }
}

/** Cuts a long delta into pieces that fit a frame, never inside a surrogate pair. */
function cut(content: string): readonly string[] {
  if (content.length <= DELTA_LIMIT) return [content];
  const pieces: string[] = [];
  for (let from = 0; from < content.length; ) {
    let to = Math.min(content.length, from + DELTA_LIMIT);
    const unit = content.charCodeAt(to - 1);
    if (to < content.length && unit >= 0xd800 && unit <= 0xdbff) to -= 1;
    pieces.push(content.slice(from, to));
    from = to;
  }
  return pieces;
}
