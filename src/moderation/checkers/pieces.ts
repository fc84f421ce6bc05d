/**
 * Cuts a text into pieces of at most `length` UTF-16 units. Neighbours share `overlap` units, so that what stands on a
 * border is seen whole by one of them; no piece begins or ends inside a surrogate pair. A blank text has no pieces.
 */
export function piecesOf(text: string, length: number, overlap: number): readonly string[] {
  if (text.trim() === '') return [];
  if (text.length <= length) return [text];
  const pieces: string[] = [];
  for (let from = 0; ; ) {
    const to = from + length >= text.length ? text.length : before(text, from + length);
    pieces.push(text.slice(from, to));
    if (to === text.length) return pieces;
    from = before(text, to - overlap);
  }
}

/** The place itself, or one earlier where it would split a pair. */
function before(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
