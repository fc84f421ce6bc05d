import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemContext } from '../../src/platform/context/index.js';
import { makeDataSource, sqlState } from '../../src/platform/database/index.js';
import { transact } from '../../src/platform/database/transaction.js';
import { withClient } from '../../src/platform/database/with-client.js';
import { Stage } from '../../src/platform/rehearsal/index.js';
import { newId } from '../../src/platform/values/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const stage = new Stage();
let bench: LedgerBench;

beforeAll(async () => {
  bench = await LedgerBench.open([], stage);
});
afterAll(async () => bench.close());

const contextOf = (tenantId: string) => systemContext(tenantId, 'test', newId());
const WRITE = 'INSERT INTO moderation_policies (tenant_id, version, body) VALUES ($1, 1, $2)';
const kept = async (tenantId: string): Promise<number> => (await bench.sql('SELECT 1 FROM moderation_policies WHERE tenant_id = $1', [tenantId])).length;

/** A tenant that stands in the table, for rows that refer to one. */
async function tenant(): Promise<string> {
  const id = newId();
  await bench.sql('INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, $2, $2)', [id, `t-${id.slice(-12)}`]);
  return id;
}

describe('a transaction', () => {
  it('sets its tenant before the first query of many that go at once, each for its own', async () => {
    const ids = Array.from({ length: 60 }, () => newId());
    const seen = await Promise.all(ids.map((id) => bench.database.readTenant(contextOf(id), async (tx) => (await tx.query<{ tenant: string }>(`SELECT current_setting('app.tenant_id') AS tenant`))[0]?.tenant)));
    expect(seen).toEqual(ids);
  });

  it('leaves no tenant behind on its connection', async () => {
    const one = await makeDataSource(bench.urlFor('bailiao_app'), 'one connection', 1, []).initialize();
    const tenantOf = async (source: Pick<typeof one, 'query'>): Promise<unknown> => (await source.query<{ tenant: string | null; pid: number }[]>(`SELECT current_setting('app.tenant_id', true) AS tenant, pg_backend_pid() AS pid`))[0];
    const { pid } = (await tenantOf(one)) as { pid: number };
    for (const kind of [{ access: 'read' }, { access: 'write' }, { access: 'write', end: 'undo' }] as const) {
      const tenantId = newId();
      expect(await transact(one, { ...kind, tenantId }, tenantOf)).toEqual({ tenant: tenantId, pid });
      expect(await tenantOf(one)).toEqual({ tenant: '', pid });
      await expect(transact(one, { ...kind, tenantId }, (runner) => runner.query('SELECT nonsense'))).rejects.toThrow('nonsense');
      expect(await tenantOf(one)).toEqual({ tenant: '', pid });
    }
    await one.destroy();
  });

  it('writes nothing when its work fails, and its connection serves the next', async () => {
    const id = await tenant();
    for (let n = 0; n < 10; n += 1) {
      await expect(bench.database.inTenant(contextOf(id), async (tx) => {
        await tx.query(WRITE, [id, '{}']);
        throw new Error('thought better of it');
      })).rejects.toThrow('thought better of it');
    }
    expect(await kept(id)).toBe(0);
    await bench.database.inTenant(contextOf(id), (tx) => tx.query(WRITE, [id, '{}']));
    expect(await kept(id)).toBe(1);
  });

  it('is undone, too, when its work fails before it asks anything', async () => {
    for (let n = 0; n < 10; n += 1) {
      const work = (): Promise<never> => { throw new Error('at once'); };
      await expect(bench.database.inTenant(contextOf(newId()), work)).rejects.toThrow('at once');
    }
    // None of the connections is left in a transaction.
    expect(await bench.sql(`SELECT state FROM pg_stat_activity WHERE datname = current_database() AND usename = 'bailiao_app' AND state LIKE 'idle in transaction%'`)).toEqual([]);
  });

  it('is no success where a failure inside was swallowed: PostgreSQL has undone it', async () => {
    const id = await tenant();
    await expect(bench.database.inTenant(contextOf(id), async (tx) => {
      await tx.query(WRITE, [id, '{}']);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    })).rejects.toThrow('rolled back at its commit');
    expect(await kept(id)).toBe(0);
  });

  it('that only reads is refused a write, and the next one on its connection is not', async () => {
    const id = await tenant();
    const refusal: unknown = await bench.database.readTenant(contextOf(id), (tx) => tx.query(WRITE, [id, '{}'])).catch((error: unknown) => error);
    expect(sqlState(refusal)).toBe('25006');
    await Promise.all(Array.from({ length: 20 }, () => bench.database.readTenant(contextOf(id), (tx) => tx.query('SELECT 1'))));
    await bench.database.inTenant(contextOf(id), (tx) => tx.query(WRITE, [id, '{}']));
    expect(await kept(id)).toBe(1);
  });

  it('of work that asks several things at once fails as the first that fails', async () => {
    const id = newId();
    const failure: unknown = await bench.database.inTenant(contextOf(id), (tx) => Promise.all([tx.query('SELECT 1'), tx.query('SELECT nonsense'), tx.query('SELECT 2')])).catch((error: unknown) => error);
    expect(sqlState(failure)).toBe('42703');
    expect(await bench.database.inTenant(contextOf(id), (tx) => tx.query('SELECT 3 AS n'))).toEqual([{ n: 3 }]);
  });

  it('needs a tenant that has the form of one', async () => {
    const odd = { ...contextOf(newId()), tenantId: `x'; SELECT 1; --` };
    await expect(bench.database.inTenant(odd, (tx) => tx.query('SELECT 1'))).rejects.toThrow('without a tenant');
  });

  it('of a rehearsal leaves nothing, nor does what is still under way when it is over', async () => {
    const id = await tenant();
    const inside = await stage.play(async ({ tenantId }) => {
      await bench.sql('INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, $2, $2)', [tenantId, `t-${tenantId.slice(-12)}`]);
      const seen = await bench.database.inTenant(contextOf(tenantId), async (tx) => {
        await tx.query(WRITE, [tenantId, '{}']);
        return tx.query('SELECT 1 FROM moderation_policies');
      });
      await bench.database.inTenant(contextOf(id), (tx) => tx.query(WRITE, [id, '{}']));
      return { tenantId, seen: seen.length };
    });
    expect([inside.seen, await kept(inside.tenantId), await kept(id)]).toEqual([1, 0, 1]);
    await bench.database.inTenant(contextOf(inside.tenantId), (tx) => tx.query(WRITE, [inside.tenantId, '{}']));
    expect(await kept(inside.tenantId)).toBe(0);
  });
});

describe('a connection that is lent', () => {
  it('fails its borrower when it breaks, and nobody else', async () => {
    const pool = new pg.Pool({ connectionString: bench.urlFor('bailiao_app'), max: 1 });
    await expect(withClient(pool, (client) => client.query('SELECT pg_terminate_backend(pg_backend_pid())'))).rejects.toThrow('terminat');
    expect((await withClient(pool, (client) => client.query('SELECT 1 AS n'))).rows).toEqual([{ n: 1 }]);
    await pool.end();
  });

  it('is not used again when its work failed', async () => {
    const pool = new pg.Pool({ connectionString: bench.urlFor('bailiao_app'), max: 1 });
    await expect(withClient(pool, async (client) => { await client.query('BEGIN'); throw new Error('left open'); })).rejects.toThrow('left open');
    expect(pool.totalCount).toBe(0);
    await pool.end();
  });
});
