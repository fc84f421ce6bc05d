import type { Hit } from '../text/lexicon-entry.js';
import { masked } from '../text/scan.js';

/** The text with those of its listed words covered whose lists say so; words that are only noted stay. */
export function covered(text: string, hits: readonly Hit[]): string {
  const spans = hits.filter(({ entry }) => entry.action === 'mask');
  return spans.length === 0 ? text : masked(text, spans);
}
