/** One emitted piece of an answer = one token: its JSON string literal, ready to be put into a frame, and that literal's bytes in UTF-8. */
export interface Piece {
  readonly text: string;
  readonly json: string;
  readonly bytes: number;
}

/** A word with the blank before it, one or two Han characters, or any one other code point (a lone surrogate, too). */
const PIECE = /\s?[A-Za-z0-9]+|\p{Script=Han}{1,2}|[\s\S]/gu;

/** Makes the piece of a text. */
export function pieceOf(text: string): Piece {
  const json = JSON.stringify(text);
  return { text, json, bytes: Buffer.byteLength(json) };
}

/** Splits a text into pieces; they concatenate to the text. Never splits a surrogate pair unless `halves` asks for it. */
export function piecesOf(text: string, halves = false): Piece[] {
  const pieces = text.match(PIECE) ?? [];
  return (halves ? pieces.flatMap(halve) : pieces).map(pieceOf);
}

function halve(text: string): string[] {
  return text.length === 2 && (text.codePointAt(0) as number) > 0xffff ? [text.charAt(0), text.charAt(1)] : [text];
}
