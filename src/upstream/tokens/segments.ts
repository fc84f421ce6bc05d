/** Longest text that the tokenizer is given at once, in UTF-16 units: its cost grows with the square of an unbroken piece. */
export const SEGMENT_LIMIT = 128;
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
  let last = 0;
  for (const { index } of text.matchAll(SAFE_BORDER)) {
    if (index - from > SEGMENT_LIMIT) {
      if (last > from) yield text.slice(from, last);
      from = Math.max(from, last);
      while (index - from > SEGMENT_LIMIT) {
        const to = hardCut(text, from);
        yield text.slice(from, to);
        from = to;
      }
    }
    if (index - from >= SEGMENT_GOAL) {
      yield text.slice(from, index);
      from = index;
    }
    last = index;
  }
  if (text.length - from > SEGMENT_LIMIT && last > from) {
    yield text.slice(from, last);
    from = last;
  }
  while (text.length - from > SEGMENT_LIMIT) {
    const to = hardCut(text, from);
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}

function hardCut(text: string, from: number): number {
  const to = from + SEGMENT_LIMIT;
  const unit = text.charCodeAt(to - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? to - 1 : to;
}
