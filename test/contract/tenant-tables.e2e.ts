import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlForRole } from '../../src/platform/config/database-roles.js';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

/** Tables of the whole platform: the only ones without a tenant, each stamped by stamp_platform_table. */
const PLATFORM_TABLES = ['staff', 'channels', 'models', 'word_lists', 'words', 'migrations'];
/** TypeORM's own record of what was migrated: readable, nothing in it. */
const BARE_TABLES = ['migrations'];

let platform: Platform;
let mine: TestUser;
let theirs: TestUser;
let app: pg.Client;

beforeAll(async () => {
  platform = await Platform.start();
  const staff = await admin(platform);
  mine = await logIn(platform, await makeTenant(platform, staff));
  theirs = await logIn(platform, await makeTenant(platform, staff));
  for (const user of [mine, theirs]) {
    const conversation = await makeConversation(platform.api, user);
    await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages`, { token: user.token, body: { content: scripted({ tokens: 2 }) } })).ended();
    await platform.api.ok('POST', '/v1/api-keys', { token: user.token, body: { name: 'k' } });
  }
  app = new pg.Client({ connectionString: urlForRole(platform.databaseUrl, Buffer.from(platform.servers.masterKey, 'base64'), 'bailiao_app') });
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await platform.stop();
});

/** What is wrong with the isolation of the tables, in words. */
async function faults(): Promise<string[]> {
  const tables = await platform.sql<{ name: string; rls: boolean; forced: boolean; owner: string; first_key: string | null; policies: string[] }>(`
    SELECT c.relname AS name, c.relrowsecurity AS rls, c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
      (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary) AS first_key,
      coalesce((SELECT array_agg(policyname::text ORDER BY policyname) FROM pg_policies p WHERE p.tablename = c.relname AND p.schemaname = 'public'), '{}') AS policies
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`);
  const found: string[] = [];
  for (const table of tables) {
    const ofPlatform = PLATFORM_TABLES.includes(table.name);
    const policies = ofPlatform ? ['platform_access'] : ['platform_access', 'tenant_isolation'];
    if (table.owner.startsWith('bailiao_')) found.push(`${table.name} belongs to the app`);
    if (BARE_TABLES.includes(table.name)) continue;
    if (!table.rls || !table.forced) found.push(`${table.name} has no forced row-level security`);
    if (!ofPlatform && table.first_key !== 'tenant_id') found.push(`${table.name} does not lead its key with tenant_id`);
    if (JSON.stringify(table.policies) !== JSON.stringify(policies)) found.push(`${table.name} has the policies ${table.policies.join(', ') || 'none'}`);
  }
  return found;
}

describe('tenant isolation in the database', () => {
  it('covers every table, and would notice one that it does not', async () => {
    expect(await faults()).toEqual([]);
    await platform.sql('CREATE TABLE forgotten (id uuid PRIMARY KEY, tenant_id uuid)');
    expect(await faults()).toEqual(['forgotten has no forced row-level security', 'forgotten does not lead its key with tenant_id', 'forgotten has the policies none']);
    await platform.sql('DROP TABLE forgotten');
  });

  it('holds for roles that own nothing and bypass nothing', async () => {
    const roles = await platform.sql(`SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname IN ('bailiao_app', 'bailiao_platform') ORDER BY 1`);
    expect(roles).toEqual(['bailiao_app', 'bailiao_platform'].map((rolname) => ({ rolname, rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })));
  });

  it('shows the app nothing without a tenant, and only its own rows with one', async () => {
    const tables = (await platform.sql<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)).map((row) => row.name).filter((name) => !PLATFORM_TABLES.includes(name));
    expect(tables.length).toBeGreaterThanOrEqual(9);
    for (const table of tables) {
      await app.query('RESET app.tenant_id');
      expect([table, (await app.query(`SELECT 1 FROM ${table}`)).rowCount]).toEqual([table, 0]);
      await app.query(`SELECT set_config('app.tenant_id', $1, false)`, [mine.tenant.id]);
      const { rows } = await app.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table}`);
      expect([table, rows.every((row) => row.tenant_id === mine.tenant.id)]).toEqual([table, true]);
    }
    expect((await app.query('SELECT 1 FROM messages')).rowCount).toBe(2);
  });

  it('lets the app write no row of another tenant', async () => {
    await app.query(`SELECT set_config('app.tenant_id', $1, false)`, [mine.tenant.id]);
    await expect(app.query('INSERT INTO conversations (tenant_id, id, user_id, model) VALUES ($1, gen_random_uuid(), $2, $3)', [theirs.tenant.id, theirs.id, 'x'])).rejects.toThrow(/row-level security/);
    expect((await app.query('UPDATE conversations SET title = $1 WHERE tenant_id = $2', ['gestohlen', theirs.tenant.id])).rowCount).toBe(0);
    expect((await app.query('DELETE FROM messages WHERE tenant_id = $1', [theirs.tenant.id])).rowCount).toBe(0);
    await expect(app.query('SELECT * FROM staff')).rejects.toThrow(/permission denied/);
    await expect(app.query('DELETE FROM runs')).rejects.toThrow(/permission denied/);
  });
});
