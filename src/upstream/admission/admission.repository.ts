import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { REDIS } from '../../platform/redis/index.js';
import type { Ticket } from '../dispatch/ticket.js';
import type { ChannelTerms } from './channel-terms.js';
import type { AnswerLengths } from './gate-view.js';
import { holderOf, type CallReport, type Lease } from './lease.js';
import { AdmissionSteps } from './steps.js';

/** The braces keep all keys, BullMQ's included, in one slot of a Redis Cluster. */
const GATE = '{bailiao}:gate';

/** Runs in one question: a bound on how long Redis is held. */
const MOST_ASKED = 1_000;

/** At most this much may wait. */
export interface QueueBounds {
  readonly ofTenant: number;
  readonly ofAll: number;
  /** A ticket with a longer predicted wait is refused. */
  readonly waitMs: number;
}

/** A limit of a tenant, a user or a key: runs open (waiting or produced) and runs waiting. */
export interface SubjectLimit {
  readonly name: string;
  readonly open?: number;
  readonly queued?: number;
}

export type Entered =
  | { readonly kind: 'admitted'; readonly lease: Lease }
  | { readonly kind: 'queued'; readonly position: number; readonly etaMs: number }
  /** It was admitted before, and its lease is good. */
  | { readonly kind: 'handed' }
  | { readonly kind: 'full'; readonly retryMs: number }
  | { readonly kind: 'limited'; readonly subject: string };

export interface Pool {
  readonly name: string;
  readonly channels: readonly ChannelTerms[];
}

/** A lease in a worker's hands, as its renewal names it. */
export interface HeldLease {
  readonly run: string;
  /** The name that the lease is open under. */
  readonly holder: string;
  readonly channel: string;
  readonly subjects: readonly string[];
  /** As in the lease. */
  readonly token?: string;
  /** `due`: its call did not go out yet. `over`: it was settled, and only its run goes on. Absent: it is under way, and counts even where the gate took it for lost. */
  readonly call?: 'due' | 'over';
}

/** How many wait in a pool, by tier as metrics name it. */
export interface Depth {
  readonly pool: string;
  readonly tier: string;
  readonly waiting: number;
}

/** What a node sees of the gate at a glance. */
export interface Look {
  /** Where somebody waits. */
  readonly pools: readonly string[];
  readonly waiting: number;
  /** Of the platform's channels. */
  readonly answers: AnswerLengths;
  /** Of the own channels of the tenants that were asked for. */
  readonly own: ReadonlyMap<string, AnswerLengths>;
}

/** A channel's health: `open` is asked nothing, `half_open` one thing at a time. */
export type Breaker = 'closed' | 'half_open' | 'open';

/** As Lua's `take` tells a lease. */
type LeaseReply = readonly [channel: string, slot: number, cost: number, early: number, probe: number, token: string, tokens: number];

