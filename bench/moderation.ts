import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { must } from './chaos/client.js';
import { ask, type Wish } from './gate/ask.js';
import { runProgram } from './gate/program.js';
import { World, type Customer } from './gate/world.js';
import { cpuMicros, familyCpuMicros } from './process-meter.js';
import { percentile, spread } from './samples.js';
import { Stand } from './stand.js';

/** What a checker of the simulators takes, and the model's first token. */
const CHECK_MS = 60;
const FIRST_TOKEN_MS = 300;
const PAIRS = 150;
/** Answers at a time, and for how long, when answers are counted. */
const AT_ONCE = 48;
const COUNT_MS = 1_500;
const WARM_MS = 4_000;
const SETTLE_MS = 300;
const GATE_ROUNDS = 24;
const ALL_ROUNDS = 8;
const LISTED = 50_000;

const layer = (mode: string) => ({ mode });
const OFF = { input: { local: layer('off'), wechat: layer('off'), openai: layer('off') }, output: { local: layer('off'), wechat: layer('off'), openai: layer('off') } };
const GATE = { ...OFF, output: { ...OFF.output, local: layer('on') } };
const ALL = { input: { local: layer('on'), wechat: layer('on'), openai: layer('on') }, output: { local: layer('on'), wechat: layer('on'), openai: layer('on'), gate: 'swift' } };

/** `npm run bench:moderation`: what moderation costs, in turns with the same platform without it: time to the first token, and answers a second. */
async function main(signal: AbortSignal): Promise<boolean> {
  const stand = await Stand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal, (line) => console.error(`  ${line}`));
  const world = await World.open(stand, 0, { MODERATION_BASE_URL: stand.simulators.openai, MODERATION_API_KEY: 'sk-checks' });
  try {
    await world.grant({ key: 'sk-moderation', requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 });
    await world.control('PUT', 'script', { moderations: { firstTokenMs: CHECK_MS } });
    await must('PUT', `${stand.simulators.wechat}/control/script`, { body: { default: { path: '/wxa/msg_sec_check', delayMs: CHECK_MS } } });
    await listWords(world);
    const customers = { off: await customer(stand, world, 'off', OFF), gate: await customer(stand, world, 'gate', GATE), all: await customer(stand, world, 'all', ALL) };
    console.log(`${LISTED.toLocaleString('en-US')} listed words; the checkers answer in ${CHECK_MS} ms, the model's first token comes after ${FIRST_TOKEN_MS} ms`);
    const added = await firstTokens(world, customers, signal);
    const kept = await throughput(stand, world, customers, signal);
    return added <= 10 && kept >= 0.95;
  } finally {
    await world.close();
    await stand.close();
  }
}

/** @returns what all layers add to the first token in the median, ms. */
async function firstTokens(world: World, { off, all }: Readonly<Record<'off' | 'all', Customer>>, signal: AbortSignal): Promise<number> {
  const wish: Wish = { tokens: 40, gapMs: 2, firstTokenMs: FIRST_TOKEN_MS };
  const times = { off: [] as number[], all: [] as number[] };
  for (let n = 0; n < PAIRS; n += 1) {
    for (const [name, who] of n % 2 === 0 ? ([['off', off], ['all', all]] as const) : ([['all', all], ['off', off]] as const)) times[name].push(await firstToken(world, who, wish, signal));
  }
  const [median, late] = [0.5, 0.99].map((share) => percentile(times.all, share) - percentile(times.off, share)) as [number, number];
  console.log(`first token, off p50 ${percentile(times.off, 0.5).toFixed(1)} ms, all layers p50 ${percentile(times.all, 0.5).toFixed(1)} ms: added p50 ${median.toFixed(1)}, p99 ${late.toFixed(1)} ms (goal: p50 <= 10)`);
  return median;
}

async function firstToken(world: World, who: Customer, wish: Wish, signal: AbortSignal): Promise<number> {
  const seen = await ask(world, who, wish, signal);
  if (seen.firstAt === undefined || seen.error !== undefined) throw new Error(`an answer failed: ${seen.status} ${seen.error ?? ''}`);
  return seen.firstAt - seen.sentAt;
}

/** What one kind of customer was given over all rounds. */
interface Tally {
  readonly rates: number[];
  answers: number;
  ms: number;
  /** CPU µs of the platform, PostgreSQL and Redis. */
  cpu: { own: number; postgres: number; redis: number };
}

/** @returns the share of answers a second that is left with the gate. */
async function throughput(stand: Stand, world: World, customers: Readonly<Record<'off' | 'gate' | 'all', Customer>>, signal: AbortSignal): Promise<number> {
  for (const name of ['off', 'gate', 'all'] as const) await countAnswers(world, customers[name], WARM_MS, signal);
  const kept = await compared(stand, world, ['off', customers.off], ['gate', customers.gate], GATE_ROUNDS, signal);
  console.log(`answers/s with the gate against off: ${kept.toFixed(3)} (goal >= 0.95), ${2 * GATE_ROUNDS} turns of ${COUNT_MS / 1000} s`);
  const left = await compared(stand, world, ['off', customers.off], ['all', customers.all], ALL_ROUNDS, signal);
  console.log(`answers/s with all layers against off: ${left.toFixed(3)}, ${2 * ALL_ROUNDS} turns`);
  return kept;
}

