import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask, type Wish } from './gate/ask.js';
import { runProgram } from './gate/program.js';
import { World, type Customer } from './gate/world.js';
import { percentile } from './samples.js';
import { Stand } from './stand.js';

const WISH: Wish = { tokens: 5, gapMs: 5, firstTokenMs: 50 };
const ANSWERS = 300;
/** How often the platform is started anew, and which answer the first one after a start is compared with. */
const STARTS = 6;
const HUNDREDTH = [90, 110] as const;

/** `npm run bench:idle`: one answer after the other on an idle platform: what the way through it adds; and the first answers after starts on the same data. */
async function main(signal: AbortSignal): Promise<boolean> {
  const stand = await Stand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal, (line) => console.error(`  ${line}`));
  try {
    const direct = await firstTokens(stand, undefined, signal);
    console.log(`straight to the simulator          p50 ${at(direct, 0.5)}  p99 ${at(direct, 0.99)} ms (its first token comes after ${WISH.firstTokenMs})`);
    let well = true;
    for (const [name, workers] of [['api and worker in one process', 0], ['an api and a worker process', 1]] as const) {
      const world = await World.open(stand, workers);
      await world.grant({ key: `sk-idle-${workers}`, requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 });
      const customer = await world.customer(`idle-${workers}`);
      await sleep(1_500);
      const times = await firstTokens(stand, { world, customer }, signal);
      const waits = await queueWaits(world);
      console.log(`${name.padEnd(34)} p50 ${at(times, 0.5)}  p99 ${at(times, 0.99)} ms`);
      console.log(`  added to the first token         p50 ${(percentile(times, 0.5) - percentile(direct, 0.5)).toFixed(1)}  p99 ${(percentile(times, 0.99) - percentile(direct, 0.99)).toFixed(1)} ms in all; of it in the queue: ${waits}`);
      await world.close();
      const firsts = await firstAfterStarts(stand, workers, customer, signal);
      const hundredth = percentile(times.slice(...HUNDREDTH), 0.5);
      console.log(`  first after a start              median ${at(firsts, 0.5)} of ${firsts.map((ms) => ms.toFixed(1)).join(' ')} ms; the hundredth ${hundredth.toFixed(1)}`);
      well &&= percentile(firsts, 0.5) < hundredth * 1.5;
    }
    return well;
  } finally {
    await stand.close();
  }
}

/** Of a customer who asked before the platform was stopped; ms. */
async function firstAfterStarts(stand: Stand, workers: number, customer: Customer, signal: AbortSignal): Promise<readonly number[]> {
  const firsts: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const world = await World.open(stand, workers);
    await sleep(500);
    firsts.push(...(await firstTokens(stand, { world, customer }, signal, 1)));
    await world.close();
  }
  return firsts;
}

async function firstTokens(stand: Stand, target: { readonly world: World; readonly customer: Customer } | undefined, signal: AbortSignal, answers = ANSWERS): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < answers; n += 1) {
    const seen = target === undefined ? await straight(stand, signal) : await ask(target.world, target.customer, WISH, signal);
    if (seen.firstAt === undefined || seen.error !== undefined) throw new Error(`an answer failed: ${seen.status} ${seen.error ?? ''}`);
    times.push(seen.firstAt - seen.sentAt);
  }
  return times;
}

async function straight(stand: Stand, signal: AbortSignal): ReturnType<typeof ask> {
  const url = stand.simulators.openai.replace(/\/v1$/, '');
  return ask({ api: { url } }, { name: 'straight', apiKey: 'sk-straight', weight: 1 }, WISH, signal, 'sim-chat');
}

/** From the platform's own histogram: tickets by the time from their request to the start of work. */
async function queueWaits(world: World): Promise<string> {
  const texts = await Promise.all([world.api, ...world.workers].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const read = (pattern: RegExp): number => texts.reduce((sum, text) => sum + Number.parseFloat(pattern.exec(text)?.[1] ?? '0'), 0);
  const count = read(/bailiao_queue_wait_seconds_count\{[^}]*\} (\S+)/);
  const sum = read(/bailiao_queue_wait_seconds_sum\{[^}]*\} (\S+)/);
  const within = read(/bailiao_queue_wait_seconds_bucket\{le="0.005"[^}]*\} (\S+)/);
  return `mean ${((sum / count) * 1000).toFixed(2)} ms, ${((within / count) * 100).toFixed(1)} % within 5 ms`;
}

function at(times: readonly number[], share: number): string {
  return percentile(times, share).toFixed(1);
}

await runProgram(main);
