import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { runMigrations } from '../launch/migrations.js';
import { type Servers, startServers } from '../launch/servers.js';
import { urlForRole } from '../src/platform/config/database-roles.js';
import { GroupedCall } from '../src/platform/database/grouped-call.js';

/** Answers under way at once. */
const AT_ONCE = 256;
const CONNECTIONS = 10;
const SECONDS = 4;
const ROUNDS = 3;
const PLENTY = '1000000000000';

/** A way to send one row of a function and get its answer. */
type Send = (name: 'open_runs' | 'conclude_runs', row: object) => Promise<{ readonly outcome: string }>;

interface Figures {
  readonly pairs: number;
  readonly hold: readonly number[];
  readonly settle: readonly number[];
}

/**
 * `node dist/bench/ledger.js`: holds and settlements per second, durable, one statement a row against rows in groups,
 * on one wallet and on a thousand wallets of one tenant. Ratios of one run, A B A B.
 */
async function main(): Promise<void> {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const servers = await startServers({ cacheDir: process.env['BAILIAO_CACHE_DIR'] ?? join(root, '.test', 'cache') });
  const pool = new pg.Pool({ connectionString: await prepared(root, servers), max: CONNECTIONS });
  try {
    const single: Send = async (name, row) => (await pool.query<{ answers: { outcome: string }[] }>({ name: `single ${name}`, text: `SELECT ${name}($1) AS answers`, values: [JSON.stringify([row])] })).rows[0]?.answers[0] ?? { outcome: 'none' };
    const groups = { open_runs: new GroupedCall(pool, 'open_runs'), conclude_runs: new GroupedCall(pool, 'conclude_runs') };
    const grouped: Send = (name, row) => groups[name].call(row);
    for (const [title, wallets] of [['one wallet', 1], ['1,000 wallets of one tenant', 1_000]] as const) {
      const tenantId = randomUUID();
      const users = Array.from({ length: wallets }, () => randomUUID());
      await fill(servers.databaseUrl, tenantId, users);
      await load(grouped, tenantId, users, 1);
      const rounds = { single: [] as Figures[], grouped: [] as Figures[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.single.push(await load(single, tenantId, users, SECONDS));
        rounds.grouped.push(await load(grouped, tenantId, users, SECONDS));
      }
      print(title, rounds.single, rounds.grouped);
    }
  } finally {
    await pool.end();
    await servers.stop();
  }
}

async function prepared(root: string, servers: Servers): Promise<string> {
  await runMigrations({ root, logs: join(servers.dataDir, 'logs'), env: { PATH: process.env['PATH'], DATABASE_URL: servers.databaseUrl, MASTER_KEY: servers.secrets.masterKey }, signal: AbortSignal.timeout(60_000) });
  return urlForRole(servers.databaseUrl, Buffer.from(servers.secrets.masterKey, 'base64'), 'bailiao_app');
}

async function fill(url: string, tenantId: string, users: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`INSERT INTO accounts (tenant_id, id, owner_id, kind, unit, may_go_negative, credits_posted) SELECT $1, gen_random_uuid(), owner, 'wallet', 'CREDIT', false, ${PLENTY} FROM unnest($2::uuid[]) AS owner`, [tenantId, users]);
  await client.query('ANALYZE accounts');
  await client.end();
}

/** Keeps AT_ONCE answers under way: each is held for, and then settled. */
async function load(send: Send, tenantId: string, users: readonly string[], seconds: number): Promise<Figures> {
  const [hold, settle]: [number[], number[]] = [[], []];
  const until = performance.now() + seconds * 1_000;
  const one = async (at: number): Promise<void> => {
    for (let turn = at; performance.now() < until; turn += AT_ONCE) {
      const runId = randomUUID();
      const charge = { wanted: '100', minimum: '100', model: 'm', price_list_id: tenantId, grants: [] };
      hold.push(await timed(send('open_runs', { tenant_id: tenantId, user_id: users[turn % users.length], run_id: runId, answer_id: runId, model: 'm', request_hash: 'x', charge }), 'opened'));
      const usage = { cost: '37', prompt_tokens: 1, cached_tokens: 0, completion_tokens: 1, reasoning_tokens: 0, usage_source: 'counted' };
      settle.push(await timed(send('conclude_runs', { tenant_id: tenantId, run_id: runId, generation: 1, state: 'finished', content: '', finish_reason: 'stop', usage_source: 'counted', prompt_tokens: 1, completion_tokens: 1, charge: usage }), 'concluded'));
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(at)));
  return { pairs: settle.length / ((performance.now() - begin) / 1_000), hold, settle };
}

async function timed(work: Promise<{ readonly outcome: string }>, expected: string): Promise<number> {
  const begin = performance.now();
  const { outcome } = await work;
  if (outcome !== expected) throw new Error(`the database answered ${outcome}, not ${expected}`);
  return performance.now() - begin;
}

function print(title: string, single: readonly Figures[], grouped: readonly Figures[]): void {
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const ratios = grouped.map((each, at) => each.pairs / (single[at]?.pairs ?? 1));
  console.log(`${title}: hold + settle, durable, ${AT_ONCE} at once`);
  for (const [name, rounds] of [['one a statement', single], ['in groups', grouped]] as const) {
    console.log(`  ${name.padEnd(16)} ${Math.round(median(rounds.map((each) => each.pairs))).toLocaleString().padStart(7)} pairs/s   hold p50 ${percentile(rounds, 'hold', 0.5)} p99 ${percentile(rounds, 'hold', 0.99)} ms   settle p50 ${percentile(rounds, 'settle', 0.5)} p99 ${percentile(rounds, 'settle', 0.99)} ms`);
  }
  console.log(`  ratio            ${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)})`);
}

function percentile(rounds: readonly Figures[], part: 'hold' | 'settle', share: number): string {
  const all = rounds.flatMap((each) => each[part]).sort((a, b) => a - b);
  return (all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0).toFixed(1);
}

await main();
