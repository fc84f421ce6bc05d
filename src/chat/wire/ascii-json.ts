const NOT_ASCII = /[^\x20-\x7e]/g;
/** The words that simple clients look for in the raw text of a chunk, whatever their case. */
const TRIPWIRES = /error|success: /gi;

/**
 * JSON in ASCII only, without a tripwire in it: what simple clients decode byte
 * by byte and search as text. The second letter of a tripwire is escaped: it
 * can't be part of an escape itself, where the first could (`\u00e` + `rror`…).
 */
export function asciiJson(value: unknown): string {
  return defuse(JSON.stringify(value).replace(NOT_ASCII, escapeUnit));
}

function defuse(json: string): string {
  return json.replace(TRIPWIRES, (word) => `${word.charAt(0)}${escapeUnit(word.charAt(1))}${word.slice(2)}`);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
