/** Two lower-case hex digits of every byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Printable ASCII that JSON writes as it is: no quote, no backslash, no DEL. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Words that simple clients look for in the raw bytes of a chunk. */
const LOADED_WORD = /error|success|data:/gi;

const unit = (code: number): string => `\\u${HEX[code >> 8]}${HEX[code & 0xff]}`;

/**
 * Escapes the third letter of a loaded word. Not an earlier one: the word may
 * begin inside an escape (`\u00ee` and then `rror`, `\u00da` and then `ta:`),
 * and a hex digit cannot be escaped. The third letter of each is safe: it is no
 * hex digit of an escape and stands after a letter, not after a backslash.
 */
const disarm = (word: string): string => word.slice(0, 2) + unit(word.charCodeAt(2)) + word.slice(3);

function escapeUnits(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x22) out += '\\"';
    else if (code === 0x5c) out += '\\\\';
    else if (code === 0x0a) out += '\\n';
    else if (code >= 0x20 && code < 0x7f) out += text[index];
    else out += unit(code);
  }
  return out;
}

/**
 * The inside of a JSON string literal (without its quotes) in printable ASCII:
 * everything else is `\uXXXX`, surrogates unit by unit, lone ones too. At most
 * 6 bytes for each UTF-16 unit. The words `error`, `success` and `data:` never
 * occur literally, in no case variant, so that a client that searches chunks
 * for them finds frame borders only.
 */
export function asciiJsonText(text: string): string {
  const escaped = PLAIN.test(text) ? text : escapeUnits(text);
  return escaped.replace(LOADED_WORD, disarm);
}

/** A JSON string literal, quotes and all, by the rules of {@link asciiJsonText}. */
export function asciiJsonString(text: string): string {
  return `"${asciiJsonText(text)}"`;
}
