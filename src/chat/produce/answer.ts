import type { DeltaBatch, UpstreamUsage } from '../../upstream/index.js';
import { pieces, type RunEvent } from '../stream/run-event.js';
import { PaceMeter } from '../wire/pace.js';

/** Longest answer in UTF-16 units: a bound on memory, far above any model's longest answer. */
export const ANSWER_LIMIT = 1 << 20;

/** The upstream writes more than any answer may have. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/**
 * An answer as it grows: turns batches of the upstream into numbered events,
 * and remembers the words for the record. Only what the log has taken counts:
 * words that nobody can read were not produced.
 */
export class Answer {
  /** The words that stand, each with the event that told them. */
  private parts: { readonly seq: number; readonly content: string }[] = [];
  private length = 0;
  private pending: readonly RunEvent[] = [];
  private readonly pace = new PaceMeter();
  finishReason: string | undefined;
  usage: UpstreamUsage | undefined;

  /** @param nextSeq of the next event in the log. @param earlier what stands of an earlier worker's words. */
  constructor(private nextSeq: number, earlier = '') {
    if (earlier !== '') this.parts.push({ seq: 1, content: earlier });
    this.length = earlier.length;
  }

  get seq(): number {
    return this.nextSeq;
  }

  get content(): string {
    return this.parts.map(({ content }) => content).join('');
  }

  get spoke(): boolean {
    return this.length > 0;
  }

  /** The first event. Until the log has taken it, it goes with the words that follow. */
  started(): readonly RunEvent[] {
    this.pending = [{ type: 'started', seq: this.nextSeq }];
    return this.pending;
  }

  /** The log has taken the newest events. */
  logged(): void {
    for (const event of this.pending) {
      if (event.type === 'recall') {
        this.parts = this.parts.filter(({ seq }) => seq < event.fromSeq);
        this.length = this.parts.reduce((length, { content }) => length + content.length, 0);
      }
      if (event.type === 'delta') this.add(event.seq, event.content);
      else if (event.type === 'recall') this.add(event.seq, event.replace);
    }
    this.nextSeq += this.pending.length;
    this.pending = [];
  }

  /** What the upstream tells beside the words. */
  note({ finishReason, usage }: Pick<DeltaBatch, 'finishReason' | 'usage'>): void {
    if (finishReason !== undefined) this.finishReason = finishReason;
    if (usage !== undefined) this.usage = usage;
  }

  /** @throws AnswerTooLong past ANSWER_LIMIT; what came before stays. */
  say(contents: readonly string[], atMs: number): readonly RunEvent[] {
    const cut = contents.flatMap(pieces);
    if (cut.reduce((length, content) => length + content.length, this.length) > ANSWER_LIMIT) throw new AnswerTooLong();
    const first = this.nextSeq + this.pending.length;
    const deltas = cut.map((content, at): RunEvent => {
      const pace = this.pace.observe(content.length, atMs);
      return { type: 'delta', seq: first + at, content, ...(pace === undefined ? {} : { pace }) };
    });
    this.pending = [...this.pending, ...deltas];
    return this.pending;
  }

  /**
   * Takes the words back from a place on, the whole delta that it lies in. Nothing may be pending.
   * @param from UTF-16 units of the content that stand before it.
   */
  recall(from: number, replace: string): Extract<RunEvent, { type: 'recall' }> {
    let told = 0;
    const part = this.parts.find(({ content }) => (told += content.length) > from);
    const event = { type: 'recall', seq: this.nextSeq, fromSeq: part?.seq ?? this.nextSeq, replace: pieces(replace)[0] ?? '' } as const;
    this.pending = [event];
    return event;
  }

  private add(seq: number, content: string): void {
    this.parts.push({ seq, content });
    this.length += content.length;
  }
}
