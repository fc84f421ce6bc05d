/** Line ends for some readers of text (Python's splitlines, old JavaScript), though neither for JSON nor for SSE. */
const UNICODE_LINE_END = /[\u0085\u2028\u2029]/g;
const MAYBE_LINE_END = /[\u0085\u2028\u2029]/;

/** JSON on one line for every reader: what JSON.stringify gives, and Unicode's own line ends escaped. Lone surrogates come out as escapes. */
export function lineJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!MAYBE_LINE_END.test(json)) return json;
  return json.replace(UNICODE_LINE_END, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
