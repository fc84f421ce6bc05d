import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/moderation/policy/policy.js';
import { PolicyRepository } from '../../src/moderation/policy/policy.repository.js';
import type { PolicyService } from '../../src/moderation/policy/policy.service.js';
import { effectivePolicy } from '../../src/moderation/policy/stored-policy.js';
import type { Judgement } from '../../src/moderation/verdict.js';
import { Stage } from '../../src/platform/rehearsal/index.js';
import { VerdictLog } from '../../src/moderation/verdicts/verdict-log.service.js';
import { VerdictMonths } from '../../src/moderation/verdicts/verdict-months.service.js';
import { VerdictTexts } from '../../src/moderation/verdicts/verdict-texts.service.js';
import { VerdictRepository } from '../../src/moderation/verdicts/verdict.repository.js';
import { systemContext, type RequestContext } from '../../src/platform/context/index.js';
import { Sealer, TenantDigest } from '../../src/platform/crypto/index.js';
import type { Database } from '../../src/platform/database/index.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { newId } from '../../src/platform/values/index.js';
import { eventually } from '../kit/eventually.js';
import { LedgerBench } from '../kit/ledger-bench.js';

let bench: LedgerBench;
let months: VerdictMonths;
let logged: object[];

beforeAll(async () => {
  bench = await LedgerBench.open();
  months = new VerdictMonths(bench.database, new VerdictRepository(), new PolicyRepository());
});
afterAll(async () => bench.close());

const masterKeys = { current: 1, byVersion: new Map([[1, randomBytes(32)]]) };
const policies = { of: async () => DEFAULT_POLICY } as unknown as PolicyService;

function logOn(database: Database = bench.database): { readonly log: VerdictLog; readonly metrics: Metrics } {
  const metrics = new Metrics();
  logged = [];
  const note = (fields: object): number => logged.push(fields);
  const logger = { error: note, warn: note } as never;
  const texts = new VerdictTexts(policies, new Sealer(masterKeys), new TenantDigest(masterKeys, 'test'), logger);
  return { log: new VerdictLog(database, texts, months, metrics, new Stage(), logger), metrics };
}

const judgement = (more: Partial<Judgement> = {}): Judgement => ({ stage: 'input', layer: 'openai', version: 'v', asked: 'block', action: 'block', label: 'hate', score: 0.9, latencyMs: 12, cached: false, shadow: false, ...more });
const clean = (more: Partial<Judgement> = {}): Judgement => judgement({ asked: 'pass', action: 'pass', label: 'normal', score: 0.1, ...more });
const tenant = (): RequestContext => systemContext(newId(), 'test', 'r');
const rowsOf = (ctx: RequestContext) => bench.sql<Record<string, unknown>>('SELECT * FROM verdicts WHERE tenant_id = $1 ORDER BY created_at, id', [ctx.tenantId]);
const lost = async (metrics: Metrics): Promise<Record<string, number>> => Object.fromEntries((await metrics.verdictsLost.get()).values.map(({ labels, value }) => [String(labels.kind), value]));
const monthBack = (count: number): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count)).toISOString().slice(0, 10);
};

