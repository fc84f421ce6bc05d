/** Longest text that the tokenizer is given at once, in UTF-16 units: its cost grows with the square of an unbroken piece. */
export const SEGMENT_LIMIT = 128;
/** A border is told by the character after it, which may be a pair. */
const LOOKAHEAD = 2;
/** Segments end at the first safe border after this many units. */
const SEGMENT_GOAL = 64;

/**
 * Where both split patterns (cl100k_base, o200k_base) always begin a new
 * piece, so that counting the parts is counting the whole: after a letter
 * before what is neither letter, number, mark nor apostrophe; after a number
 * before white space.
 */
const SAFE_BORDER = /(?<=\p{L})(?=[^\p{L}\p{N}\p{M}'’])|(?<=\p{N})(?=\s)/gu;

/**
 * Cuts a text into segments of at most SEGMENT_LIMIT units. Texts with words
 * or punctuation are cut at safe borders only; a run of more than
 * SEGMENT_LIMIT units without one is cut anyway, never inside a surrogate
 * pair, which counts it a few tokens too high.
 */
export function* segmentsOf(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > SEGMENT_LIMIT) {
    const to = from + cutOf(text.slice(from, from + SEGMENT_LIMIT + LOOKAHEAD));
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}

/** Where to cut the text at hand: at the first safe border past the goal, else at the last one before it, else anywhere. Looks at a bounded piece only: a search through a long text would hold the event loop. */
function cutOf(window: string): number {
  let last = 0;
  for (const { index } of window.matchAll(SAFE_BORDER)) {
    if (index > SEGMENT_LIMIT) break;
    last = index;
    if (index >= SEGMENT_GOAL) break;
  }
  return last > 0 ? last : hardCut(window);
}

function hardCut(window: string): number {
  const unit = window.charCodeAt(SEGMENT_LIMIT - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? SEGMENT_LIMIT - 1 : SEGMENT_LIMIT;
}
