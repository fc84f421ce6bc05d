/** Characters of a window: the first is small, so that an answer is judged early; then they grow, so that a long one costs few calls. */
const FIRST = 60;
const MOST = 1_000;
const GROWTH = 2;
/** What of the text before a window is judged with it again: a finding may lie on the border. */
export const OVERLAP = 80;
/** A window that found no end of a sentence is cut at this multiple of its size. */
const PATIENCE = 1.5;

const SENTENCE_END = /[。！？!?；;\n]|\.\s/gu;

/** A piece of the text that is judged at once. Offsets are UTF-16 units of the whole. */
export interface GateWindow {
  /** Where what is judged begins: the window with its overlap. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Cuts a growing text into windows that end with a sentence. Pure: the caller says when time is up. */
export class Windows {
  /** What was not cut yet, with the overlap before it. */
  private tail = '';
  /** Units of the tail that are the overlap. */
  private overlap = 0;
  private at = 0;
  private size = FIRST;

  /** Where the next window begins. */
  get cutAt(): number {
    return this.at;
  }

  /** Whether there is text that is in no window yet. */
  get waiting(): boolean {
    return this.tail.length > this.overlap;
  }

  /** The windows that are full with this text. */
  add(text: string): readonly GateWindow[] {
    this.tail += text;
    const windows: GateWindow[] = [];
    for (let end = this.end(); end > 0; end = this.end()) windows.push(this.cut(end));
    return windows;
  }

  /** All that is waiting, as one window: the text has ended, or has waited long enough. */
  rest(): GateWindow | undefined {
    return this.waiting ? this.cut(this.tail.length - this.overlap) : undefined;
  }

  /** Units of a full window; 0 when there is none. */
  private end(): number {
    const fresh = this.tail.slice(this.overlap);
    if (fresh.length < this.size) return 0;
    SENTENCE_END.lastIndex = this.size - 1;
    const sentence = SENTENCE_END.exec(fresh);
    const limit = Math.ceil(this.size * PATIENCE);
    if (sentence !== null && sentence.index + sentence[0].length <= limit) return sentence.index + sentence[0].length;
    return fresh.length >= limit ? limit : 0;
  }

  private cut(units: number): GateWindow {
    const to = inWhole(this.tail, this.overlap + units);
    const window = { from: this.at - this.overlap, to: this.at + to - this.overlap, text: this.tail.slice(0, to) };
    const begin = inWhole(this.tail, Math.max(0, to - OVERLAP));
    this.at = window.to;
    this.overlap = to - begin;
    this.tail = this.tail.slice(begin);
    this.size = Math.min(MOST, this.size * GROWTH);
    return window;
  }
}

/** A place that is not inside a surrogate pair: this one, or the next. */
function inWhole(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return at > 0 && at < text.length && unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}
