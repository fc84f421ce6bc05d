import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LedgerBench } from '../kit/ledger-bench.js';

let bench: LedgerBench;
let app: pg.Client;
let platform: pg.Client;
const mine = randomUUID();
const theirs = randomUUID();

beforeAll(async () => {
  bench = await LedgerBench.open();
  app = new pg.Client({ connectionString: bench.urlFor('bailiao_app') });
  platform = new pg.Client({ connectionString: bench.urlFor('bailiao_platform') });
  await Promise.all([app.connect(), platform.connect()]);
  for (const tenantId of [mine, theirs]) {
    await bench.sql(`INSERT INTO accounts (tenant_id, id, kind, unit, may_go_negative, debits_posted) VALUES ($1, $2, 'issued', 'CREDIT', true, 5)`, [tenantId, randomUUID()]);
    await bench.sql(`INSERT INTO accounts (tenant_id, id, owner_id, kind, unit, may_go_negative, credits_posted) VALUES ($1, $2, $3, 'wallet', 'CREDIT', false, 5)`, [tenantId, randomUUID(), randomUUID()]);
    await bench.sql(`INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, reason, reference) SELECT $1, $2, 'single', (SELECT id FROM accounts WHERE tenant_id = $1 AND kind = 'issued'), (SELECT id FROM accounts WHERE tenant_id = $1 AND kind = 'wallet'), 5, 'signup', $3`, [tenantId, randomUUID(), randomUUID()]);
  }
  await app.query(`SELECT set_config('app.tenant_id', $1, false)`, [mine]);
});
afterAll(async () => {
  await Promise.all([app.end(), platform.end()]);
  await bench.close();
});

/** The SQLSTATE of a refusal. */
async function refusal(client: pg.Client, text: string, parameters: unknown[] = []): Promise<string> {
  return client.query(text, parameters).then(() => 'done', (error: unknown) => (error as { code: string }).code);
}

describe('the database itself', () => {
  it.each(['accounts', 'transfers', 'charges'])('lets neither role of the app write %s', async (table) => {
    for (const client of [app, platform]) {
      expect(await refusal(client, `DELETE FROM ${table}`)).toBe('42501');
      expect(await refusal(client, `UPDATE ${table} SET tenant_id = tenant_id`)).toBe('42501');
      expect(await refusal(client, `INSERT INTO ${table} SELECT * FROM ${table}`)).toBe('42501');
      expect(await refusal(client, `TRUNCATE ${table}`)).toBe('42501');
    }
  });

  it('lets nobody delete or change what happened to orders, refunds and price lists', async () => {
    for (const table of ['order_events', 'price_lists', 'order_requests']) for (const verb of [`DELETE FROM ${table}`, `UPDATE ${table} SET tenant_id = tenant_id`]) expect(await refusal(app, verb)).toBe('42501');
    for (const table of ['orders', 'refunds', 'payment_findings', 'payment_notices', 'bill_reports', 'packages']) expect(await refusal(app, `DELETE FROM ${table}`)).toBe('42501');
  });

  it.each(['accounts', 'transfers'])('shows a tenant only its own %s', async (table) => {
    const { rows } = await app.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table}`);
    expect(rows).toEqual([{ tenant_id: mine }]);
    const all = await platform.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table}`);
    expect(all.rows.map((row) => row.tenant_id).sort()).toEqual([mine, theirs].sort());
  });

  it('moves nothing for a tenant that the transaction is not of', async () => {
    expect(await refusal(app, `SELECT apply_transfers($1, '[]', '[]')`, [theirs])).toBe('42501');
    expect(await refusal(app, `SELECT grant_due($1, $2, '[]')`, [theirs, randomUUID()])).toBe('42501');
    expect(await refusal(app, `SELECT expire_grants($1, '{}')`, [theirs])).toBe('42501');
  });

  it.each(['move_credits(uuid, ledger_move)', 'hold_credits(uuid, uuid, uuid, jsonb, user_pockets)', 'settle_credits(uuid, charges, int8, user_pockets)', 'write_pockets(uuid, user_pockets)', 'grant_credits(uuid, uuid, jsonb)', 'fold_shards(uuid, jsonb)', 'open_run(uuid, jsonb, int)', 'conclude_run(uuid, jsonb)'])('keeps %s to itself', async (name) => {
    const { rows } = await app.query<{ may: boolean }>(`SELECT has_function_privilege(current_user, $1, 'EXECUTE') AS may`, [name]);
    expect(rows).toEqual([{ may: false }]);
  });

  it('lets nobody become the role that writes', async () => {
    for (const client of [app, platform]) expect(await refusal(client, 'SET ROLE bailiao_runner')).toBe('42501');
    const { rows } = await app.query<{ rolcanlogin: boolean; rolbypassrls: boolean; rolsuper: boolean }>(`SELECT rolcanlogin, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = 'bailiao_runner'`);
    expect(rows).toEqual([{ rolcanlogin: false, rolbypassrls: false, rolsuper: false }]);
  });

  it('holds nothing of a user that the row’s tenant does not have', async () => {
    const [victim] = await bench.sql<{ owner_id: string }>(`SELECT owner_id FROM accounts WHERE tenant_id = $1 AND kind = 'wallet'`, [theirs]);
    const charge = { wanted: '5', minimum: '5', model: 'm', price_list_id: randomUUID(), grants: [] };
    const row = { user_id: victim?.owner_id, run_id: randomUUID(), answer_id: randomUUID(), model: 'm', request_hash: 'x', charge };
    const ask = async (tenantId: string): Promise<string> => (await app.query<{ answers: { outcome: string }[] }>('SELECT open_runs($1) AS answers', [JSON.stringify([{ ...row, tenant_id: tenantId }])])).rows[0]?.answers[0]?.outcome ?? '';
    expect(await ask(mine)).toBe('insufficient');
    expect(await bench.sql(`SELECT debits_pending FROM accounts WHERE kind = 'wallet' AND debits_pending <> 0`)).toEqual([]);
    expect(await ask(theirs)).toBe('opened');
  });
});