/** The gate in Redis: who waits, who is next, and what every channel may still be asked. Atomic over all processes and hosts. */
@Injectable()
export class AdmissionRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis, @Inject(CONFIG) private readonly config: Pick<Config, 'breaker'>, private readonly steps: AdmissionSteps) {}

  /** Admits a run at once or queues it. Asking twice is the same as once. */
  async enter(ticket: Ticket, channels: readonly ChannelTerms[], bounds: QueueBounds, limits: readonly SubjectLimit[]): Promise<Entered> {
    const args = [JSON.stringify(ticket), JSON.stringify(channels), bounds.ofTenant, bounds.ofAll, bounds.waitMs, JSON.stringify(limits)];
    const reply = (await this.steps.enter.run(this.redis, [GATE], args)) as readonly [string, ...unknown[]];
    switch (reply[0]) {
      case 'admitted':
        return { kind: 'admitted', lease: leaseOf(reply.slice(1)) };
      case 'queued':
        return { kind: 'queued', position: reply[1] as number, etaMs: reply[2] as number };
      case 'full':
        return { kind: 'full', retryMs: reply[1] as number };
      case 'limited':
        return { kind: 'limited', subject: reply[1] as string };
      default:
        return { kind: 'handed' };
    }
  }

  /** Admits waiting runs as far as channels have room. `waitMs`: ask again then; undefined: nobody waits. */
  async admit(pools: readonly Pool[], most: number): Promise<{ readonly waitMs: number | undefined; readonly admitted: readonly { readonly ticket: Ticket; readonly lease: Lease }[] }> {
    // A channel's rank is the pool's: to a tenant with channels of its own the platform's come last.
    const nameOf = ({ id, pri }: ChannelTerms): string => `${id} ${pri}`;
    const terms = [...new Map(pools.flatMap((pool) => pool.channels).map((channel) => [nameOf(channel), channel])).values()];
    const places = new Map(terms.map((channel, at) => [nameOf(channel), at + 1]));
    const named = pools.map((pool) => ({ name: pool.name, channels: pool.channels.map((channel) => places.get(nameOf(channel))) }));
    const [wait, ...rest] = (await this.steps.admit.run(this.redis, [GATE], [JSON.stringify(named), JSON.stringify(terms), most])) as readonly [number, ...unknown[]];
    const admitted: { ticket: Ticket; lease: Lease }[] = [];
    for (let at = 0; at < rest.length; at += 8) {
      const ticket = JSON.parse(rest[at] as string) as Ticket;
      admitted.push({ ticket, lease: leaseOf(rest.slice(at + 1, at + 8)) });
    }
    return { waitMs: wait < 0 ? undefined : wait, admitted };
  }

  /** @returns whether the run waited; then it does no more. */
  async leave(runId: string): Promise<boolean> {
    return (await this.steps.leave.run(this.redis, [GATE], [runId])) === 1;
  }

  /** Which of these runs wait. Cheap: asked for every run that is open for long. */
  async waiting(runIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let from = 0; from < runIds.length; from += MOST_ASKED) for (const id of (await this.steps.waiting.run(this.redis, [GATE], runIds.slice(from, from + MOST_ASKED))) as string[]) found.add(id);
    return found;
  }

  /** Undefined when the run does not wait (any more). */
  async place(runId: string, channels: readonly ChannelTerms[]): Promise<{ readonly position: number; readonly etaMs: number } | undefined> {
    const [position, etaMs] = (await this.steps.place.run(this.redis, [GATE], [runId, JSON.stringify(channels)])) as [number, number];
    return position === 0 ? undefined : { position, etaMs };
  }

  /** Another call for a run that had its turn. A number: ms until it is worth asking again. */
  async again(runId: string, channels: readonly ChannelTerms[], tokens: number): Promise<Lease | number> {
    const reply = (await this.steps.again.run(this.redis, [GATE], [runId, JSON.stringify(channels), tokens])) as readonly [string, ...unknown[]];
    return reply[0] === 'admitted' ? leaseOf(reply.slice(1)) : (reply[1] as number);
  }

  /** A second call beside a late one, where a channel can take it at once and nobody waits for it. Undefined where there is none. */
  async hedge(runId: string, channels: readonly ChannelTerms[], tokens: number): Promise<Lease | undefined> {
    const reply = (await this.steps.hedge.run(this.redis, [GATE], [holderOf(runId, { hedge: true }), JSON.stringify(channels), tokens])) as readonly [string, ...unknown[]];
    return reply[0] === 'admitted' ? { ...leaseOf(reply.slice(1)), hedge: true } : undefined;
  }

  /**
   * Books a call to the moment at which it goes out. The lease that this answers is the one to settle from now on.
   * @param attempt how often the queue has handed the run to a worker; 0: it never lay there.
   * @returns undefined when the lease has run out, or is another's.
   */
  async depart(runId: string, lease: Lease, attempt: number): Promise<Lease | undefined> {
    const args = [runId, lease.channelId, lease.slot, lease.tokens, lease.early ? 1 : 0, lease.cost, lease.token ?? '', attempt];
    const reply = (await this.steps.depart.run(this.redis, [GATE], args)) as readonly [slot: number, token: string] | readonly [];
    return reply.length === 0 ? undefined : { ...lease, slot: reply[0], token: reply[1] };
  }

  /** @returns whether somebody waits. */
  async settle(held: HeldLease, lease: Lease, terms: ChannelTerms, model: string, report: CallReport): Promise<boolean> {
    const told = { run: held.run, holder: held.holder, subjects: held.subjects, lease, model, breaker: this.config.breaker, ...report };
    return (await this.steps.settle.run(this.redis, [GATE], [JSON.stringify(told), JSON.stringify(terms)])) === 1;
  }

  /** A run that is over and has no call to settle: its subjects may begin another. One that another worker has by now stays. */
  async forget(runId: string, subjects: readonly string[]): Promise<void> {
    await this.steps.forget.run(this.redis, [GATE], [runId, JSON.stringify(subjects)]);
  }

  /** A worker's sign of life. @param capacity runs that it can produce at once; 0 takes it off the list. */
  async renew(worker: string, capacity: number, leases: readonly HeldLease[]): Promise<void> {
    await this.steps.renew.run(this.redis, [GATE], [worker, capacity, JSON.stringify(leases)]);
  }

  /**
   * What every node looks at now and then: the pools where somebody waits, and how long answers are.
   * @param owners tenants of whose own channels this is asked, too.
   */
  async look(owners: readonly string[] = []): Promise<Look> {
    const [pools, waiting, answers, own] = await Promise.all([
      this.redis.hkeys(`${GATE}:pools`),
      this.redis.hget(`${GATE}:waiting`, ''),
      this.redis.hgetall(`${GATE}:answers`),
      Promise.all(owners.map(async (owner) => [owner, lengthsOf(await this.redis.hgetall(`${GATE}:answers:${owner}`))] as const)),
    ]);
    return { pools, waiting: parseInt(waiting ?? '0', 10), answers: lengthsOf(answers), own: new Map(own) };
  }

  /** For metrics: who waits, on all nodes. */
  async depths(): Promise<readonly Depth[]> {
    return Object.entries(await this.redis.hgetall(`${GATE}:depths`)).map(([kind, waiting]) => {
      const cut = kind.lastIndexOf(' ');
      return { pool: kind.slice(0, cut), tier: kind.slice(cut + 1), waiting: parseInt(waiting, 10) };
    });
  }

  /** For metrics: the health of these channels, in their order. */
  async breakers(channelIds: readonly string[]): Promise<readonly Breaker[]> {
    const [[seconds], ...opened] = await Promise.all([this.redis.time(), ...channelIds.map((id) => this.redis.hget(`${GATE}:channel:${id}`, 'opened'))]);
    return opened.map((until) => (until === null || until === '0' ? 'closed' : parseInt(until, 10) > (seconds ?? 0) * 1000 ? 'open' : 'half_open'));
  }
}

/** @param stored thousandths of a token. What is no such number is not known. */
function lengthsOf(stored: Readonly<Record<string, string>>): AnswerLengths {
  const known = Object.entries(stored).filter(([, milli]) => /^[1-9]\d{3,8}$/.test(milli));
  return new Map(known.map(([model, milli]) => [model, parseInt(milli, 10) / 1000]));
}

function leaseOf(reply: readonly unknown[]): Lease {
  const [channelId, slot, cost, early, probe, token, tokens] = reply as LeaseReply;
  return { channelId, slot, cost, tokens, early: early === 1, probe: probe === 1, token };
}
