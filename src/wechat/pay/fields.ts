import type { Fen } from '../../platform/values/index.js';

/** WeChat's JSON is not what its documents say. */
export class MalformedAnswer extends Error {
  constructor(readonly field: string) {
    super(`WeChat Pay's ${field} is malformed`);
  }
}

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown, field: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedAnswer(field);
  return value as Json;
}

/** A text that must be there. */
export function textOf(json: Json, field: string): string {
  const value = json[field];
  if (typeof value !== 'string' || value === '' || value.length > 4_096) throw new MalformedAnswer(field);
  return value;
}

export function optionalText(json: Json, field: string): string | undefined {
  return json[field] === undefined || json[field] === null || json[field] === '' ? undefined : textOf(json, field);
}

/** Whole fen, exactly: no decimals, no texts, nothing negative, nothing that a double would round. */
export function fenOf(json: Json, field: string): Fen {
  const value = json[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new MalformedAnswer(field);
  return BigInt(value);
}

/** RFC 3339. */
export function optionalTime(json: Json, field: string): Date | undefined {
  const text = optionalText(json, field);
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(time.getTime())) throw new MalformedAnswer(field);
  return time;
}

export function oneOf<T extends string>(json: Json, field: string, choices: readonly T[]): T {
  const value = choices.find((choice) => choice === json[field]);
  if (value === undefined) throw new MalformedAnswer(field);
  return value;
}
