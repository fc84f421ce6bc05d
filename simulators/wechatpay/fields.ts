import { isObject } from '../http/json-object.js';
import { ApiError, NUMBERS } from './api-error.js';

interface Common {
  /** May be left out; `null` is refused all the same. */
  readonly optional?: true;
  /** The internal number when it is missing. */
  readonly missing?: number;
}

/** What a field of a request must look like. Lengths count characters. */
export type Rule =
  | (Common & { readonly type: 'string'; readonly most: number; readonly least?: number; readonly pattern?: RegExp; readonly oneOf?: readonly string[] })
  | (Common & { readonly type: 'integer'; readonly least: number; readonly most: number })
  | (Common & { readonly type: 'boolean' })
  | (Common & { readonly type: 'list'; readonly of: Rule; readonly most: number })
  | (Common & { readonly type: 'object'; readonly fields: Readonly<Record<string, Rule>> });

/** The largest amount that is taken, in fen: 100 million yuan. */
export const MOST_FEN = 10_000_000_000;

/**
 * Checks a JSON value against its rule. Throws PARAM_ERROR with `detail` {field, value, issue,
 * location}, also for a field that the rule does not know: APIv3 refuses those (270924358).
 */
export function checkField(rule: Rule, value: unknown, at = ''): void {
  if (value === undefined) {
    if (rule.optional) return;
    throw fault(at, value, '必填字段缺失', rule.missing ?? NUMBERS.parameter);
  }
  switch (rule.type) {
    case 'string':
      checkString(rule, value, at);
      return;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw fault(at, value, '应为整数');
      if (value < rule.least || value > rule.most) throw fault(at, value, `应在 ${rule.least} 和 ${rule.most} 之间`, NUMBERS.range);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') throw fault(at, value, '应为布尔值');
      return;
    case 'list':
      if (!Array.isArray(value)) throw fault(at, value, '应为数组');
      if (value.length > rule.most) throw fault(at, `${value.length} 项`, `最多 ${rule.most} 项`, NUMBERS.range);
      value.forEach((item, index) => checkField(rule.of, item, `${at}/${index}`));
      return;
    case 'object':
      if (!isObject(value)) throw fault(at, value, '应为对象');
      for (const name of Object.keys(value)) if (!Object.hasOwn(rule.fields, name)) throw fault(`${at}/${name}`, value[name], '请求中含有未定义的字段', NUMBERS.unknownField);
      for (const [name, field] of Object.entries(rule.fields)) checkField(field, value[name], `${at}/${name}`);
  }
}

function checkString(rule: Extract<Rule, { type: 'string' }>, value: unknown, at: string): void {
  if (typeof value !== 'string') throw fault(at, value, '应为字符串');
  const length = [...value].length;
  const least = rule.least ?? 1;
  if (length < least || length > rule.most) throw fault(at, value, `长度应在 ${least} 和 ${rule.most} 之间`, NUMBERS.range);
  if (rule.pattern && !rule.pattern.test(value)) throw fault(at, value, '格式不正确');
  if (rule.oneOf && !rule.oneOf.includes(value)) throw fault(at, value, `应为 ${rule.oneOf.join('、')} 之一`);
}

/** PARAM_ERROR about one field; long values are cut. */
export function fault(field: string, value: unknown, issue: string, number: number = NUMBERS.parameter, location: 'body' | 'query' = 'body'): ApiError {
  const shown = typeof value === 'string' ? value.slice(0, 64) : value === undefined || isObject(value) || Array.isArray(value) ? '' : value;
  return new ApiError('PARAM_ERROR', `参数错误：${field || '/'} ${issue}`, { number, detail: { field: field || '/', value: shown, issue, location } });
}
