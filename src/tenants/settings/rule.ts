import { isDecimal } from '../../platform/values/index.js';

/** Says what is wrong with a value, or nothing. Lengths are in characters (code points), as PostgreSQL counts. */
export type Rule = (value: unknown) => string | undefined;

export function text(min: number, max: number): Rule {
  return (value) => {
    const length = typeof value === 'string' ? [...value].length : -1;
    return length >= min && length <= max ? undefined : `must be a text of ${min} to ${max} characters`;
  };
}

/** A text of one line: no line end, no other control character, not only blanks. */
export function line(max: number): Rule {
  return (value) => text(1, max)(value) ?? (/^(?=.*\S)[^\p{Cc}\u2028\u2029]+$/u.test(value as string) ? undefined : 'must be one line with something in it');
}

/** A price or rate as a text: JSON numbers would lose digits. */
export function decimal(): Rule {
  return (value) => (typeof value === 'string' && value.length <= 20 && isDecimal(value) && /[1-9]/.test(value) ? undefined : 'must be a decimal number above 0 as a text, such as "7.1234"');
}

export function integer(min: number, max: number): Rule {
  return (value) => (Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? undefined : `must be a whole number from ${min} to ${max}`);
}

export function flag(): Rule {
  return (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
}

export function httpsAddress(): Rule {
  return (value) => (typeof value === 'string' && value.length <= 500 && URL.canParse(value) && new URL(value).protocol === 'https:' ? undefined : 'must be an https address of at most 500 characters');
}
