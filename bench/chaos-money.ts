import { setTimeout as sleep } from 'node:timers/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Interrupted, listenForInterrupts } from '../launch/interrupts.js';
import { LaunchError } from '../launch/launch-error.js';
import { must } from './chaos/client.js';
import { Reckoning, type Line } from './chaos/reckoning.js';
import { openShop } from './chaos/shop.js';
import { ChaosStand, PARTS, type Part } from './chaos/stand.js';
import { Traffic } from './chaos/traffic.js';

/** No run takes longer; one that does hangs. */
const LONGEST_MS = 25 * 60_000;
const QUIET_MS = 120_000;
const SHOWN = 5;

/**
 * `npm run chaos:money [-- --kills 50 --people 4]`: people chat and buy while api, worker, Redis and PostgreSQL are
 * killed at random; then everything is compared to the last credit and fen. Ends with 1 when anything differs.
 */
async function main(kills: number, people: number, signal: AbortSignal): Promise<boolean> {
  const stand = await ChaosStand.open(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), signal);
  try {
    const shops = [await openShop(stand, 'chaos-one', people), await openShop(stand, 'chaos-two', people)];
    await must('PUT', `${stand.simulators.wechatpay}/control/clock`, { body: { time_scale: 30 } });
    const traffic = new Traffic(stand, shops);
    traffic.start();
    const killed = await mayhem(stand, kills, signal);
    await sleep(1_500);
    await traffic.stop();
    console.log(`killed ${Object.entries(killed).map(([part, count]) => `${part} ${count}`).join(', ')}`);
    console.log(`traffic ${Object.entries(traffic.counts).map(([what, count]) => `${what} ${count}`).join(', ')}; seen to the end ${traffic.told.length}`);
    await quiet(stand, signal);
    return report(await new Reckoning(stand, shops, traffic.told).lines());
  } finally {
    await stand.close();
  }
}

/** Kills one part at a time, now and then two, and brings it back after a moment. */
async function mayhem(stand: ChaosStand, kills: number, signal: AbortSignal): Promise<Record<Part, number>> {
  const killed: Record<Part, number> = { api: 0, worker: 0, redis: 0, postgres: 0 };
  for (let done = 0; done < kills;) {
    await sleep(300 + Math.random() * 1_500, undefined, { signal });
    const victims = [...PARTS].sort(() => Math.random() - 0.5).slice(0, Math.random() < 0.2 && kills - done > 1 ? 2 : 1);
    await Promise.all(victims.map((part) => stand.kill(part)));
    await sleep(Math.random() * 800, undefined, { signal });
    // The stores first: a process that finds none gives up.
    for (const part of ['postgres', 'redis', 'worker', 'api'] as const) if (victims.includes(part)) await stand.start(part);
    for (const part of victims) killed[part] += 1;
    done += victims.length;
    process.stderr.write(`\r  kills ${done}/${kills} (${victims.join(' + ')})          `);
  }
  process.stderr.write('\n');
  return killed;
}

/** Time passes: queries and sweeps that would come in minutes come now; until nothing is under way any more. */
async function quiet(stand: ChaosStand, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: stand.databaseUrl });
  await client.connect();
  try {
    for (const until = Date.now() + QUIET_MS; Date.now() < until;) {
      await client.query('UPDATE orders SET next_query_at = now(), queried_at = NULL WHERE next_query_at IS NOT NULL');
      await client.query('UPDATE refunds SET next_query_at = now() WHERE next_query_at IS NOT NULL');
      await sleep(2_500, undefined, { signal });
      const record = (await must('GET', `${stand.simulators.wechatpay}/control/record`)) as { orders: { payments: unknown[] }[] };
      const [row] = (await client.query<{ runs: number; refunds: number; paid: number }>(`
        SELECT (SELECT count(*) FROM runs WHERE state = 'opened')::int AS runs, (SELECT count(*) FROM refunds WHERE state IN ('requested', 'processing'))::int AS refunds,
          (SELECT count(*) FROM orders WHERE paid_at IS NOT NULL)::int AS paid`)).rows;
      const waiting = record.orders.filter((order) => order.payments.length > 0).length - (row?.paid ?? 0);
      process.stderr.write(`\r  waiting for quiet: ${row?.runs} runs, ${row?.refunds} refunds, ${waiting} payments          `);
      if (row?.runs === 0 && row.refunds === 0 && waiting <= 0) break;
    }
    process.stderr.write('\n');
  } finally {
    await client.end();
  }
}

function report(lines: readonly Line[]): boolean {
  for (const { what, compared, differences } of lines) {
    console.log(`${differences.length === 0 ? '✓' : '✗'} ${what.padEnd(58)} ${String(compared).padStart(6)} compared, ${differences.length} differ`);
    for (const difference of differences.slice(0, SHOWN)) console.log(`    ${difference}`);
  }
  const good = lines.every((line) => line.differences.length === 0);
  console.log(good ? 'not a fen, not a credit is missing' : 'THE BOOKS DO NOT ADD UP');
  return good;
}

try {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '50' }, people: { type: 'string', default: '4' } } });
  const [kills, people] = [values.kills, values.people].map((text) => Number.parseInt(text, 10));
  if (kills === undefined || people === undefined || !(kills >= 0) || !(people >= 1 && people <= 50)) throw new Error('--kills must be 0 or more, --people 1 to 50');
  const interrupts = listenForInterrupts(() => undefined);
  process.exitCode = (await main(kills, people, AbortSignal.any([interrupts.stop, AbortSignal.timeout(LONGEST_MS)]))) ? 0 : 1;
} catch (error) {
  if (error instanceof LaunchError) console.error([error.en, ...error.details].join('\n'));
  else if (!(error instanceof Interrupted)) console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 2;
}
process.exit();
