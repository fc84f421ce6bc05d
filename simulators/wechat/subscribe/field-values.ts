const DATE = String.raw`\d{4}(?:年\d{1,2}月\d{1,2}日|([-/])\d{1,2}\1\d{1,2})`;
const CLOCK = String.raw`(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?`;

/**
 * What a field of each kind may hold: the table 参数值内容限制 of `subscribeMessage.send`. Lengths are
 * characters, not UTF-16 units; dates with - and / and spans of time with ~ are taken, as they are in practice.
 */
const KINDS: Readonly<Record<string, (value: string) => boolean>> = {
  thing: (value) => lengthOf(value) <= 20,
  number: (value) => value.length <= 32 && /^[+-]?\d+(?:\.\d+)?$/u.test(value),
  letter: (value) => /^[A-Za-z]{1,32}$/u.test(value),
  symbol: (value) => /^[\p{P}\p{S}]{1,5}$/u.test(value),
  character_string: (value) => /^[\p{N}\p{Script=Latin}\p{P}\p{S} ]{1,32}$/u.test(value),
  time: (value) => value.split('~').length <= 2 && value.split('~').every((point) => matches(`(?:${DATE} ?)?${CLOCK}`, point.trim())),
  date: (value) => value.split('~').length <= 2 && value.split('~').every((point) => matches(`${DATE}(?: ?${CLOCK})?`, point.trim())),
  amount: (value) => /^\p{Sc}?\d{1,10}(?:\.\d+)?元?$/u.test(value),
  phone_number: (value) => /^[\d\p{P}\p{S}]{1,17}$/u.test(value),
  car_number: (value) => lengthOf(value) <= 8 && /^[\p{Script=Han}A-Z\d][A-Z\d]*[\p{Script=Han}A-Z\d]$/iu.test(value),
  name: (value) => lengthOf(value) <= (/\p{Script=Han}/u.test(value) ? 10 : 20) && !/\d/u.test(value),
  phrase: (value) => /^\p{Script=Han}{1,5}$/u.test(value),
};

/** Whether a template may have a field of this name: a kind and its number, as in `thing1`. */
export function isFieldName(name: unknown): name is string {
  return typeof name === 'string' && Object.hasOwn(KINDS, kindOf(name)) && /\D\d{1,2}$/u.test(name);
}

/** What is wrong with a field's value, in the words of the refusal; undefined = nothing. Numbers count as their text. */
export function faultOf(name: string, value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (text === undefined || text === null || text === '') return `data.${name}.value is empty`;
  return typeof text === 'string' && KINDS[kindOf(name)]?.(text) ? undefined : `data.${name}.value invalid`;
}

function kindOf(name: string): string {
  return name.replace(/\d+$/u, '');
}

function lengthOf(value: string): number {
  return [...value].length;
}

function matches(pattern: string, value: string): boolean {
  return new RegExp(`^${pattern}$`, 'u').test(value);
}
