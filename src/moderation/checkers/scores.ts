import { thresholdOf } from '../policy/stored-policy.js';
import type { Finding } from './checker.js';

/** What an endpoint said of one text: how sure it is of each category, 0 to 1. */
export type Scores = Readonly<Record<string, number>>;

/** From this part of a threshold on a person should look. */
const NEAR = 0.75;
/** 0.6 of 0.8 is not quite 0.75 in doubles. */
const ROUNDING = 1e-9;

/**
 * The finding for the scores of several pieces of text: of each category the highest counts, and the category that is
 * highest measured by its own threshold decides.
 */
export function findingOf(pieces: readonly Scores[], thresholds: Readonly<Record<string, number>>, version: string): Finding {
  const scores: Record<string, number> = {};
  for (const piece of pieces) for (const [category, score] of Object.entries(piece)) scores[category] = Math.max(score, scores[category] ?? 0);
  let label = 'normal';
  let highest = 0;
  for (const [category, score] of Object.entries(scores)) {
    const ratio = score / thresholdOf(thresholds, category);
    if (ratio <= highest) continue;
    highest = ratio;
    label = category;
  }
  const suggests = highest >= 1 - ROUNDING ? 'block' : highest >= NEAR - ROUNDING ? 'review' : 'pass';
  return { suggests, label: suggests === 'pass' ? 'normal' : label, ...(label === 'normal' ? {} : { score: scores[label] ?? 0 }), version, scores };
}
