/** How an answer is read: OpenAI's server-sent chunks, `wxapp` lines, or one completion as JSON. */
export type AnswerFormat = 'openai' | 'wxapp' | 'completion';

/** One run of the load generator against one target. Everything in it is bounded. */
export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  /** Whole HTTP/1.1 requests. Slot s sends in its k-th turn number (k × slots + s) modulo their count. */
  readonly requests: readonly string[];
  readonly format: AnswerFormat;
  /** Tokens of a whole answer: any other number of frames with words (or counted tokens of a completion) is an error. */
  readonly tokens: number;
  /** Connections; each sends its next request when the answer before is whole. */
  readonly slots: number;
  /** The slots begin evenly over this time, milliseconds. */
  readonly rampMs: number;
  /** Turns of a slot; when absent, slots go on for `seconds`. */
  readonly turns?: number;
  readonly seconds?: number;
  /** Longest wait for one whole answer, milliseconds. */
  readonly answerTimeoutMs: number;
}

/** What one run came to. */
export interface LoadResult {
  /** Whole answers. */
  readonly answers: number;
  /** Frames with words, of failed answers, too. */
  readonly frames: number;
  /** Answers and frames within `seconds` of the plan, or within the whole run where it is counted in turns. */
  readonly window: { readonly answers: number; readonly frames: number; readonly seconds: number };
  /** Failed answers by kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the request's last byte to the first words, of each whole answer, milliseconds. */
  readonly firstMs: readonly number[];
  /** From the request's last byte to the end, of each whole answer, milliseconds. */
  readonly wholeMs: readonly number[];
}

/** What the load generator tells its parent: once that every slot has had first words, and at the end the result. */
export type LoadNews = { readonly kind: 'all-open' } | { readonly kind: 'result'; readonly result: LoadResult };
