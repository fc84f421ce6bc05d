import { BoundedMap } from './bounded-map.js';
import { ControlError } from './control-error.js';
import type { Clock } from './clock.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MOST_WINDOWS = 100_000;
const MOST_OWN_LIMITS = 10_000;

interface Limits {
  readonly perMinute: number;
  readonly perDay: number;
}

interface Rule extends Limits {
  /** Answered beyond the limit of a minute; a day's is 45009 everywhere. */
  readonly minuteCode: 44991 | 45011;
}

/** Calls of one app, by path. Of the numbers only those of the two checks and of stable_token are documented. */
const RULES: Readonly<Record<string, Rule>> = {
  '/cgi-bin/token': { perMinute: 2_000, perDay: 2_000, minuteCode: 45011 },
  '/cgi-bin/stable_token': { perMinute: 10_000, perDay: 500_000, minuteCode: 45011 },
  '/wxa/msg_sec_check': { perMinute: 4_000, perDay: 2_000_000, minuteCode: 44991 },
  '/wxa/media_check_async': { perMinute: 2_000, perDay: 200_000, minuteCode: 44991 },
};

interface Window {
  minuteFrom: number;
  minute: number;
  dayFrom: number;
  day: number;
}

/** How often an app may call a path. A window opens with the first call and is empty again when its time is over; refused calls are not counted. */
export class Quotas {
  readonly #clock: Clock;
  readonly #windows = new BoundedMap<Window>(MOST_WINDOWS);
  readonly #own = new Map<string, Limits>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a call. @returns what it is refused with, else undefined. */
  take(appid: string, path: string): 44991 | 45011 | 45009 | undefined {
    const rule = RULES[path];
    if (!rule) return undefined;
    const { perMinute, perDay } = this.#limitsOf(appid, path);
    const window = this.#windowOf(appid, path);
    if (window.day >= perDay) return 45009;
    if (window.minute >= perMinute) return rule.minuteCode;
    window.minute += 1;
    window.day += 1;
    return undefined;
  }

  /** `{path, appid?, perMinute?, perDay?}`: new limits of one app, or of all that have none of their own; what is absent is as it usually is. Throws ControlError. */
  set(body: Record<string, unknown>): Record<string, unknown> {
    const { path, appid, perMinute, perDay } = body;
    if (typeof path !== 'string' || !Object.hasOwn(RULES, path)) throw new ControlError(400, `"path" must be one of ${Object.keys(RULES).join(', ')}.`);
    if (appid !== undefined && typeof appid !== 'string') throw new ControlError(400, '"appid" must be a string.');
    const usual = ruleOf(path);
    const key = keyOf(appid, path);
    if (this.#own.size >= MOST_OWN_LIMITS && !this.#own.has(key)) throw new ControlError(507, 'Too many limits.');
    const limits = { perMinute: count(perMinute, 'perMinute', usual.perMinute), perDay: count(perDay, 'perDay', usual.perDay) };
    this.#own.set(key, limits);
    return { path, ...(appid === undefined ? {} : { appid }), ...limits };
  }

  /** Usual limits for all, and empty windows. */
  reset(): void {
    this.#own.clear();
    this.#windows.clear();
  }

  snapshot(appid: string): Record<string, unknown> {
    return Object.fromEntries(
      Object.keys(RULES).map((path) => {
        const { minute, day } = this.#windowOf(appid, path);
        return [path, { ...this.#limitsOf(appid, path), minute, day }];
      }),
    );
  }

  #limitsOf(appid: string, path: string): Limits {
    const { perMinute, perDay } = this.#own.get(keyOf(appid, path)) ?? this.#own.get(keyOf(undefined, path)) ?? ruleOf(path);
    return { perMinute, perDay };
  }

  #windowOf(appid: string, path: string): Window {
    const now = this.#clock.now();
    const key = keyOf(appid, path);
    const window = this.#windows.get(key) ?? { minuteFrom: now, minute: 0, dayFrom: now, day: 0 };
    if (now - window.minuteFrom >= MINUTE_MS) Object.assign(window, { minuteFrom: now, minute: 0 });
    if (now - window.dayFrom >= DAY_MS) Object.assign(window, { dayFrom: now, day: 0 });
    if (!this.#windows.has(key)) this.#windows.set(key, window);
    return window;
  }
}

function ruleOf(path: string): Rule {
  const rule = RULES[path];
  if (!rule) throw new Error(`${path} has no limits.`);
  return rule;
}

function keyOf(appid: string | undefined, path: string): string {
  return `${appid ?? '*'} ${path}`;
}

function count(value: unknown, name: string, usual: number): number {
  if (value === undefined) return usual;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new ControlError(400, `"${name}" must be an integer, 0 or more.`);
  return value;
}
