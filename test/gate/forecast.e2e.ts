import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelTerms } from '../../src/upstream/admission/channel-terms.js';
import type { Lease } from '../../src/upstream/admission/lease.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

/** Calls that last so long each; their leases are kept alive. */
class Calls {
  private open: readonly { readonly runId: string; readonly lease: Lease; readonly endsAt: number }[] = [];

  constructor(private readonly channels: readonly ChannelTerms[], private readonly lastsMs: (run: number) => number) {}

  private begun = 0;

  begin(runId: string, lease: Lease): void {
    this.open = [...this.open, { runId, lease, endsAt: gate.nowMs + this.lastsMs((this.begun += 1)) }];
  }

  /** Goes on by so many ms; @returns who was admitted. */
  async pass(ms: number, pool = '/m'): Promise<readonly string[]> {
    await gate.pass(ms);
    await gate.gate.renew('worker', 1_000, this.open.map(({ runId, lease }) => ({ run: runId, holder: runId, channel: lease.channelId, subjects: [] })));
    for (const { runId, lease } of this.open.filter(({ endsAt }) => endsAt <= gate.nowMs)) {
      const channel = this.channels.find(({ id }) => id === lease.channelId);
      if (channel !== undefined) await gate.settle(runId, lease, channel, { release: 'run' });
    }
    this.open = this.open.filter(({ endsAt }) => endsAt > gate.nowMs);
    const { admitted } = await gate.admit(this.channels, 100, pool);
    for (const { ticket, lease } of admitted) this.begin(ticket.runId, lease);
    return admitted.map(({ ticket }) => ticket.runId);
  }

  async enter(runId: string, flow: string): Promise<{ readonly position: number; readonly etaMs: number }> {
    const entered = await gate.enter({ runId, flow }, this.channels);
    if (entered.kind === 'queued') return entered;
    if (entered.kind !== 'admitted') throw new Error(`was ${entered.kind}`);
    this.begin(runId, entered.lease);
    return { position: 0, etaMs: 0 };
  }
}

