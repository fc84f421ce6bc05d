import { FrameSink } from './frame-sink.js';
import { Frames } from './frames.js';
import { usageOf } from './answer-plan.js';
import type { AnswerPlan } from './answer-plan.js';
import type { Exchange } from './exchange.js';

/** Frames that are joined to one socket write at most, so that a fast stream stays in bounded memory. */
const LONGEST_BURST = 64;

/**
 * Produces one streamed answer at its pace. Tokens are due at fixed times counted from the first
 * one: a late timer catches up instead of stretching the answer. Stops while the client is behind
 * and for good when it leaves.
 */
export class StreamRun {
  readonly #exchange: Exchange;
  readonly #plan: AnswerPlan;
  readonly #frames: Frames;
  readonly #sink: FrameSink;
  #firstAt = 0;
  #next = 0;
  #faultPending: boolean;
  #over = false;

  constructor(exchange: Exchange, plan: AnswerPlan) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#faultPending = plan.faultAt >= 0;
    this.#frames = new Frames(plan.id, plan.created, plan.chat.model, plan.chat.includeUsage, plan.behaviour.lineEnd ?? 'lf');
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'transfer-encoding': 'chunked' });
    this.#sink = new FrameSink(exchange.response, plan.behaviour.splitUtf8 === true, () => this.#produce());
    exchange.beginStream();
  }

  start(): void {
    if (this.#plan.behaviour.hang === 'before-first-token') {
      this.#exchange.hang();
      return;
    }
    this.#exchange.after(this.#plan.firstTokenMs, () => {
      this.#firstAt = performance.now();
      this.#sink.addText(this.#frames.role());
      this.#produce();
    });
  }

  #produce(): void {
    const due = this.#due();
    let burst = 0;
    while (this.#next < due && !this.#over && !this.#exchange.gone) {
      if (this.#strike()) return;
      this.#addToken(this.#next);
      this.#next += 1;
      burst += 1;
      if (burst === LONGEST_BURST) {
        burst = 0;
        this.#count();
        if (!this.#sink.flush()) return;
      }
    }
    this.#count();
    if (this.#over || this.#exchange.gone) return;
    if (this.#next === this.#plan.total) {
      if (!this.#strike()) this.#conclude();
    } else if (this.#sink.flush()) {
      this.#exchange.after(Math.max(1, this.#firstAt + this.#next * this.#plan.gapMs - performance.now()), () => this.#produce());
    }
  }

  #count(): void {
    this.#exchange.countTokens(this.#next - this.#exchange.tokens);
  }

  #due(): number {
    const { gapMs, total } = this.#plan;
    return gapMs <= 0 ? total : Math.min(total, Math.floor((performance.now() - this.#firstAt) / gapMs) + 1);
  }

  #addToken(index: number): void {
    const piece = this.#plan.answer.piece(index);
    const shape = index < this.#plan.answer.reasoning ? this.#frames.reasoning : this.#frames.content;
    if (this.#plan.behaviour.comments) this.#sink.addText(this.#frames.comment());
    this.#sink.add(shape.before + piece.json + shape.after, shape.bytes + piece.bytes);
  }

  /** Lets the scripted fault happen when its token has come; true when the answer is over with it. */
  #strike(): boolean {
    if (!this.#faultPending || this.#next !== this.#plan.faultAt) return false;
    this.#faultPending = false;
    const { malformed, hang, reset, inStreamError, cutWithoutDone } = this.#plan.behaviour;
    if (malformed) this.#sink.addText(this.#frames.malformed());
    this.#over = hang === 'mid' || reset === 'mid' || inStreamError === true || cutWithoutDone === true;
    if (!this.#over) return false;
    this.#count();
    if (hang === 'mid') {
      this.#sink.flush();
      this.#exchange.hang();
    } else if (reset === 'mid') {
      this.#exchange.expectBreak();
      this.#sink.breakOff();
    } else {
      if (inStreamError) this.#sink.addText(this.#frames.error());
      this.#sink.finish();
    }
    return true;
  }

  #conclude(): void {
    const { plan, sink } = { plan: this.#plan, sink: this.#sink };
    this.#over = true;
    sink.addText(this.#frames.finish(plan.finishReason));
    const usage = plan.chat.includeUsage ? usageOf(plan, plan.total) : undefined;
    if (usage) sink.addText(this.#frames.usage(usage));
    sink.addText(this.#frames.done());
    sink.finish();
  }
}
