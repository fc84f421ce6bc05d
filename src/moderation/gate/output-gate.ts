import type { Hit } from '../text/lexicon-entry.js';
import type { Verdict } from '../verdict.js';
import { Mailbox } from './mailbox.js';
import { ReleasedText } from './released-text.js';
import type { GateWindow } from './windows.js';

/** Judges a growing text by word lists (see `local-gate.ts`). */
export interface WordGate {
  push(chunk: string): WordGateStep;
  end(): WordGateStep;
}

export interface WordGateStep {
  readonly released: string;
  readonly hits: readonly Hit[];
  /** After it nothing more is released. */
  readonly violation?: Hit;
}

/** Changes a growing text on its way to the eye, such as withholding code. */
export interface TextFilter {
  push(chunk: string): string;
  end(): string;
}

/** Words of a model, as they come. */
export interface GateChunk {
  readonly contents: readonly string[];
  /** No words come after them: what is held back for want of more need not wait for the source's end. */
  readonly last?: boolean;
}

/** What the follower of a gate is told. After a `stop` nothing comes any more. */
export type GateEvent =
  | { readonly type: 'text'; readonly text: string }
  /** `unavailable`: nobody could judge, and the policy is closed. `keep`: UTF-16 units of the released text that stay, all of them where nothing is taken back; `replace` follows them. */
  | { readonly type: 'stop'; readonly keep: number; readonly takesBack: boolean; readonly replace: string; readonly unavailable?: true };

/** What a gate is made of. */
export interface GateParts {
  readonly mode: 'strict' | 'swift';
  readonly words: WordGate | undefined;
  readonly filter: TextFilter | undefined;
  /** The remote layers, each with a deadline of its own; absent where the policy asks none of them. Never rejects before the signal is aborted. */
  readonly judge: ((text: string, signal: AbortSignal) => Promise<Verdict>) | undefined;
  /** What follows the words before a listed word that must not be shown. */
  readonly afterWord: (hit: Hit) => string;
  /** What stands in place of a window that failed. */
  readonly afterWindow: string;
  /** Told of the listed words of each step, in order. */
  readonly onHits: (hits: readonly Hit[], violation: Hit | undefined) => void;
}

/** Windows under judgement at a time; with more, the gate reads no further. */
const MOST_OPEN = 4;
/** Text that is in no window yet is judged after this long. */
const WAIT_MS = 2_000;

type Letter =
  | { readonly kind: 'batch'; readonly chunk: GateChunk }
  /** The source has ended, or failed. */
  | { readonly kind: 'end'; readonly failure?: { readonly error: unknown } }
  | { readonly kind: 'late' }
  | { readonly kind: 'judged'; readonly window: GateWindow; readonly verdict: Verdict }
  | { readonly kind: 'unjudged'; readonly error: unknown };

/**
 * The gate between a model and the eye, for one answer. Listed words never pass, however the text is cut. The remote
 * layers judge growing windows of what is shown: in `strict` mode text waits for its window, in `swift` mode it is
 * shown at once, and taken back when its window fails.
 *
 * Bounded: it holds the longest beginning of a listed word, and in `strict` mode the text of MOST_OPEN windows.
 */
export class OutputGate {
  private readonly text: ReleasedText;
  private readonly asks: GateWindow[] = [];
  private violation: Hit | undefined;
  /** The text has ended, though its source may not have. */
  private over = false;

  constructor(private readonly parts: GateParts) {
    this.text = new ReleasedText(parts.mode, parts.judge !== undefined);
  }

  /**
   * What of the source may be shown, in order. Ends with the source, or with a `stop`, which leaves the source. What
   * the source throws is thrown on, after the words before it, and after what was shown of them was judged: so an
   * answer that somebody stopped is judged to its end, too. Who wants no verdict any more leaves it.
   */
  async *through(source: AsyncIterable<GateChunk>): AsyncGenerator<readonly GateEvent[]> {
    if (this.parts.judge === undefined) yield* this.alone(source);
    else yield* this.watched(source, this.parts.judge);
  }

  /** Without remote layers nothing is waited for. */
  private async *alone(source: AsyncIterable<GateChunk>): AsyncGenerator<readonly GateEvent[]> {
    let failure: { readonly error: unknown } | undefined;
    try {
      for await (const chunk of source) {
        const events = this.take(chunk);
        if (events.length > 0) yield events;
        if (this.violation !== undefined) break;
      }
    } catch (error) {
      failure = { error };
    }
    yield [...this.last(), ...this.stop()];
    if (failure !== undefined) throw failure.error;
  }

