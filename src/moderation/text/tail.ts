import { Kind, isBlank, kindOf } from './fold.js';

/** How much of what came before counts: characters as a reader sees them. */
const MOST_SEEN = 160;
/** The same in UTF-16 units, among them what nobody sees: none of it counts, and there may be as much of it as a word is found across (`MAX_BLANKS`). */
export const MOST_TAIL = 4_000;

/** The end of a text, in which a word may begin that goes on behind it. At most 4,001 UTF-16 units; never begins inside a character. */
export function tailOf(text: string): string {
  const least = Math.max(0, text.length - MOST_TAIL);
  let at = text.length;
  let blank = false;
  for (let seen = 0; at > least && seen < MOST_SEEN; ) {
    at -= endsWithPair(text, at) ? 2 : 1;
    const kind = kindOf(text.codePointAt(at) ?? 0);
    if (kind === Kind.ignored) continue;
    // However many blanks there are, a reader sees one.
    if (!blank || !isBlank(kind)) seen += 1;
    blank = isBlank(kind);
  }
  return text.slice(at);
}

/** Characters that are seen of a message that says next to nothing. */
const BRIEF = 2;

/** Whether a reader sees two characters at most, blanks apart. */
export function isBrief(text: string): boolean {
  let seen = 0;
  for (const character of text) {
    const kind = kindOf(character.codePointAt(0) ?? 0);
    if (kind !== Kind.ignored && !isBlank(kind)) seen += 1;
    if (seen > BRIEF) return false;
  }
  return true;
}

function endsWithPair(text: string, end: number): boolean {
  return (text.codePointAt(end - 2) ?? 0) > 0xffff && text.charCodeAt(end - 1) >= 0xdc00 && text.charCodeAt(end - 1) <= 0xdfff;
}
