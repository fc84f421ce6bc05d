const BEIJING_MS = 8 * 3_600_000;
export const DAY_MS = 24 * 3_600_000;

/**
 * The simulator's business time: real time plus what a test advanced it by. Orders expire and bill
 * days change by it; the timestamps of signatures stay real, because clients compare them with
 * their own clock.
 */
export class BusinessClock {
  #advancedMs = 0;
  readonly #changed: (advancedMs: number) => void;

  constructor(changed: (advancedMs: number) => void = () => undefined) {
    this.#changed = changed;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#advancedMs;
  }

  get advancedMs(): number {
    return this.#advancedMs;
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
    this.#changed(this.#advancedMs);
  }

  /** Takes over the advance of an earlier process. */
  restore(advancedMs: number): void {
    this.#advancedMs = advancedMs;
  }
}

/** `yyyy-MM-ddTHH:mm:ss+08:00`, the form of every time in APIv3. */
export function beijingTime(ms: number): string {
  return `${new Date(ms + BEIJING_MS).toISOString().slice(0, 19)}+08:00`;
}

/** `yyyy-MM-dd HH:mm:ss` in Beijing, the form of times in bills. */
export function beijingPlain(ms: number): string {
  return beijingTime(ms).slice(0, 19).replace('T', ' ');
}

/** The Beijing day of a moment, `yyyy-MM-dd`. */
export function beijingDay(ms: number): string {
  return beijingTime(ms).slice(0, 10);
}

/** The first millisecond of a Beijing day, or undefined when `day` is no `yyyy-MM-dd` of the calendar. */
export function startOfBeijingDay(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(day)) return undefined;
  const ms = Date.parse(`${day}T00:00:00+08:00`);
  return Number.isNaN(ms) || beijingDay(ms) !== day ? undefined : ms;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/u;

/** Milliseconds of an RFC 3339 time, or undefined. */
export function parseTime(text: string): number | undefined {
  const ms = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
