import { ControlError } from './api-error.js';

const LONGEST_QUEUE = 1_000;
const MOST_TIMES = 1_000_000;
const LONGEST_DELAY_MS = 600_000;

/** What one of the next calls meets. Without `after` it strikes before the work is done, with it afterwards. */
export interface Fault {
  /** Only calls whose path begins with this. */
  readonly path?: string;
  readonly method?: string;
  /** Answer this status, and this error code; each is guessed from the other. */
  readonly status?: number;
  readonly code?: string;
  readonly delay_ms?: number;
  /** Say nothing until the client leaves (ten minutes at most). */
  readonly hang?: boolean;
  /** Do the work first: the order is there, and the client does not learn it. */
  readonly after?: boolean;
  /** Reset the connection. */
  readonly reset?: boolean;
  /** Answer without signature headers. */
  readonly unsigned?: boolean;
  /** Answer with a signature of the probing kind. */
  readonly bad_signature?: boolean;
  /** For so many calls (1). */
  readonly times?: number;
}

/** How notifications go out: once, never, twice, or `delay_ms` late. */
export const NOTIFYING = ['on', 'off', 'duplicate', 'delay'] as const;
export type Notifying = (typeof NOTIFYING)[number];

const TYPES: Record<keyof Fault, string> = {
  path: 'string', method: 'string', status: 'number', code: 'string', delay_ms: 'number', hang: 'boolean', after: 'boolean', reset: 'boolean', unsigned: 'boolean', bad_signature: 'boolean', times: 'number',
};

/** What the control endpoint scripted: a queue consumed by matching calls, else the default. */
export class Faults {
  #default: Fault = {};
  #next: Fault[] = [];
  #notifying: Notifying = 'on';
  #delayMs = 0;

  /** Takes a new script as a whole. Throws {@link ControlError}; the old script stays then. */
  set(script: Record<string, unknown>): void {
    const { default: standard = {}, next = [], notifications = 'on', delay_ms: delayMs = 0, ...unknown } = script;
    const extra = Object.keys(unknown)[0];
    if (extra !== undefined) throw new ControlError(400, `Unknown script field "${extra}".`);
    if (!Array.isArray(next) || next.length > LONGEST_QUEUE) throw new ControlError(400, `"next" must be a list of at most ${LONGEST_QUEUE} faults.`);
    const notifying = NOTIFYING.find((one) => one === notifications);
    if (notifying === undefined) throw new ControlError(400, `"notifications" must be one of ${NOTIFYING.join(', ')}.`);
    if (!isWithin(delayMs, 0, LONGEST_DELAY_MS)) throw new ControlError(400, `"delay_ms" must be between 0 and ${LONGEST_DELAY_MS}.`);
    const parsed = parseFault(standard);
    this.#next = next.map((one) => parseFault(one));
    this.#default = parsed;
    this.#notifying = notifying;
    this.#delayMs = delayMs;
  }

  snapshot(): Record<string, unknown> {
    return { default: this.#default, next: this.#next, notifications: this.#notifying, delay_ms: this.#delayMs };
  }

  get notifying(): Notifying {
    return this.#notifying;
  }

  get notifyDelayMs(): number {
    return this.#notifying === 'delay' ? this.#delayMs : 0;
  }

  /** The fault of this call; an empty one = answer normally. */
  take(method: string, path: string): Fault {
    const matches = (fault: Fault): boolean => (fault.path === undefined || path.startsWith(fault.path)) && (fault.method === undefined || fault.method === method);
    const index = this.#next.findIndex(matches);
    const fault = this.#next[index];
    if (!fault) return matches(this.#default) ? this.#default : {};
    const left = (fault.times ?? 1) - 1;
    this.#next.splice(index, 1, ...(left > 0 ? [{ ...fault, times: left }] : []));
    return fault;
  }
}

function parseFault(value: unknown): Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ControlError(400, 'A fault must be a JSON object.');
  for (const [key, field] of Object.entries(value)) {
    const type = Object.hasOwn(TYPES, key) ? TYPES[key as keyof Fault] : undefined;
    if (!type) throw new ControlError(400, `Unknown fault field "${key}".`);
    if (typeof field !== type) throw new ControlError(400, `Fault field "${key}" must be a ${type}.`);
  }
  const fault = value as Fault;
  if (!isWithin(fault.status ?? 500, 202, 599)) throw new ControlError(400, 'Fault field "status" must be between 202 and 599.');
  if (!isWithin(fault.delay_ms ?? 0, 0, LONGEST_DELAY_MS)) throw new ControlError(400, `Fault field "delay_ms" must be between 0 and ${LONGEST_DELAY_MS}.`);
  if (!isWithin(fault.times ?? 1, 1, MOST_TIMES)) throw new ControlError(400, `Fault field "times" must be between 1 and ${MOST_TIMES}.`);
  return { ...fault, ...(fault.method === undefined ? {} : { method: fault.method.toUpperCase() }) };
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
