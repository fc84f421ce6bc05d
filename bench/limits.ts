import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ask, type Seen } from './gate/ask.js';
import { runProgram } from './gate/program.js';
import { World, type Allowance, type Customer, type KeyCount } from './gate/world.js';
import { percentile } from './samples.js';
import { Stand } from './stand.js';

const CHANNELS: readonly Allowance[] = [
  { key: 'sk-large', requestsPerMinute: 600, tokensPerMinute: 60_000 },
  { key: 'sk-small', requestsPerMinute: 120, tokensPerMinute: 30_000 },
];
const WORKERS = 3;
/** Tenants that always have work; every fourth has twice the weight. */
const TENANTS = 20;
const AT_ONCE = 6;
/** What the first of them has open all the time. */
const FLOOD = 500;
/** About 120 tokens a call: the large channel is bound by its tokens, the small one by its requests. */
const WISH = { tokens: 80, gapMs: 10, firstTokenMs: 100 } as const;
const VICTIM_EVERY_MS = 4_000;
/** Shares are read after the first moments, when all tenants wait. */
const WARM_MS = 10_000;

/** `npm run bench:limits [-- --minutes 3]`: no call too many, none too few, to everybody his share. */
async function main(minutes: number, signal: AbortSignal): Promise<boolean> {
  const stand = await Stand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal, (line) => console.error(`  ${line}`));
  try {
    const world = await World.open(stand, WORKERS);
    for (const channel of CHANNELS) await world.grant(channel);
    const tenants: Customer[] = [];
    for (let n = 0; n < TENANTS; n += 1) tenants.push(await world.customer(`tenant-${n}`, n % 4 === 3 ? 2 : 1));
    const victim = await world.customer('victim');
    await sleep(1_500);
    return report(await drive(world, tenants, victim, minutes * 60_000, signal), minutes);
  } finally {
    await stand.close();
  }
}

interface Driven {
  readonly keys: Readonly<Record<string, KeyCount>>;
  readonly shares: ReadonlyMap<string, number>;
  readonly tenants: readonly Customer[];
  readonly victims: readonly Seen[];
  readonly seen: readonly Seen[];
  readonly ms: number;
}

async function drive(world: World, tenants: readonly Customer[], victim: Customer, ms: number, signal: AbortSignal): Promise<Driven> {
  const seen: Seen[] = [];
  const victims: Seen[] = [];
  const end = new AbortController();
  const over = AbortSignal.any([signal, end.signal]);
  await world.control('DELETE', 'keys').catch(() => undefined);
  const startedAt = performance.now();
  const loop = async (customer: Customer): Promise<void> => {
    while (!over.aborted) {
      const one = await ask(world, customer, WISH, over);
      if (over.aborted) return;
      seen.push(one);
      if (one.error !== undefined) await sleep(200 + Math.random() * 200, undefined, { signal: over }).catch(() => undefined);
    }
  };
  const loops = tenants.flatMap((tenant, at) => Array.from({ length: at === 0 ? FLOOD : AT_ONCE }, () => loop(tenant)));
  const visits = (async () => {
    while (!over.aborted) {
      await sleep(VICTIM_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
      if (!over.aborted) victims.push(await ask(world, victim, WISH, over));
    }
  })();
  await sleep(WARM_MS, undefined, { signal });
  const before = await accepted(world);
  for (let left = ms - WARM_MS; left > 0; left -= 5_000) {
    await sleep(Math.min(5_000, left), undefined, { signal });
    process.stderr.write(`\r  ${Math.round((performance.now() - startedAt) / 1000)} s, ${seen.length} answers          `);
  }
  const after = await accepted(world);
  const keys = await world.counts();
  const took = performance.now() - startedAt;
  end.abort();
  await Promise.all([...loops, visits]);
  // The nodes still free the places of those who just left.
  await sleep(3_000);
  process.stderr.write('\n');
  return { keys, shares: new Map([...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)])), tenants, victims: victims.filter((one) => one.error !== 'given_up'), seen, ms: took };
}

async function accepted(world: World): Promise<ReadonlyMap<string, number>> {
  const all = new Map<string, number>();
  for (const { byTag } of Object.values(await world.counts())) for (const [tag, { accepted: count }] of Object.entries(byTag)) all.set(tag, (all.get(tag) ?? 0) + count);
  return all;
}

function report(driven: Driven, minutes: number): boolean {
  let well = true;
  const line = (ok: boolean, text: string): void => {
    well &&= ok;
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${text}`);
  };
  for (const channel of CHANNELS) {
    const key = driven.keys[channel.key];
    if (key === undefined) throw new Error(`${channel.key} was never called`);
    const use = Math.max(key.accepted / ((channel.requestsPerMinute ?? Infinity) * (driven.ms / 60_000)), key.acceptedTokens / ((channel.tokensPerMinute ?? Infinity) * (driven.ms / 60_000)));
    line(key.violated === 0, `${channel.key}: violations ${key.violated} ${JSON.stringify(key.violations)} of ${key.accepted} calls; fullest minute ${key.maxRequestsPerMinute} requests, ${key.maxTokensPerMinute} tokens`);
    line(use >= 0.95, `${channel.key}: allowance used ${(use * 100).toFixed(1)} % over ${minutes} min (${key.accepted} requests, ${key.acceptedTokens} tokens)`);
  }
  const total = driven.tenants.reduce((sum, { name }) => sum + (driven.shares.get(name) ?? 0), 0);
  const weights = driven.tenants.reduce((sum, { weight }) => sum + weight, 0);
  const off = driven.tenants.map(({ name, weight }) => (driven.shares.get(name) ?? 0) / total / (weight / weights) - 1);
  line(Math.max(...off.map(Math.abs)) <= 0.1, `shares: ${total} calls of ${driven.tenants.length} tenants, each against its weight ${(Math.min(...off) * 100).toFixed(1)} % to ${(Math.max(...off) * 100).toFixed(1)} %; the flooding one ${((off[0] ?? 0) * 100).toFixed(1)} %`);
  const waits = driven.victims.filter(({ firstAt }) => firstAt !== undefined).map(({ sentAt, firstAt }) => (firstAt ?? 0) - sentAt);
  const rounds = (driven.tenants.length + 1) * (driven.ms / Math.max(1, total));
  line(percentile(waits, 1) <= rounds * 4 + WISH.firstTokenMs, `a single call beside the flood: first word p50 ${percentile(waits, 0.5).toFixed(0)}, most ${percentile(waits, 1).toFixed(0)} ms in ${waits.length} calls (a round of all tenants takes ${rounds.toFixed(0)} ms)`);
  const errors = new Map<string, number>();
  for (const { error, firstAt } of driven.seen) if (error !== undefined) errors.set(`${error}${firstAt === undefined ? '' : ' after words'}`, (errors.get(`${error}${firstAt === undefined ? '' : ' after words'}`) ?? 0) + 1);
  console.log(`     answers ${driven.seen.filter(({ error }) => error === undefined).length}, errors ${errors.size === 0 ? 'none' : [...errors].map(([code, count]) => `${code} ${count}`).join(', ')}`);
  return well;
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '3' } } });
await runProgram((signal) => main(Number.parseFloat(values.minutes), signal));
