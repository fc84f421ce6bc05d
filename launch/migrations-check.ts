import pg from 'pg';
import { migrate, withServers } from './offline-app.js';

/** Everything of the schema that a migration can leave behind, as comparable lines. */
const CATALOGUE = `
  SELECT 'table ' || c.relname || ' rls ' || c.relrowsecurity || ' forced ' || c.relforcerowsecurity AS line FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
  UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || roles::text || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '') FROM pg_policies WHERE schemaname = 'public'
  UNION ALL SELECT 'grant ' || table_name || ' ' || grantee || ' ' || privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'public' AND grantee LIKE 'bailiao\\_%'
  UNION ALL SELECT 'function ' || p.oid::regprocedure || ' ' || md5(p.prosrc) || ' ' || coalesce(p.proacl::text, '') FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
  ORDER BY 1`;

/** `npm run migrate:check`: up, down to nothing, up again; the schema must be the same both times, and nothing may stay behind. */
async function main(): Promise<void> {
  await withServers(async (servers, env) => {
    const read = async (): Promise<string[]> => {
      const client = new pg.Client({ connectionString: servers.databaseUrl });
      await client.connect();
      const { rows } = await client.query<{ line: string }>(CATALOGUE);
      await client.end();
      return rows.map((row) => row.line).filter((line) => !/^(table|column|index|constraint|grant) (migrations|CREATE UNIQUE INDEX "PK_\w+" ON public\.migrations)/.test(line));
    };
    await migrate('up', env);
    const first = await read();
    await migrate('down-all', env);
    const left = await read();
    await migrate('up', env);
    const second = await read();
    if (first.length === 0) throw new Error('the migrations made nothing');
    if (left.length > 0) throw new Error(`the way down leaves behind:\n${left.join('\n')}`);
    const odd = [...first.filter((line) => !second.includes(line)), ...second.filter((line) => !first.includes(line))];
    if (odd.length > 0) throw new Error(`up, down, up differs from up:\n${odd.join('\n')}`);
    console.log(`${first.length} objects; nothing left after the way down; the same after up again`);
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
});