describe('writing the log', () => {
  it('puts every tenant\'s judgements under that tenant, in a few statements', async () => {
    const { log } = logOn();
    const tenants = Array.from({ length: 5 }, tenant);
    const statements = await countOfStatements(async () => {
      for (let n = 0; n < 40; n += 1) for (const ctx of tenants) log.record(ctx, { texts: [`句${n}`, '二'], runId: newId() }, [clean(), judgement({ layer: 'wechat', traceId: 'x' })]);
      await log.flush();
    });
    for (const ctx of tenants) {
      const rows = await rowsOf(ctx);
      expect([rows.length, rows.filter(({ layer }) => layer === 'wechat').length]).toEqual([80, 40]);
      expect(rows.every(({ text, layer }) => (layer === 'wechat' ? /^句\d+\n二$/.test(String(text)) : text === null))).toBe(true);
    }
    expect(statements).toBeLessThanOrEqual(20);
  });

  it('lets a row that is refused fail alone', async () => {
    const { log, metrics } = logOn();
    const ctx = tenant();
    log.record(ctx, { texts: ['好'] }, [judgement()]);
    log.record(ctx, { texts: ['坏'], conversationId: 'no id' }, [judgement()]);
    log.record(ctx, { texts: ['好'] }, [judgement()]);
    await log.flush();
    expect([(await rowsOf(ctx)).length, await lost(metrics), logged.length]).toEqual([2, { refused: 1 }, 1]);
    expect(JSON.stringify(logged)).not.toContain('坏');
  });

  it('takes whatever texts, labels and scores there are', async () => {
    const { log, metrics } = logOn();
    const ctx = tenant();
    log.record(ctx, { texts: ['\0\ud83d', '𠮷'.repeat(40_000)] }, [judgement({ label: `\0${'长'.repeat(200)}`, score: 7, version: 'v'.repeat(300), hit: 'w'.repeat(900), latencyMs: 1.6 })]);
    log.record(ctx, { texts: [''] }, [judgement({ label: '', score: Number.NaN })]);
    await log.flush();
    expect([(await rowsOf(ctx)).map(({ score, text_length, latency_ms }) => [score, text_length, latency_ms]), await lost(metrics)]).toEqual([[[1, 80_003, 2], [null, 0, 12]], {}]);
  });

  it('writes at once what was acted upon, and a pass within a moment', async () => {
    const { log } = logOn();
    const ctx = tenant();
    log.record(ctx, { texts: ['句'] }, [clean()]);
    await eventually(() => rowsOf(ctx), (rows) => rows.length === 1, 2_000);
    log.record(ctx, { texts: ['句'] }, [judgement({ action: 'review' })]);
    await eventually(() => rowsOf(ctx), (rows) => rows.length === 2, 2_000);
    expect(await rowsOf(ctx)).toMatchObject([{ text: null }, { text: '句' }]);
  });

  it('keeps what PostgreSQL can\'t take now, writes it once later, and all of it before the end', async () => {
    let away = true;
    let tries = 0;
    const flaky = { call: async (...args: Parameters<Database['call']>) => {
      tries += 1;
      if (away) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      // Taken, but the word of it is lost: the row comes twice.
      if (tries % 2 === 0) {
        await bench.database.call(...args);
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      }
      return bench.database.call(...args);
    } } as unknown as Database;
    const { log, metrics } = logOn(flaky);
    const ctx = tenant();
    for (let n = 0; n < 10; n += 1) log.record(ctx, { texts: ['句'] }, [judgement()]);
    await log.flush();
    expect([(await rowsOf(ctx)).length, (await metrics.verdictsWaiting.get()).values[0]?.value]).toEqual([0, 10]);
    away = false;
    await eventually(() => rowsOf(ctx), (rows) => rows.length === 10);
    log.record(ctx, { texts: ['句'] }, [clean()]);
    await log.onApplicationShutdown();
    expect([(await rowsOf(ctx)).length, await lost(metrics)]).toEqual([11, {}]);
  });

  it('makes the month that it needs', async () => {
    await bench.sql(`DROP TABLE verdicts_${monthBack(0).slice(0, 7).replace('-', '_')}`);
    const { log, metrics } = logOn();
    const ctx = tenant();
    log.record(ctx, { texts: ['句'] }, [judgement(), clean()]);
    await log.flush();
    expect([(await rowsOf(ctx)).length, await lost(metrics)]).toEqual([2, {}]);
  });

  /** How many transactions the app's role made. */
  async function countOfStatements(work: () => Promise<void>): Promise<number> {
    let calls = 0;
    const pool = (bench.database as unknown as { grouped: { record_verdicts: { pool: pg.Pool } } }).grouped.record_verdicts.pool;
    const query = pool.query.bind(pool);
    pool.query = ((...args: Parameters<typeof query>) => {
      calls += 1;
      return query(...args);
    }) as typeof pool.query;
    try {
      await work();
    } finally {
      pool.query = query;
    }
    return calls;
  }
});

