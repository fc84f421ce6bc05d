import type { Turn } from '../window/window.js';

/** What a prompt is made of: the conversation's own settings and its newest turns. */
export interface History {
  readonly conversationId: string;
  readonly userId: string;
  /** Public model name. */
  readonly model: string;
  readonly systemPrompt: string | undefined;
  /** Grows with every change; the statement that opens a run compares it. */
  readonly revision: number;
  /** Oldest first, answered turns only. */
  readonly turns: readonly Turn[];
  /** Id of the newest answer, the one that may be made again, and its question. */
  readonly newest: { readonly answerId: string; readonly question: string; readonly questionTokens: number; readonly answered: boolean } | undefined;
}

/** Most turns, and most UTF-16 units of text, that are kept ready. More than any window holds. */
export const TURN_LIMIT = 200;
export const TEXT_LIMIT = 600_000;
/** Part of them that stays when they are reached. */
const KEPT = 0.75;

/** Keeps the newest turns within the bounds. Drops in steps, as the window does: what it leaves begins with the same turn for many questions. */
export function boundTurns(turns: readonly Turn[]): readonly Turn[] {
  return within(turns, TURN_LIMIT, TEXT_LIMIT) === 0 ? turns : turns.slice(within(turns, TURN_LIMIT * KEPT, TEXT_LIMIT * KEPT));
}

/** The first of the newest turns that are within both bounds. */
function within(turns: readonly Turn[], most: number, mostText: number): number {
  let first = turns.length;
  for (let text = 0; first > 0 && turns.length - first < most; first -= 1) {
    const turn = turns[first - 1];
    text += (turn?.question.length ?? 0) + (turn?.answer.length ?? 0);
    if (text > mostText) break;
  }
  return first;
}