  private async *watched(source: AsyncIterable<GateChunk>, judge: NonNullable<GateParts['judge']>): AsyncGenerator<readonly GateEvent[]> {
    const mailbox = new Mailbox<Letter>();
    const pump = new Pump(source, mailbox);
    const leaving = new AbortController();
    const clock = new Patience(WAIT_MS, () => mailbox.put({ kind: 'late' }));
    let failure: { readonly error: unknown } | undefined;
    try {
      for (let reading = true; reading || this.text.openWindows > 0; ) {
        if (reading && this.text.openWindows < MOST_OPEN) pump.pull();
        const letter = await mailbox.take();
        if (letter.kind === 'unjudged') throw letter.error;
        if (letter.kind === 'end') failure = letter.failure;
        const events = this.read(letter);
        if (events.length > 0) yield events;
        if (events.at(-1)?.type === 'stop') return;
        reading &&= letter.kind !== 'end' && this.violation === undefined;
        if (!reading) pump.leave();
        if (this.asks.length > 0) clock.stop();
        for (const window of this.asks.splice(0)) {
          judge(window.text, leaving.signal).then((verdict) => mailbox.put({ kind: 'judged', window, verdict }), (error: unknown) => mailbox.put({ kind: 'unjudged', error }));
        }
        if (reading && this.text.waiting) clock.start();
      }
      yield this.stop();
      if (failure !== undefined) throw failure.error;
    } finally {
      clock.stop();
      leaving.abort(new Error('the gate was left'));
      pump.leave();
    }
  }

  private read(letter: Exclude<Letter, { kind: 'unjudged' }>): readonly GateEvent[] {
    switch (letter.kind) {
      case 'batch': {
        // One that was under way when the source was left.
        if (this.violation !== undefined) return [];
        const events = this.take(letter.chunk);
        return this.hasViolation() ? [...events, ...this.last()] : events;
      }
      case 'end':
        return this.last();
      case 'late':
        this.asks.push(...this.text.rest());
        return [];
      case 'judged': {
        if (letter.verdict.action !== 'block' && letter.verdict.action !== 'answer') return textOf(this.text.pass(letter.window));
        const keep = this.text.fail(letter.window);
        const unavailable = letter.verdict.unavailable === true ? ({ unavailable: true } as const) : {};
        return [{ type: 'stop', keep, takesBack: keep < this.text.length, replace: this.parts.afterWindow, ...unavailable }];
      }
    }
  }

  private hasViolation(): boolean {
    return this.violation !== undefined;
  }

  private take({ contents, last }: GateChunk): readonly GateEvent[] {
    if (this.over) return [];
    const chunk = contents.join('');
    const events = this.release(this.parts.words === undefined ? undefined : this.parts.words.push(chunk), chunk, false);
    return last === true && this.violation === undefined ? joined([...events, ...this.last()]) : events;
  }

  /** The text has ended. */
  private last(): readonly GateEvent[] {
    if (this.over) return [];
    this.over = true;
    const step = this.violation === undefined ? this.parts.words?.end() : undefined;
    const events = this.release(step, '', true);
    this.asks.push(...this.text.rest());
    return events;
  }

  private release(step: WordGateStep | undefined, chunk: string, last: boolean): readonly GateEvent[] {
    if (step !== undefined && (step.hits.length > 0 || step.violation !== undefined)) this.parts.onHits(step.hits, step.violation);
    this.violation ??= step?.violation;
    const passed = step === undefined ? chunk : step.released;
    const { filter } = this.parts;
    const { released, ask } = this.text.add(filter === undefined ? passed : filter.push(passed) + (last ? filter.end() : ''));
    this.asks.push(...ask);
    return textOf(released);
  }

  /** The end, where a listed word stands next. */
  private stop(): readonly GateEvent[] {
    if (this.violation === undefined) return [];
    return [{ type: 'stop', keep: this.text.length, takesBack: false, replace: this.parts.afterWord(this.violation) }];
  }
}

/** Says once that something has waited long enough, counted from the first start. */
class Patience {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number, private readonly over: () => void) {}

  start(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.over();
    }, this.ms);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** Pulls from a source, one batch at a time, when it is told to. */
class Pump {
  private ended = false;
  private pulling = false;
  private readonly iterator: AsyncIterator<GateChunk>;

  constructor(source: AsyncIterable<GateChunk>, private readonly mailbox: Mailbox<Letter>) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  pull(): void {
    if (this.pulling || this.ended) return;
    this.pulling = true;
    this.iterator.next().then(
      (next) => {
        this.pulling = false;
        if (next.done) this.finish({ kind: 'end' });
        else this.mailbox.put({ kind: 'batch', chunk: next.value });
      },
      (error: unknown) => this.finish({ kind: 'end', failure: { error } }),
    );
  }

  /** Nothing more is wanted. */
  leave(): void {
    if (this.ended) return;
    this.ended = true;
    void Promise.resolve(this.iterator.return?.()).catch(() => undefined);
  }

  private finish(letter: Letter): void {
    if (this.ended) return;
    this.ended = true;
    this.mailbox.put(letter);
  }
}

/** Texts that follow each other as one. */
function joined(events: readonly GateEvent[]): readonly GateEvent[] {
  return textOf(events.map((event) => (event.type === 'text' ? event.text : '')).join(''));
}

function textOf(text: string): readonly GateEvent[] {
  return text === '' ? [] : [{ type: 'text', text }];
}