describe('the months of the log', () => {
  it('are made ahead, each with policies of its own, and again without harm', async () => {
    await Promise.all([months.makeAhead(), months.makeAhead()]);
    const tables = await bench.sql<{ name: string; rls: boolean; forced: boolean }>(`SELECT c.relname AS name, relrowsecurity AS rls, relforcerowsecurity AS forced FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'verdicts'::regclass ORDER BY 1`);
    expect(tables.map(({ name, rls, forced }) => [name, rls, forced])).toEqual([0, -1, -2].map((back) => [`verdicts_${monthBack(back).slice(0, 7).replace('-', '_')}`, true, true]));
    const policies = await bench.sql(`SELECT policyname FROM pg_policies WHERE tablename = $1 ORDER BY 1`, [tables[0]?.name]);
    expect(policies).toEqual([{ policyname: 'platform_access' }, { policyname: 'tenant_isolation' }]);
  });

  it('are made and dropped by nobody but the platform, and only where the month allows it', async () => {
    const app = new pg.Client({ connectionString: bench.urlFor('bailiao_app') });
    const platform = new pg.Client({ connectionString: bench.urlFor('bailiao_platform') });
    await Promise.all([app.connect(), platform.connect()]);
    try {
      const [near, far, recent, middle] = [monthBack(-1), monthBack(-5), monthBack(5), `${monthBack(9).slice(0, 8)}15`];
      for (const sql of [`SELECT make_verdict_partition('${near}')`, `SELECT drop_verdict_partition('${monthBack(12)}')`]) await expect(app.query(sql)).rejects.toThrow(/permission denied/);
      for (const month of [far, monthBack(2), middle]) await expect(platform.query('SELECT make_verdict_partition($1)', [month])).rejects.toThrow(/near/);
      for (const month of [monthBack(0), recent, middle]) await expect(platform.query('SELECT drop_verdict_partition($1)', [month])).rejects.toThrow(/183 days/);
      await expect(platform.query('SELECT make_verdict_partition(NULL)')).rejects.toThrow(/near/);
      expect((await platform.query('SELECT drop_verdict_partition($1) AS gone', [monthBack(12)])).rows).toEqual([{ gone: false }]);
      const tenantId = newId();
      await app.query(`SELECT set_config('app.tenant_id', $1, false)`, [tenantId]);
      for (const sql of ['UPDATE verdicts SET text = NULL', 'DELETE FROM verdicts', 'DELETE FROM verdict_reads', 'UPDATE verdict_reads SET read_at = now()', 'TRUNCATE verdicts', 'INSERT INTO verdicts SELECT * FROM verdicts']) await expect(app.query(sql)).rejects.toThrow(/permission denied/);
      await expect(platform.query('DELETE FROM verdicts')).rejects.toThrow(/permission denied/);
      await expect(app.query('SELECT expire_verdicts($1, now(), 10)', [tenantId])).rejects.toThrow(/183 days/);
      await expect(app.query(`SELECT expire_verdicts($1, now() - interval '1 year', 10)`, [newId()])).rejects.toThrow(/another/);
      expect((await app.query(`SELECT expire_verdicts($1, now() - interval '1 year', 10) AS gone`, [tenantId])).rows).toEqual([{ gone: 0 }]);
    } finally {
      await Promise.all([app.end(), platform.end()]);
    }
  });

  it('end when no tenant keeps them; before that each tenant\'s rows end by its own policy', async () => {
    const [keeper, usual] = [tenant(), tenant()];
    const old = [13, 8, 7, 6].map(monthBack);
    for (const month of old) await bench.sql(`CREATE TABLE verdicts_${month.slice(0, 7).replace('-', '_')} PARTITION OF verdicts FOR VALUES FROM ('${month} 00:00Z') TO ('${nextMonth(month)} 00:00Z')`);
    await bench.sql(`INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, 'keeper', 'k'), ($2, 'usual', 'u')`, [keeper.tenantId, usual.tenantId]);
    await bench.sql(`INSERT INTO moderation_policies (tenant_id, version, body) VALUES ($1, 1, '{"retentionDays": 300}')`, [keeper.tenantId]);
    expect(effectivePolicy({ retentionDays: 300 }, 1).retentionDays).toBe(300);
    const put = (ctx: RequestContext, at: string) => bench.sql(`INSERT INTO verdicts (tenant_id, created_at, id, stage, layer, version, asked, action, label, latency_ms, cached, shadow, text_digest, text_length)
      VALUES ($1, ${at}, gen_random_uuid(), 'input', 'local', 'v', 'pass', 'pass', 'normal', 1, false, false, repeat('0', 64), 1)`, [ctx.tenantId]);
    for (const ctx of [keeper, usual]) for (const at of [`'${old[0] ?? ''} 12:00Z'`, `now() - interval '184 days'`, `now() - interval '182 days'`, 'now()']) await put(ctx, at);
    const { months: dropped, rows } = await months.expire(AbortSignal.timeout(20_000));
    expect([dropped, rows]).toEqual([1, 1]);
    expect([(await rowsOf(keeper)).length, (await rowsOf(usual)).length]).toEqual([3, 2]);
    expect(await bench.sql(`SELECT to_regclass($1) AS gone`, [`verdicts_${(old[0] ?? '').slice(0, 7).replace('-', '_')}`])).toEqual([{ gone: null }]);
    expect(await months.expire(AbortSignal.timeout(20_000))).toEqual({ months: 0, rows: 0 });
  });

  function nextMonth(month: string): string {
    const [year = '', of = ''] = month.split('-');
    return new Date(Date.UTC(parseInt(year, 10), parseInt(of, 10))).toISOString().slice(0, 10);
  }
});
