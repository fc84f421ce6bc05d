import { BadBehaviour, parseBehaviour } from '../behaviour.js';
import type { Behaviour } from '../behaviour.js';

const MOST_STEPS = 1000;
const LONGEST_MS = 86_400_000;
const SLOW_FIRST_TOKEN_MS = 10_000;

/** States of a channel that have a name; anything else is a behaviour of its own. */
const NAMED: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['ok', {}],
  ['429', { status: 429, retryAfter: 1 }],
  ['insufficient_quota', { error: 'insufficient_quota' }],
  ['500', { status: 500 }],
  ['503', { status: 503 }],
  ['401', { status: 401 }],
  ['404', { status: 404 }],
  ['hang', { hang: 'before-headers' }],
  ['reset', { reset: 'mid' }],
  ['slow', { firstTokenMs: SLOW_FIRST_TOKEN_MS }],
  ['content_policy', { error: 'content_policy' }],
  ['context_length', { error: 'context_length' }],
  ['malformed', { malformed: true }],
]);

interface Step {
  /** Milliseconds since the schedule was set. */
  readonly atMs: number;
  readonly behaviour: Behaviour;
}

/** How every request of a key is answered, by the time since it was set. */
export class KeySchedule {
  readonly #setAt: number;
  readonly #steps: readonly Step[];
  readonly #repeatMs: number | undefined;

  private constructor(setAt: number, steps: readonly Step[], repeatMs: number | undefined) {
    this.#setAt = setAt;
    this.#steps = steps;
    this.#repeatMs = repeatMs;
  }

  /**
   * Reads `{behaviour}` (from now on) or `{schedule: [{atMs, behaviour}], repeatMs?}`, where a behaviour is a name or an object.
   * Throws {@link BadBehaviour} for what cannot be meant.
   */
  static parse(now: number, fields: Record<string, unknown>): KeySchedule {
    const { behaviour, schedule, repeatMs, ...unknown } = fields;
    const stray = Object.keys(unknown)[0];
    if (stray !== undefined) throw new BadBehaviour(`Unknown field "${stray}".`);
    if ((behaviour === undefined) === (schedule === undefined)) throw new BadBehaviour('Either "behaviour" or "schedule" must be given.');
    if (repeatMs !== undefined && (!isTime(repeatMs) || repeatMs === 0 || schedule === undefined)) throw new BadBehaviour('"repeatMs" must be milliseconds > 0, beside a schedule.');
    const steps = schedule === undefined ? [{ atMs: 0, behaviour: parseNamed(behaviour) }] : parseSteps(schedule);
    return new KeySchedule(now, steps, repeatMs);
  }

  /** The behaviour of a request that arrives now; before the first step everything is well. */
  at(now: number): Behaviour {
    const sinceMs = now - this.#setAt;
    const phaseMs = this.#repeatMs === undefined ? sinceMs : sinceMs % this.#repeatMs;
    return this.#steps.findLast((step) => step.atMs <= phaseMs)?.behaviour ?? {};
  }

  snapshot(): Record<string, unknown> {
    return { schedule: this.#steps, ...(this.#repeatMs === undefined ? {} : { repeatMs: this.#repeatMs }) };
  }
}

function parseSteps(schedule: unknown): Step[] {
  if (!Array.isArray(schedule) || schedule.length === 0 || schedule.length > MOST_STEPS) throw new BadBehaviour(`"schedule" must be a list of 1 to ${MOST_STEPS} steps.`);
  let last = 0;
  return schedule.map((step: unknown) => {
    const { atMs, behaviour, ...unknown } = (typeof step === 'object' && step !== null ? step : {}) as Record<string, unknown>;
    if (!isTime(atMs) || atMs < last || Object.keys(unknown).length > 0) throw new BadBehaviour('A step must be {atMs, behaviour}, with atMs in ascending order.');
    last = atMs;
    return { atMs, behaviour: parseNamed(behaviour) };
  });
}

function parseNamed(value: unknown): Behaviour {
  const behaviour = typeof value === 'string' ? NAMED.get(value) : parseBehaviour(value);
  if (!behaviour) throw new BadBehaviour(`"behaviour" must be an object or one of ${[...NAMED.keys()].join(', ')}.`);
  if (behaviour.failTimes !== undefined) throw new BadBehaviour('"failTimes" is for scripts; a key\'s behaviour has a schedule.');
  return behaviour;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_MS;
}