describe('the predicted wait for a channel with a bound on answers at once', () => {
  it.each([
    ['one at a time', [terms('c', { con: 1 })], 10_000],
    ['three at a time', [terms('c', { con: 3 })], 10_000],
    ['three at a time, in two channels', [terms('c', { con: 2 }), terms('d', { con: 1 })], 10_000],
    ['three at a time, of answers that differ', [terms('c', { con: 3 })], 12_000],
    ['many at a time, more than the minute allows', [terms('c', { con: 20, rpm: 60 })], 10_000],
    ['many at a time', [terms('c', { con: 100 })], 60_000],
  ])('is about true for everybody in the line: %s', async (name, channels, lastsMs) => {
    const calls = new Calls(channels, (run) => (name.endsWith('differ') ? lastsMs * (0.8 + (run % 5) / 10) : lastsMs));
    // The channel has answered before.
    for (let n = 0; n < 6; n += 1) await calls.enter(`before-${n}`, `user-b${n}`);
    for (let n = 0; n < 400; n += 1) await calls.pass(500);
    const told = new Map<string, number>();
    const start = gate.nowMs;
    const count = channels.reduce((sum, { con = 0 }) => sum + con, 0) * 5 + 20;
    for (let n = 0; n < count; n += 1) {
      const { position, etaMs } = await calls.enter(`r${n}`, `user-${n}`);
      if (position > 0) told.set(`r${n}`, etaMs);
    }
    const wrong: string[] = [];
    for (let n = 0; told.size > 0 && n < 3_000; n += 1) {
      for (const runId of await calls.pass(250)) {
        const was = gate.nowMs - start;
        const eta = told.get(runId) ?? 0;
        if (was > 3_000 && Math.abs(eta - was) > 0.2 * was) wrong.push(`${runId}: ${eta} for ${was}`);
        told.delete(runId);
      }
    }
    expect(told.size).toBe(0);
    expect(wrong).toEqual([]);
  });

  it('says of the next in line what is left of the call before it, and goes on being true', async () => {
    const calls = new Calls([terms('c', { con: 1 })], () => 10_000);
    for (let n = 0; n < 3; n += 1) await calls.enter(`before-${n}`, `user-b${n}`);
    for (let n = 0; n < 80; n += 1) await calls.pass(500);
    for (let n = 0; n < 4; n += 1) await calls.enter(`r${n}`, `user-${n}`);
    const etas = async (): Promise<readonly (number | undefined)[]> => Promise.all(['r1', 'r2', 'r3'].map(async (runId) => (await gate.gate.place(runId, [terms('c', { con: 1 })]))?.etaMs));
    const within = (found: readonly (number | undefined)[], due: readonly number[]): void => found.forEach((eta, at) => expect(Math.abs((eta ?? Infinity) - (due[at] ?? 0))).toBeLessThan(600));
    within(await etas(), [10_000, 20_000, 30_000]);
    for (let n = 0; n < 8; n += 1) await calls.pass(500);
    within(await etas(), [6_000, 16_000, 26_000]);
  });

  it('learns from calls under way when nothing was measured before', async () => {
    const calls = new Calls([terms('c', { con: 1 })], () => 1e6);
    await calls.enter('endless', 'user-e');
    const first = await calls.enter('r', 'user-r');
    for (let n = 0; n < 60; n += 1) await calls.pass(1_000);
    const later = await gate.gate.place('r', [terms('c', { con: 1 })]);
    expect(first.etaMs).toBeGreaterThan(1_000);
    expect(later?.etaMs).toBeGreaterThan(30_000);
  });

  it('counts those who wait for the same places by another model', async () => {
    const channels = [terms('c', { con: 1 })];
    const calls = new Calls(channels, () => 10_000);
    await calls.enter('before', 'user-b');
    for (let n = 0; n < 30; n += 1) await calls.pass(500);
    await calls.enter('runs', 'user-b');
    for (let n = 0; n < 5; n += 1) await gate.enter({ runId: `n${n}`, pool: '/n', tenantId: 'other' }, channels);
    for (let n = 0; n < 5; n += 1) await gate.enter({ runId: `m${n}` }, channels);
    expect((await gate.gate.place('m4', channels))?.etaMs).toBeGreaterThan(80_000);
    expect((await gate.gate.place('m4', channels))?.etaMs).toBeLessThan(110_000);
  });

  it('is the longest that its tier accepts, while all channels are paused', async () => {
    const paused = [terms('c', { paused: true }), terms('d', { con: 1, rpm: 60, paused: true })];
    for (const channels of [paused, paused.slice(0, 1), []]) {
      const runId = `r${channels.length}`;
      const draft = { runId, tenantId: runId, waitMs: 60_000 };
      expect(await gate.enter(draft, channels, [], { waitMs: 60_000 })).toMatchObject({ kind: 'queued', etaMs: 60_000 });
      await gate.pass(5_000);
      expect((await gate.gate.place(runId, channels))?.etaMs).toBe(60_000);
    }
    expect((await gate.gate.place('r2', [terms('c'), ...paused.slice(1)]))?.etaMs).toBeLessThan(3_000);
  });

  it('refuses a wait that is longer than its tier accepts', async () => {
    const calls = new Calls([terms('c', { con: 1 })], () => 10_000);
    await calls.enter('before', 'user-b');
    for (let n = 0; n < 30; n += 1) await calls.pass(500);
    const kinds: string[] = [];
    for (let n = 0; n < 9; n += 1) kinds.push((await gate.enter({ runId: `r${n}` }, [terms('c', { con: 1 })], [], { waitMs: 45_000 })).kind);
    expect(kinds).toEqual(['admitted', 'queued', 'queued', 'queued', 'queued', 'full', 'full', 'full', 'full']);
  });
});
