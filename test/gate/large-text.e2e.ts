import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelTerms } from '../../src/upstream/admission/channel-terms.js';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeEach(async () => {
  gate = await GateBench.open();
});
afterEach(async () => gate.close());

const TPM = 60_000;
const CHANNEL = terms('chan-c', { tpm: TPM });

interface Line { readonly pool: string; readonly tokens: readonly number[]; readonly channels?: readonly ChannelTerms[] }
interface Admission { readonly atMs: number; readonly pool: string; readonly tokens: number; readonly channelId: string }

/** Lets so much time pass, while in each of these lines there is always somebody. */
async function work(lines: readonly Line[], ms: number): Promise<readonly Admission[]> {
  const pools = lines.map(({ pool, channels = [CHANNEL] }) => ({ name: pool, channels }));
  const waiting = new Map(lines.map(({ pool }) => [pool, 0]));
  const admissions: Admission[] = [];
  const start = gate.nowMs;
  let run = 0;
  while (gate.nowMs < start + ms) {
    for (const { pool, tokens, channels = [CHANNEL] } of lines) {
      while ((waiting.get(pool) ?? 0) < 3) {
        const draft = { runId: `${pool}#${(run += 1)}`, tenantId: `tenant-${pool}`, pool, tokens: tokens[run % tokens.length] ?? 1 };
        const entered = await gate.enter(draft, channels);
        if (entered.kind === 'admitted') admissions.push({ atMs: gate.nowMs - start, pool, tokens: draft.tokens, channelId: entered.lease.channelId });
        else waiting.set(pool, (waiting.get(pool) ?? 0) + 1);
      }
    }
    const { waitMs, admitted } = await gate.admitAll([...pools, { name: '/large', channels: [CHANNEL] }]);
    for (const { ticket, lease } of admitted) {
      waiting.set(ticket.pool, (waiting.get(ticket.pool) ?? 0) - 1);
      admissions.push({ atMs: gate.nowMs - start, pool: ticket.pool, tokens: ticket.tokens, channelId: lease.channelId });
    }
    await gate.pass(Math.max(1, Math.min(waitMs ?? 1_000, 1_000)));
  }
  return admissions;
}

const sum = (admissions: readonly Admission[]): number => admissions.reduce((total, { tokens }) => total + tokens, 0);

async function large(tokens: number): Promise<void> {
  expect((await gate.enter({ runId: 'large', tenantId: 'large', pool: '/large', tokens }, [CHANNEL])).kind).toBe('queued');
}

describe('a text that needs most of a minute', () => {
  it('gets its turn, though short ones of another model would fit before it again and again', async () => {
    await work([{ pool: '/small', tokens: [1_000] }], 90_000);
    await large(50_000);
    const admissions = await work([{ pool: '/small', tokens: [1_000] }], 180_000);
    const turn = admissions.find(({ pool }) => pool === '/large');
    expect(turn?.atMs).toBeLessThan(62_000);
  });

  it('gets its turn also where short ones may go out ahead of the pace', async () => {
    await gate.enter({ runId: 'before', tenantId: 'large', pool: '/large', tokens: 15_000 }, [CHANNEL]);
    await large(50_000);
    const admissions = await work([{ pool: '/small', tokens: [500] }], 180_000);
    expect(admissions.find(({ pool }) => pool === '/large')?.atMs).toBeLessThan(65_000);
  });

  it('leaves to others what it will not need', async () => {
    await gate.enter({ runId: 'before', tenantId: 'x', pool: '/large', tokens: 50_000 }, [CHANNEL]);
    await gate.pass(52_000);
    await large(50_000);
    const admissions = await work([{ pool: '/small', tokens: [1_000] }], 30_000);
    const turn = admissions.find(({ pool }) => pool === '/large');
    expect(turn?.atMs).toBeLessThan(11_000);
    expect(sum(admissions.filter(({ atMs }) => atMs < (turn?.atMs ?? 0)))).toBeGreaterThanOrEqual(7_000);
  });

  it('keeps nobody from channels that it may not use', async () => {
    const other = terms('chan-d', { tpm: TPM });
    await work([{ pool: '/small', tokens: [1_000] }], 90_000);
    await large(50_000);
    const admissions = await work([{ pool: '/small', tokens: [1_000], channels: [CHANNEL, other] }], 50_000);
    expect(admissions.filter(({ channelId, atMs }) => channelId === 'chan-d' && atMs > 30_000).length).toBeGreaterThanOrEqual(9);
  });
});

it('texts of different lengths of several models use 95 % and more of the minute', async () => {
  const lines = [
    { pool: '/one', tokens: [200, 900, 1_500, 400] }, { pool: '/two', tokens: [300, 100, 2_000] }, { pool: '/three', tokens: [800, 60] },
  ];
  const admissions = await work(lines, 240_000);
  for (const from of [0, 60_000, 120_000, 180_000]) {
    const used = sum(admissions.filter(({ atMs }) => atMs >= from && atMs < from + 60_000));
    expect(used).toBeGreaterThanOrEqual(TPM * 0.95);
    expect(used).toBeLessThanOrEqual(TPM);
  }
});
