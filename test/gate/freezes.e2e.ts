import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldLease } from '../../src/upstream/admission/admission.repository.js';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

const SUBJECTS = ['t/user/u'];
const LIMITS = [{ name: 't/user/u', open: 1_000 }];
/** The queue notices that a worker is gone. */
const NOTICED_MS = 10_000;
const LEASE_MS = 15_000;
const RENEWED_MS = 3_000;

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());

interface Step { readonly does: 'come' | 'pass' | 'freeze' | 'thaw' | 'takeOver' | 'end' | 'giveUp'; readonly ms: number; readonly at: number }

/** What one worker believes of a run. */
interface Hand { readonly run: string; readonly lease: Lease; readonly given: Lease; readonly attempt: number; renewedAt: number; frozenAt?: number }

/** Workers of one channel that freeze and thaw as told. */
class Workers {
  private hands: Hand[] = [];
  /** Runs whose place the gate may have given to others: nobody could renew them for long, or who had them last has ended. */
  private readonly lost = new Set<string>();
  private came = 0;

  constructor(readonly con: number, readonly channel = terms('c', { con, rpm: 100_000 })) {}

  async do({ does, ms, at }: Step): Promise<void> {
    if (does === 'come') return this.come();
    if (does === 'pass') return this.pass(ms);
    const hand = this.chosen(at, does === 'thaw' || does === 'takeOver');
    if (hand === undefined) return;
    if (does === 'freeze') hand.frozenAt = gate.nowMs;
    else if (does === 'thaw') delete hand.frozenAt;
    else if (does === 'takeOver') await this.takeOver(hand);
    else await this.end(hand, does === 'giveUp');
  }

  /** Whoever works on a run that was never lost has its place, its hands and (from the first renewal on, where it was taken over late) its user's share; of these there are never too many. */
  async check(): Promise<void> {
    const runs = [...new Set(this.hands.map(({ run }) => run))].filter((run) => !this.lost.has(run));
    expect(runs.length).toBeLessThanOrEqual(this.con);
    const [places, hands, subjects] = await this.taken();
    for (const each of [places, hands]) expect(each).toEqual(expect.arrayContaining(runs));
    expect(subjects).toEqual(expect.arrayContaining(runs.filter((run) => !this.hands.some((hand) => hand.run === run && hand.attempt > 1))));
  }

  async endAll(): Promise<void> {
    for (const hand of [...this.hands]) await this.end(hand, false);
    expect(await this.taken()).toEqual([[], [], []]);
    expect(await gate.redis.exists('{bailiao}:gate:holds')).toBe(0);
  }

  private async taken(): Promise<readonly (readonly string[])[]> {
    return Promise.all(['channel:c:open', 'open', 'subject:t/user/u'].map(async (key) => gate.redis.zrange(`{bailiao}:gate:${key}`, '0', '-1')));
  }

  private chosen(at: number, frozen: boolean): Hand | undefined {
    const among = this.hands.filter(({ frozenAt }) => (frozenAt !== undefined) === frozen);
    return among[at % Math.max(1, among.length)];
  }

  private isLast(hand: Hand): boolean {
    return !this.hands.some(({ run, attempt }) => run === hand.run && attempt > hand.attempt);
  }

  private async come(): Promise<void> {
    const run = `r${(this.came += 1)}`;
    const entered = await gate.enter({ runId: run }, [this.channel], LIMITS);
    if (entered.kind !== 'admitted') return void (await gate.gate.leave(run));
    const lease = await gate.gate.depart(run, entered.lease, 1);
    if (lease === undefined) throw new Error('a fresh lease was refused');
    this.hands.push({ run, lease, given: entered.lease, attempt: 1, renewedAt: gate.nowMs });
  }

  private async pass(ms: number): Promise<void> {
    await gate.pass(ms);
    for (const hand of this.hands) if (this.isLast(hand) && gate.nowMs - hand.renewedAt >= LEASE_MS) this.lost.add(hand.run);
    const awake = this.hands.filter(({ frozenAt }) => frozenAt === undefined);
    for (const hand of awake) hand.renewedAt = gate.nowMs;
    await gate.gate.renew('worker', 1_000_000, awake.map(({ run, lease }): HeldLease => ({ run, holder: run, channel: 'c', subjects: SUBJECTS, token: lease.token ?? '' })));
  }

  private async takeOver(frozen: Hand): Promise<void> {
    if (gate.nowMs - (frozen.frozenAt ?? Infinity) < NOTICED_MS || !this.isLast(frozen)) return;
    const attempt = frozen.attempt + 1;
    const departed = (await gate.gate.depart(frozen.run, frozen.given, attempt)) ?? (await gate.gate.again(frozen.run, [this.channel], 100));
    if (typeof departed === 'number') {
      this.lost.add(frozen.run);
      return gate.gate.forget(frozen.run, SUBJECTS);
    }
    this.hands.push({ run: frozen.run, lease: departed, given: frozen.given, attempt, renewedAt: gate.nowMs });
  }

  private async end(hand: Hand, unsent: boolean): Promise<void> {
    if (this.isLast(hand)) this.lost.add(hand.run);
    this.hands = this.hands.filter((each) => each !== hand);
    await gate.settle(hand.run, hand.lease, this.channel, { release: 'run', ...(unsent ? { sent: false as const } : { tokens: 50 }) }, SUBJECTS);
  }
}

describe('workers that freeze, thaw, renew late and settle what others have by now', () => {
  it('take nobody\'s place away, and leave none behind', async () => {
    const step = fc.record({ does: fc.constantFrom<Step['does']>('come', 'come', 'pass', 'pass', 'pass', 'freeze', 'thaw', 'takeOver', 'end', 'giveUp'), ms: fc.oneof(fc.constant(RENEWED_MS), fc.integer({ min: 0, max: RENEWED_MS })), at: fc.nat({ max: 20 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { minLength: 30, maxLength: 90 }), async (con, steps) => {
        await gate.redis.flushdb();
        await gate.at(gate.nowMs + 600_000);
        await gate.gate.renew('worker', 1_000_000, []);
        const workers = new Workers(con);
        for (const each of steps) {
          await workers.do(each);
          await workers.check();
        }
        await workers.endAll();
      }),
      { numRuns: 150, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
    );
  });
});
