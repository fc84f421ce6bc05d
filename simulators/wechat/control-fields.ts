import { ControlError } from './control-error.js';
import type { WechatApp, WechatApps } from './apps.js';

/** How often one control call repeats an act at most. */
export const MOST_TIMES = 100;

const USUAL_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 60_000;

/** A registered app by what the caller called it. Throws ControlError. */
export function appOf(appid: unknown, apps: WechatApps): WechatApp {
  const app = typeof appid === 'string' ? apps.get(appid) : undefined;
  if (!app) throw new ControlError(404, 'This appid is not registered.');
  return app;
}

/** A string that may not be empty. Throws ControlError. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new ControlError(400, `"${name}" must be a non-empty string.`);
  return value;
}

/** An integer of the body within its bounds. Throws ControlError. */
export function integerOf(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) throw new ControlError(400, `"${name}" must be an integer from ${least} to ${most}.`);
  return value;
}

/** `true` or `false`. Throws ControlError. */
export function booleanOf(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new ControlError(400, `"${name}" must be true or false.`);
  return value;
}

/** `atLeast` (undefined: do not wait) and `timeoutMs` (10 s) of a question that may wait. Throws ControlError. */
export function waitOf(query: URLSearchParams): { readonly atLeast: number | undefined; readonly timeoutMs: number } {
  const [atLeast, timeoutMs] = [query.get('atLeast'), query.get('timeoutMs')];
  if ([atLeast, timeoutMs].some((value) => value !== null && !/^\d{1,9}$/u.test(value))) throw new ControlError(400, 'atLeast and timeoutMs must be integers, 0 or more.');
  return { atLeast: atLeast === null ? undefined : Number(atLeast), timeoutMs: Math.min(timeoutMs === null ? USUAL_WAIT_MS : Number(timeoutMs), LONGEST_WAIT_MS) };
}
