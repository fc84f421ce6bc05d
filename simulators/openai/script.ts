import { BadBehaviour, MODEL_BEHAVIOURS, parseBehaviour, parseBehaviourJson, withoutFaults } from './behaviour.js';
import type { Behaviour } from './behaviour.js';

const LONGEST_QUEUE = 1000;
const REMEMBERED_FAILURES = 1000;

/** The endpoints that can be scripted beside chat completions. */
export type SideEndpoint = 'models' | 'moderations' | 'embeddings';

/**
 * What the control endpoint scripted. A request's behaviour is put together from, weakest first:
 * the default, the next of the queue, the model's name, the header, the directive in the message.
 * A request with a header or directive of its own leaves the queue alone, so that tests that run
 * at the same time cannot take each other's turn.
 */
export class Script {
  #default: Behaviour = {};
  #queue: Behaviour[] = [];
  #sides: Partial<Record<SideEndpoint, Behaviour>> = {};
  #failures = new Map<string, number>();

  /** Takes a new script as a whole. Throws BadBehaviour when a part of it cannot be read; the old one stays then. */
  set(script: Record<string, unknown>): void {
    const { default: standard = {}, next = [], models, moderations, embeddings, ...unknown } = script;
    const key = Object.keys(unknown)[0];
    if (key !== undefined) throw new BadBehaviour(`Unknown script field "${key}".`);
    if (!Array.isArray(next) || next.length > LONGEST_QUEUE) throw new BadBehaviour(`"next" must be a list of at most ${LONGEST_QUEUE} behaviours.`);
    const parsed = parseBehaviour(standard);
    const queue = next.map((one) => parseBehaviour(one));
    const sides: Partial<Record<SideEndpoint, Behaviour>> = {};
    for (const [name, behaviour] of Object.entries({ models, moderations, embeddings })) {
      if (behaviour !== undefined) sides[name as SideEndpoint] = parseBehaviour(behaviour);
    }
    this.#default = parsed;
    this.#queue = queue;
    this.#sides = sides;
    this.#failures = new Map();
  }

  reset(): void {
    this.set({});
  }

  /** What is scripted now; the queue shows what is left of it. */
  snapshot(): Record<string, unknown> {
    return { default: this.#default, next: this.#queue, ...this.#sides };
  }

  /** The behaviour of a chat request. Throws BadBehaviour when the header cannot be read. */
  forChat(model: string, header: string | undefined, directive: Behaviour | undefined, question: string): Behaviour {
    const named = MODEL_BEHAVIOURS.get(model);
    if (header === undefined && directive === undefined) {
      const queued = this.#takeNext();
      return queued ? { ...this.#default, ...named, ...queued } : { ...this.#limited('default', this.#default), ...named };
    }
    const own = { ...(header === undefined ? {} : parseBehaviourJson(header)), ...directive };
    return { ...this.#default, ...named, ...(own.failTimes === undefined ? own : this.#limited(`own ${JSON.stringify(own)} ${question}`, own)) };
  }

  /** The behaviour of another endpoint: its faults, those within the body too, and `firstTokenMs` count. */
  forSide(endpoint: SideEndpoint): Behaviour {
    return this.#limited(endpoint, this.#sides[endpoint] ?? {});
  }

  /** An entry with `failTimes` keeps its place until it has failed so often and then succeeded once. */
  #takeNext(): Behaviour | undefined {
    const head = this.#queue[0];
    if (head?.failTimes) {
      this.#queue[0] = { ...head, failTimes: head.failTimes - 1 };
      return failing(head);
    }
    this.#queue.shift();
    return head?.failTimes === undefined ? head : withoutFaults(head);
  }

  #limited(key: string, behaviour: Behaviour): Behaviour {
    if (behaviour.failTimes === undefined) return behaviour;
    const failed = this.#failures.get(key) ?? 0;
    if (failed >= behaviour.failTimes) return withoutFaults(behaviour);
    this.#failures.set(key, failed + 1);
    if (this.#failures.size > REMEMBERED_FAILURES) this.#failures.delete(this.#failures.keys().next().value as string);
    return failing(behaviour);
  }
}

/** A behaviour that is to fail but does not say how answers 500. */
function failing(behaviour: Behaviour): Behaviour {
  const { status, error, hang, reset, cutWithoutDone, inStreamError, malformed } = behaviour;
  return status ?? error ?? hang ?? reset ?? cutWithoutDone ?? inStreamError ?? malformed ? behaviour : { ...behaviour, status: 500 };
}
