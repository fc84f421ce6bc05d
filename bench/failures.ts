import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask, type Seen } from './gate/ask.js';
import { runProgram } from './gate/program.js';
import { World, type Customer } from './gate/world.js';
import { percentile } from './samples.js';
import { Stand } from './stand.js';

/** What the first channel does to its callers, one after the other; the second is well all the time. */
const STATES: readonly { readonly name: string; readonly behaviour: unknown }[] = [
  { name: 'well', behaviour: 'ok' },
  { name: '429, come back in 2 s', behaviour: { status: 429, retryAfter: 2 } },
  { name: '429, no money left', behaviour: 'insufficient_quota' },
  { name: '500', behaviour: '500' },
  { name: '404, no such model', behaviour: '404' },
  { name: 'never answers', behaviour: 'hang' },
  { name: 'not a stream of events', behaviour: 'malformed' },
  { name: 'resets in mid-answer', behaviour: { reset: 'mid', afterTokens: 20 } },
  { name: 'well again', behaviour: 'ok' },
];
const EACH_MS = 12_000;
const AT_ONCE = 30;
const WISH = { tokens: 40, gapMs: 15, firstTokenMs: 150 } as const;

/** `npm run bench:failures`: as long as one channel is well, nobody sees another one's failure before the first word. */
async function main(signal: AbortSignal): Promise<boolean> {
  const stand = await Stand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal, (line) => console.error(`  ${line}`));
  try {
    const world = await World.open(stand, 2, { UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '2000', UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS: '2000' });
    for (const key of ['sk-sick', 'sk-well']) await world.grant({ key });
    const customer = await world.customer('somebody');
    await sleep(1_500);
    let well = true;
    console.log(`${'the first channel'.padEnd(26)}${'answers'.padStart(8)}${'failed before'.padStart(15)}${'broke after'.padStart(13)}${'first word p50'.padStart(16)}${'p99 ms'.padStart(8)}${'calls to it'.padStart(13)}`);
    for (const { name, behaviour } of STATES) well = (await phase(world, customer, name, behaviour, signal)) && well;
    return well;
  } finally {
    await stand.close();
  }
}

async function phase(world: World, customer: Customer, name: string, behaviour: unknown, signal: AbortSignal): Promise<boolean> {
  const calls = async (): Promise<number> => {
    const count = (await world.counts())['sk-sick'];
    return (count?.accepted ?? 0) + (count?.refused ?? 0);
  };
  await world.control('PUT', 'behaviours', { key: 'sk-sick', behaviour });
  const before = await calls();
  const seen: Seen[] = [];
  const until = performance.now() + EACH_MS;
  const loop = async (): Promise<void> => {
    while (performance.now() < until && !signal.aborted) seen.push(await ask(world, customer, WISH, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  const early = seen.filter(({ error, firstAt }) => error !== undefined && firstAt === undefined);
  const late = seen.filter(({ error, firstAt }) => error !== undefined && firstAt !== undefined);
  const firsts = seen.filter(({ firstAt }) => firstAt !== undefined).map(({ sentAt, firstAt }) => (firstAt ?? 0) - sentAt);
  const codes = [...new Set([...early, ...late].map(({ error }) => error))].join(', ');
  console.log(`${name.padEnd(26)}${String(seen.length).padStart(8)}${String(early.length).padStart(15)}${String(late.length).padStart(13)}${percentile(firsts, 0.5).toFixed(0).padStart(16)}${percentile(firsts, 0.99).toFixed(0).padStart(8)}${String((await calls()) - before).padStart(13)}  ${codes}`);
  return early.length === 0;
}

await runProgram(main);
