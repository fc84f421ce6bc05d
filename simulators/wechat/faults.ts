const LONGEST_QUEUE = 1000;

/** What one of the next calls meets instead of, or before, its answer. */
export interface Fault {
  /** Only calls whose path begins with this. */
  readonly path?: string;
  /** Only calls of this app: by its token, or by its appid in the query. */
  readonly appid?: string;
  /** Answer this number (HTTP 200), for example −1, 45011, 40226. */
  readonly errcode?: number;
  readonly errmsg?: string;
  /** Wait before answering, milliseconds. */
  readonly delayMs?: number;
  /** Say nothing until the client leaves (ten minutes at most). */
  readonly hang?: boolean;
  /** Answer this HTTP status with a proxy's HTML page. */
  readonly status?: number;
  /** Reset the connection. */
  readonly reset?: boolean;
  /** Do the work first: `hang`, `status` and `reset` then lose the answer alone. */
  readonly after?: boolean;
}

/** A script that cannot be meant; the message names the field. */
export class BadFault extends Error {}

const TYPES: Record<keyof Fault, string> = { path: 'string', appid: 'string', errcode: 'number', errmsg: 'string', delayMs: 'number', hang: 'boolean', status: 'number', reset: 'boolean', after: 'boolean' };

/** What the control endpoint scripted: a queue consumed one per matching call, else the default. */
export class Faults {
  #default: Fault = {};
  #next: Fault[] = [];

  /** Takes a new script as a whole. Throws {@link BadFault}; the old script stays then. */
  set(script: Record<string, unknown>): void {
    const { default: standard = {}, next = [], ...unknown } = script;
    const key = Object.keys(unknown)[0];
    if (key !== undefined) throw new BadFault(`Unknown script field "${key}".`);
    if (!Array.isArray(next) || next.length > LONGEST_QUEUE) throw new BadFault(`"next" must be a list of at most ${LONGEST_QUEUE} faults.`);
    const parsed = parseFault(standard);
    this.#next = next.map((one) => parseFault(one));
    this.#default = parsed;
  }

  snapshot(): Record<string, unknown> {
    return { default: this.#default, next: this.#next };
  }

  /** The fault of a call to `path`, by an app where that is known before its body is read; an empty one = answer normally. */
  take(path: string, appid?: string): Fault {
    const matches = (fault: Fault): boolean => (fault.path === undefined || path.startsWith(fault.path)) && (fault.appid === undefined || fault.appid === appid);
    const index = this.#next.findIndex(matches);
    if (index >= 0) return this.#next.splice(index, 1)[0] as Fault;
    return matches(this.#default) ? this.#default : {};
  }
}

function parseFault(value: unknown): Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadFault('A fault must be a JSON object.');
  for (const [key, field] of Object.entries(value)) {
    const type = Object.hasOwn(TYPES, key) ? TYPES[key as keyof Fault] : undefined;
    if (!type) throw new BadFault(`Unknown fault field "${key}".`);
    if (typeof field !== type) throw new BadFault(`Fault field "${key}" must be a ${type}.`);
  }
  return value;
}
