import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './chaos/client.js';
import { ask, type Wish } from './gate/ask.js';
import { runProgram } from './gate/program.js';
import { World, type Customer } from './gate/world.js';
import { percentile, spread } from './samples.js';
import { Stand } from './stand.js';

/** What a checker of the simulators takes, and the model's first token. */
const CHECK_MS = 60;
const FIRST_TOKEN_MS = 300;
const PAIRS = 150;
/** Answers at a time, and for how long, when answers are counted. */
const AT_ONCE = 48;
const COUNT_MS = 5_000;
const ROUNDS = 4;
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
    const kept = await throughput(world, customers, signal);
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

/** @returns the share of answers a second that is left with the gate. */
async function throughput(world: World, customers: Readonly<Record<'off' | 'gate' | 'all', Customer>>, signal: AbortSignal): Promise<number> {
  const rates = { off: [] as number[], gate: [] as number[], all: [] as number[] };
  const names = ['off', 'gate', 'all'] as const;
  for (const name of names) await answersPerSecond(world, customers[name], signal);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) rates[name].push(await answersPerSecond(world, customers[name], signal));
  }
  const shares = (['gate', 'all'] as const).map((name) => rates[name].map((rate, at) => rate / (rates.off[at] ?? Number.NaN)));
  for (const name of names) console.log(`${name.padEnd(5)} ${spread(rates[name])} answers/s of 64 tokens, ${AT_ONCE} at once`);
  console.log(`ratio to off, round by round: gate ${spread(shares[0] ?? [])} (goal >= 0.95), all layers ${spread(shares[1] ?? [])}`);
  return percentile(shares[0] ?? [], 0.5);
}

async function answersPerSecond(world: World, who: Customer, signal: AbortSignal): Promise<number> {
  const begin = performance.now();
  let answers = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() - begin < COUNT_MS) {
      const seen = await ask(world, who, { tokens: 64, gapMs: 0, firstTokenMs: 0 }, signal);
      if (seen.error !== undefined) throw new Error(`an answer failed: ${seen.status} ${seen.error}`);
      answers += 1;
    }
  }));
  return (answers * 1_000) / (performance.now() - begin);
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
