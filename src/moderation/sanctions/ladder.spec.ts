import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LADDER, SANCTION_KINDS, rungOf, type Ladder, type Offence, type PastSanction, type Rung, type SanctionKind } from './ladder.js';

const HOUR = 3_600_000;
const AT = 10_000 * HOUR;
const offences = (count: number, hoursAgo = 1): Offence[] => Array.from({ length: count }, (_, index) => ({ runId: `${hoursAgo}-${index}`, at: AT - hoursAgo * HOUR }));
const sanction = (kind: SanctionKind, hoursAgo: number, more: Partial<PastSanction> = {}): PastSanction => ({ kind, state: 'active', at: AT - hoursAgo * HOUR, until: kind === 'mute' ? AT - (hoursAgo - 1) * HOUR : undefined, endedAt: undefined, ...more });
const kindFor = (given: readonly Offence[], past: readonly PastSanction[] = []): SanctionKind | undefined => rungOf(DEFAULT_LADDER, given, past, AT)?.kind;

describe('rungOf', () => {
  it.each([
    [0, undefined], [2, undefined], [3, 'warn'], [4, 'warn'], [5, 'mute'], [9, 'mute'], [10, 'ban'], [50, 'ban'],
  ] as const)('%i refused messages within a day lead to: %s', (count, kind) => {
    expect(kindFor(offences(count))).toBe(kind);
  });

  it('forgets what is older than the period, to the millisecond', () => {
    expect([kindFor(offences(9, 25)), kindFor(offences(10, 25)), kindFor(offences(10, 24 * 7))]).toEqual([undefined, 'ban', undefined]);
    expect(kindFor([...offences(2), { runId: 'edge', at: AT - 24 * HOUR }])).toBeUndefined();
    expect(kindFor([...offences(2), { runId: 'edge', at: AT - 24 * HOUR + 1 }])).toBe('warn');
  });

  it('counts a run once, however often it was refused', () => {
    expect(kindFor([...offences(2), ...offences(2), ...offences(2)])).toBeUndefined();
  });

  it('weighs answers that were broken off: so many as one, and none of a run whose question was refused', () => {
    const answers = (count: number, name = 'a'): Offence[] => Array.from({ length: count }, (_, at) => ({ runId: `${name}${at}`, ofAnswer: true, at: AT - HOUR }));
    const kind = (given: readonly Offence[], each: number): SanctionKind | undefined => rungOf(DEFAULT_LADDER, given, [], AT, each)?.kind;
    expect([8, 9, 14, 15, 29, 30].map((count) => kind(answers(count), 3))).toEqual([undefined, 'warn', 'warn', 'mute', 'mute', 'ban']);
    expect([kind([...offences(2), ...answers(2)], 3), kind([...offences(2), ...answers(3)], 3)]).toEqual([undefined, 'warn']);
    expect(kind([...offences(2), ...offences(2).map((each) => ({ ...each, ofAnswer: true }))], 1)).toBeUndefined();
    expect([kind(answers(1_000), 0), kind(answers(3), 1)]).toEqual([undefined, 'warn']);
  });

  it('warns once within the period, and does not fall back to a warning after a mute', () => {
    expect([kindFor(offences(4), [sanction('warn', 1)]), kindFor(offences(4), [sanction('warn', 25)])]).toEqual([undefined, 'warn']);
    expect(kindFor(offences(4), [sanction('mute', 3)])).toBeUndefined();
    expect(kindFor(offences(5), [sanction('mute', 0.5)])).toBeUndefined();
  });

  it('mutes again when a mute is over and it goes on', () => {
    expect(kindFor(offences(6), [sanction('warn', 5), sanction('mute', 3)])).toBe('mute');
  });

  it('proposes a ban once, and mutes while it waits', () => {
    expect(kindFor(offences(11), [sanction('ban', 1, { state: 'proposed' })])).toBe('mute');
    expect(kindFor(offences(11), [sanction('ban', 1, { state: 'proposed' }), sanction('mute', 0.5)])).toBeUndefined();
  });

  it('begins to count anew where people refused or lifted one', () => {
    const refused = sanction('ban', 2, { state: 'refused', endedAt: AT - HOUR / 2 });
    expect(kindFor(offences(30), [refused])).toBe('mute');
    expect(kindFor(offences(10, 0.25), [refused])).toBe('ban');
    expect(kindFor(offences(4), [sanction('warn', 1, { state: 'lifted', endedAt: AT })])).toBeUndefined();
  });
});

