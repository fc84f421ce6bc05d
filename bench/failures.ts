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
  { name: '401, dead key', behaviour: '401' },
  { name: 'not a stream of events', behaviour: { malformed: true, afterTokens: 0 } },
  { name: 'resets in mid-answer', behaviour: { reset: 'mid', afterTokens: 20 } },
  { name: 'fails, then is well again', behaviour: { schedule: [{ atMs: 0, behaviour: '503' }, { atMs: 3_000, behaviour: 'ok' }] } },
];
const EACH_MS = 10_000;
const AT_ONCE = 30;
const WISH = { tokens: 40, gapMs: 15, firstTokenMs: 150 } as const;

/** `npm run bench:failures`: as long as one channel is well, nobody sees another one's failure before the first word. */
async function main(signal: AbortSignal): Promise<boolean> {
  const stand = await Stand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal, (line) => console.error(`  ${line}`));
  try {
    const world = await World.open(stand, 2, { UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '2000', UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS: '2000' });
    await world.grant({ key: 'sk-well' });
    const customer = await world.customer('somebody');
    await sleep(1_500);
    let well = true;
    console.log(`${'the first channel'.padEnd(26)}${'answers'.padStart(8)}${'failed before'.padStart(15)}${'broke after'.padStart(13)}${'first word p50'.padStart(16)}${'p99 ms'.padStart(8)}${'calls to it'.padStart(13)}`);
    for (const [at, { name, behaviour }] of STATES.entries()) {
      // A channel of its own for each: what one has done must not keep the next from being asked.
      const key = `sk-${at}`;
      await world.control('PUT', 'behaviours', { key, ...(isSchedule(behaviour) ? behaviour : { behaviour }) });
      const id = await world.grant({ key });
      await sleep(1_200);
      well = (await phase(world, customer, name, key, signal)) && well;
      await world.staff('POST', `/admin/v1/channels/${id}/disable`, {}).catch(() => undefined);
    }
    return well;
  } finally {
    await stand.close();
  }
}

function isSchedule(behaviour: unknown): behaviour is { readonly schedule: unknown } {
  return typeof behaviour === 'object' && behaviour !== null && 'schedule' in behaviour;
}

async function phase(world: World, customer: Customer, name: string, key: string, signal: AbortSignal): Promise<boolean> {
  const calls = async (): Promise<number> => {
    const count = (await world.counts())[key];
    return (count?.accepted ?? 0) + (count?.refused ?? 0);
  };
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
