import { paramError } from './pay-error.js';

export type Body = Record<string, unknown>;

/** Refuses what is not a field of this request (reference: internal number 270924358). */
export function onlyFields(body: Body, allowed: readonly string[], at = ''): void {
  const unknown = Object.keys(body).find((key) => !allowed.includes(key));
  if (unknown !== undefined) throw paramError(`${at}${unknown}`, '未定义的字段');
}

export function text(body: Body, field: string, max: number, at = ''): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '' || [...value].length > max) throw paramError(`${at}${field}`, `应为 1 到 ${max} 个字符`, value);
  return value;
}

export function optionalText(body: Body, field: string, max: number, at = ''): string | undefined {
  return body[field] === undefined ? undefined : text(body, field, max, at);
}

export function fen(body: Body, field: string, at = ''): number {
  const value = body[field];
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw paramError(`${at}${field}`, '应为不小于 1 的整数（分）', value);
  return value as number;
}

export function object(body: Body, field: string, at = ''): Body {
  const value = body[field];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw paramError(`${at}${field}`, '应为对象', value);
  return value as Body;
}

/** An absolute http(s) address without a query. */
export function notifyUrl(body: Body): string {
  const value = text(body, 'notify_url', 256);
  if (!URL.canParse(value) || !/^https?:$/u.test(new URL(value).protocol) || new URL(value).search !== '') throw paramError('notify_url', '应为不带参数的完整地址', value);
  return value;
}