describe('for any ladder and history', () => {
  const seconds = fc.integer({ min: 60, max: 90 * 86_400 });
  const count = fc.integer({ min: 1, max: 20 });
  const warn = fc.record({ kind: fc.constant('warn' as const), count, withinSeconds: seconds });
  const mute = fc.record({ kind: fc.constant('mute' as const), count, withinSeconds: seconds, muteSeconds: seconds });
  const ban = fc.record({ kind: fc.constant('ban' as const), count, withinSeconds: seconds, automatic: fc.boolean() });
  const ladder: fc.Arbitrary<Ladder> = fc.tuple(fc.option(warn), fc.option(mute), fc.option(ban)).map((rungs) => rungs.filter((rung) => rung !== null) as Rung[]);
  const time = fc.integer({ min: AT - 100 * 24 * HOUR, max: AT });
  const offence: fc.Arbitrary<Offence> = fc.record({ runId: fc.integer({ min: 0, max: 30 }).map(String), at: time });
  const history = fc.array(offence, { maxLength: 40 });
  const past: fc.Arbitrary<PastSanction[]> = fc.array(
    fc.record({ kind: fc.constantFrom(...SANCTION_KINDS), state: fc.constantFrom('active' as const, 'lifted' as const, 'refused' as const), at: time, length: fc.integer({ min: 0, max: 48 }), ended: time })
      .map(({ kind, state, at, length, ended }) => ({ kind, state, at, until: kind === 'mute' ? at + length * HOUR : undefined, endedAt: state === 'active' ? undefined : ended })),
    { maxLength: 6 },
  );
  const rank = (rung: Rung | undefined): number => (rung === undefined ? -1 : SANCTION_KINDS.indexOf(rung.kind));

  it('a further offence never makes the answer milder', () => {
    fc.assert(fc.property(ladder, history, past, offence, (rungs, given, before, more) => {
      expect(rank(rungOf(rungs, [...given, more], before, AT))).toBeGreaterThanOrEqual(rank(rungOf(rungs, given, before, AT)));
    }));
  });

  it('telling of an offence twice changes nothing, nor does the order', () => {
    fc.assert(fc.property(ladder, history, past, (rungs, given, before) => {
      expect(rungOf(rungs, [...given, ...given].reverse(), before, AT)).toEqual(rungOf(rungs, given, before, AT));
    }));
  });

  it('what was imposed is not imposed again, and a warning never follows what is stricter', () => {
    fc.assert(fc.property(ladder, history, past, (rungs, given, before) => {
      const rung = rungOf(rungs, given, before, AT);
      fc.pre(rung !== undefined);
      const imposed: PastSanction = { kind: rung.kind, state: 'active', at: AT, until: rung.kind === 'mute' ? AT + rung.muteSeconds * 1_000 : undefined, endedAt: undefined };
      const next = rungOf(rungs, given, [...before, imposed], AT);
      expect(next?.kind).not.toBe(rung.kind);
      expect(next?.kind).not.toBe('warn');
    }));
  });

  it('nobody comes to a rung whose count of messages is not reached', () => {
    fc.assert(fc.property(ladder, history, past, (rungs, given, before) => {
      const rung = rungOf(rungs, given, before, AT);
      fc.pre(rung !== undefined);
      expect(new Set(given.filter(({ at }) => at > AT - rung.withinSeconds * 1_000).map(({ runId }) => runId)).size).toBeGreaterThanOrEqual(rung.count);
    }));
  });
});