/** Two kinds of customers in turns, A B B A: what else happens on the machine meets both. @returns answers a second of the second against the first */
async function compared(stand: Stand, world: World, first: readonly [string, Customer], second: readonly [string, Customer], rounds: number, signal: AbortSignal): Promise<number> {
  const tally = (): Tally => ({ rates: [], answers: 0, ms: 0, cpu: { own: 0, postgres: 0, redis: 0 } });
  const one = { who: first[1], tally: tally() };
  const other = { who: second[1], tally: tally() };
  for (let round = 0; round < rounds; round += 1) {
    for (const each of round % 2 === 0 ? [one, other] : [other, one]) await oneTurn(stand, world, each.who, each.tally, signal);
  }
  console.log(tallyLine(first[0], one.tally, one.tally));
  console.log(tallyLine(second[0], other.tally, one.tally));
  return rateOf(other.tally) / rateOf(one.tally);
}

async function oneTurn(stand: Stand, world: World, who: Customer, tally: Tally, signal: AbortSignal): Promise<void> {
  const cpu = () => ({ own: cpuMicros(world.api.child.pid), postgres: familyCpuMicros(stand.postgresPid), redis: cpuMicros(stand.redisPid) });
  const before = cpu();
  const { answers, ms } = await countAnswers(world, who, COUNT_MS, signal);
  // What is written behind the answers belongs to their turn.
  await sleep(SETTLE_MS, undefined, { signal });
  const after = cpu();
  tally.rates.push((answers * 1_000) / ms);
  tally.answers += answers;
  tally.ms += ms;
  for (const each of ['own', 'postgres', 'redis'] as const) tally.cpu[each] += after[each] - before[each];
}

function rateOf({ answers, ms }: Tally): number {
  return (answers * 1_000) / ms;
}

function tallyLine(name: string, tally: Tally, off: Tally): string {
  const micros = (each: keyof Tally['cpu']): string => (tally.cpu[each] / tally.answers).toFixed(0);
  const all = ({ cpu, answers }: Tally): number => (cpu.own + cpu.postgres + cpu.redis) / answers;
  return `${name.padEnd(5)} ${rateOf(tally).toFixed(0)} answers/s of 64 tokens (turns ${spread(tally.rates)}); CPU µs an answer: platform ${micros('own')}, PostgreSQL ${micros('postgres')}, Redis ${micros('redis')}, together ${(all(tally) / all(off)).toFixed(3)} of off`;
}

async function countAnswers(world: World, who: Customer, forMs: number, signal: AbortSignal): Promise<{ readonly answers: number; readonly ms: number }> {
  const begin = performance.now();
  let answers = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() - begin < forMs) {
      const seen = await ask(world, who, { tokens: 64, gapMs: 0, firstTokenMs: 0 }, signal);
      if (seen.error !== undefined) throw new Error(`an answer failed: ${seen.status} ${seen.error}`);
      answers += 1;
    }
  }));
  return { answers, ms: performance.now() - begin };
}

/** A user who came by WeChat, of a tenant with this policy. */
async function customer(stand: Stand, world: World, name: string, policy: object): Promise<Customer> {
  const appId = `wx${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await must('POST', `${stand.simulators.wechat}/control/apps`, { body: { appid: appId, secret: 'simulated' } });
  // The simulated WeChat counts as the real one does; a bench asks for more.
  await must('PUT', `${stand.simulators.wechat}/control/limits`, { body: { appid: appId, path: '/wxa/msg_sec_check', perMinute: 10_000_000, perDay: 100_000_000 } });
  const tenant = (await world.staff('POST', '/admin/v1/tenants', { slug: `m-${name}`, display_name: name, app_id: appId, app_secret: 'simulated', settings: { signup_credits: 1_000_000_000_000 } })) as { readonly id: string };
  await world.staff('PATCH', `/admin/v1/tenants/${tenant.id}/moderation/policy`, policy);
  const { code } = (await must('POST', `${stand.simulators.wechat}/control/codes`, { body: { appid: appId, user: name } })) as { code: string };
  const { access_token: token } = (await must('POST', `${world.api.url}/v1/auth/wechat`, { headers: { 'x-tenant': `m-${name}` }, body: { code } })) as { access_token: string };
  return { name, apiKey: token, weight: 1 };
}

/** Random words of Han characters, as a platform's list has them. */
async function listWords(world: World): Promise<void> {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const word = (): string => Array.from({ length: 3 + random(4) }, () => String.fromCodePoint(0x4e00 + random(20_000))).join('');
  const list = (await world.staff('POST', '/admin/v1/word-lists', { name: 'bench', category: 'bench', action: 'block', severity: 'high' })) as { readonly id: string };
  const lines = Array.from({ length: LISTED }, word).join('\n');
  await world.upload(`/admin/v1/word-lists/${list.id}/import?mode=replace`, lines);
}

await runProgram(main);
