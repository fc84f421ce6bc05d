const LONGEST_QUEUE = 1_000;

/** What some of the next requests meet. */
export interface Fault {
  /** Only requests whose path begins with this. */
  readonly path?: string;
  readonly method?: string;
  /** Answer this status, with `code`. */
  readonly status?: number;
  readonly code?: string;
  /** Wait before answering, milliseconds. */
  readonly delay_ms?: number;
  /** Say nothing until the client leaves (ten minutes at most). */
  readonly hang?: boolean;
  readonly reset?: boolean;
  /** Do the work first: the order is made, the answer is lost. */
  readonly after?: boolean;
  /** A good answer without its signature, or with a wrong one. */
  readonly unsigned?: boolean;
  readonly bad_signature?: boolean;
  /** How often; once unless told. */
  readonly times?: number;
}

/** A script that cannot be meant; the message names the field. */
export class BadScript extends Error {}

const TYPES: Record<keyof Fault, string> = {
  path: 'string', method: 'string', status: 'number', code: 'string', delay_ms: 'number', hang: 'boolean', reset: 'boolean', after: 'boolean', unsigned: 'boolean', bad_signature: 'boolean', times: 'number',
};

/** What the control endpoint scripted: a queue, consumed by matching requests, else the default. */
export class Script {
  #default: Fault = {};
  #next: Fault[] = [];

  /** Throws BadScript; the old script stays then. */
  set(standard: unknown, next: unknown): void {
    if (!Array.isArray(next) || next.length > LONGEST_QUEUE) throw new BadScript(`"next" must be a list of at most ${LONGEST_QUEUE} faults.`);
    const queue = next.map(parse);
    this.#default = parse(standard);
    this.#next = queue;
  }

  snapshot(): Record<string, unknown> {
    return { default: this.#default, next: this.#next };
  }

  take(method: string, path: string): Fault {
    const matches = (fault: Fault): boolean => (fault.path === undefined || path.startsWith(fault.path)) && (fault.method === undefined || fault.method === method);
    const index = this.#next.findIndex(matches);
    const fault = this.#next[index];
    if (!fault) return matches(this.#default) ? this.#default : {};
    const left = (fault.times ?? 1) - 1;
    if (left > 0) this.#next[index] = { ...fault, times: left };
    else this.#next.splice(index, 1);
    return fault;
  }
}

function parse(value: unknown): Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadScript('A fault must be a JSON object.');
  for (const [key, field] of Object.entries(value)) {
    const type = Object.hasOwn(TYPES, key) ? TYPES[key as keyof Fault] : undefined;
    if (!type) throw new BadScript(`Unknown fault field "${key}".`);
    if (typeof field !== type) throw new BadScript(`Fault field "${key}" must be a ${type}.`);
  }
  return value;
}
