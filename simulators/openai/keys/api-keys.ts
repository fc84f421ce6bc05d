import { ArrivalLog } from './arrival-log.js';
import { KeyAccount } from './key-account.js';
import type { Arrival, Ending, Verdict } from './arrival-log.js';
import type { Behaviour } from '../behaviour.js';
import type { KeySchedule } from './key-behaviour.js';
import type { LimitKind, Violation } from './key-limiter.js';
import type { Limits } from './limits.js';
import type { Timeline } from './timeline.js';

const MOST_KEYS = 10_000;

/** One key more than the simulator keeps. */
export class TooManyKeys extends Error {
  constructor() {
    super(`The simulator keeps ${MOST_KEYS} API keys at most.`);
  }
}

/** What is known of a chat request when it arrives. */
export interface ChatArrival {
  readonly id: string;
  readonly tag: string | undefined;
  /** To be booked. */
  readonly tokens: number;
  /** How long its answer is planned to last, milliseconds; Infinity = it hangs. */
  readonly lastsMs: number;
}

/** An answer under way; its end must be told once. */
export interface Admitted {
  readonly end: (how: Ending, produced: number) => void;
}

/** All API keys that the simulator has seen, and the provider's side of each. */
export class ApiKeys {
  readonly timeline: Timeline;
  readonly log = new ArrivalLog();
  readonly #accounts = new Map<string, KeyAccount>();
  /** For keys without their own. */
  limits: Limits | undefined;
  schedule: KeySchedule | undefined;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** The account of a Bearer token. Throws {@link TooManyKeys}. */
  of(key: string): KeyAccount {
    const known = this.#accounts.get(key);
    if (known) return known;
    if (this.#accounts.size === MOST_KEYS) throw new TooManyKeys();
    const account = new KeyAccount(key);
    this.#accounts.set(key, account);
    return account;
  }

  all(): Iterable<KeyAccount> {
    return this.#accounts.values();
  }

  limitsOf(account: KeyAccount): Limits {
    return account.limits ?? this.limits ?? {};
  }

  /** How the key is answered now, whatever is asked. */
  behaviourOf(account: KeyAccount): Behaviour {
    return (account.schedule ?? this.schedule)?.at(this.timeline.now()) ?? {};
  }

  /** Holds a request against its key's limits, and counts it. */
  arrive(account: KeyAccount, request: ChatArrival): Admitted | Violation {
    const now = this.timeline.now();
    const verdict = account.limiter.arrive(now, this.limitsOf(account), request.tokens, now + request.lastsMs);
    if ('kinds' in verdict) {
      this.#note(account, request, now, verdict.kinds[0] as LimitKind, verdict);
      return verdict;
    }
    const arrival = this.#note(account, request, now, 'accepted');
    return {
      end: (how, produced) => {
        account.limiter.leave(verdict);
        account.counters.ended(how);
        arrival.ended = { how, at: this.timeline.now(), produced };
      },
    };
  }

  /** Counts a request that was refused by the script or the key's behaviour; limits do not see it. */
  refuse(account: KeyAccount, request: ChatArrival): void {
    this.#note(account, request, this.timeline.now(), 'refused');
  }

  /** Forgets everything that was counted, booked and logged. Limits and behaviours stay, and what is open stays open. */
  forget(): void {
    this.log.forget();
    for (const [key, account] of this.#accounts) {
      if (account.idle) this.#accounts.delete(key);
      account.limiter.forget();
      account.counters.reset(account.limiter.open);
    }
  }

  #note(account: KeyAccount, { id, tag, tokens }: ChatArrival, at: number, verdict: Verdict, violation?: Violation): Arrival {
    const arrival: Arrival = { id, at, owner: account, tag, tokens, verdict, retryMs: violation?.retryMs, ended: undefined };
    account.counters.arrived(arrival, violation?.kinds ?? [], account.limiter.use(at));
    this.log.add(arrival);
    return arrival;
  }
}
