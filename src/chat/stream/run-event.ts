import type { ErrorCode } from '../../platform/errors/index.js';

/** Why an answer ended well. `stopped` is the user's own stop. */
export type FinishReason = 'stop' | 'length' | 'content_filter' | 'stopped';

/** Tokens of one answer, as charged. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Part of the prompt that the upstream took from its own cache; 0 unless told. */
  readonly cachedTokens?: number;
  /** Part of the completion that the model only thought; 0 unless told. */
  readonly reasoningTokens?: number;
}

/** What an answer cost, and what is left; integers beyond 2^53 are texts. */
export interface Bill {
  readonly credits: number | string;
  readonly balance: number | string;
  /** The balance is below the tenant's warning threshold. */
  readonly low: boolean;
}

/**
 * What the stream log keeps of a run, in order, numbered from 1 without a gap.
 * Every client that follows the run, at once or later and on any node, is
 * given exactly these.
 */
export type RunEvent =
  | { readonly type: 'started'; readonly seq: number }
  /** `content` is at most DELTA_LIMIT UTF-16 units and never ends inside a surrogate pair; `pace` is characters per second. */
  | { readonly type: 'delta'; readonly seq: number; readonly content: string; readonly pace?: number }
  /** The words of the deltas from `fromSeq` on are taken back, and `replace` (at most DELTA_LIMIT units) stands in their place. */
  | { readonly type: 'recall'; readonly seq: number; readonly fromSeq: number; readonly replace: string }
  | { readonly type: 'done'; readonly seq: number; readonly finishReason: FinishReason; readonly usage: Usage; readonly bill?: Bill }
  | { readonly type: 'error'; readonly seq: number; readonly code: ErrorCode; readonly message: string };

/** Longest `content` of one delta, in UTF-16 units: keeps every frame of every format below 4 KiB. */
export const DELTA_LIMIT = 512;

/** Cuts the words of a long delta so that each piece fits a frame, never inside a surrogate pair. */
export function pieces(content: string): readonly string[] {
  if (content.length <= DELTA_LIMIT) return [content];
  const cut: string[] = [];
  for (let from = 0; from < content.length; ) {
    let to = Math.min(content.length, from + DELTA_LIMIT);
    const unit = content.charCodeAt(to - 1);
    if (to < content.length && unit >= 0xd800 && unit <= 0xdbff) to -= 1;
    cut.push(content.slice(from, to));
    from = to;
  }
  return cut;
}

/** What a follower sees: the log, and beside it signs of life that are not kept. */
export type StreamFrame =
  | RunEvent
  | { readonly type: 'queued'; readonly position: number; readonly etaMs: number }
  | { readonly type: 'heartbeat' }
  /** This stream can't go on, though the run may: it has no seq, and the client may come back for the rest. */
  | { readonly type: 'broken'; readonly code: ErrorCode; readonly message: string };

/** The words that stand after these events: what a client shows that has followed them all. */
export function shownText(events: readonly StreamFrame[]): string {
  let words: { readonly seq: number; readonly content: string }[] = [];
  for (const event of events) {
    if (event.type === 'delta') words.push(event);
    else if (event.type === 'recall') words = [...words.filter(({ seq }) => seq < event.fromSeq), { seq: event.seq, content: event.replace }];
  }
  return words.map(({ content }) => content).join('');
}

export function isTerminal(event: RunEvent): boolean {
  return event.type === 'done' || event.type === 'error';
}
