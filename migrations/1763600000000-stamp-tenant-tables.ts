import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tools that every later migration uses to make a table. Nobody can forget
 * the policy: `stamp_tenant_table` sets row-level security, policies and
 * grants; `stamp_platform_table` is the visible opt-out.
 */
export class StampTenantTables1763600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
      RETURN nullif(current_setting('app.tenant_id', true), '')::uuid`);
    await runner.query(`
      CREATE PROCEDURE stamp_tenant_table(name regclass, app_privileges text, platform_privileges text) LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_isolation ON %s TO bailiao_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', name);
        EXECUTE format('CREATE POLICY platform_access ON %s TO bailiao_platform USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT %s ON %s TO bailiao_app', app_privileges, name);
        EXECUTE format('GRANT %s ON %s TO bailiao_platform', platform_privileges, name);
      END $$`);
    await runner.query(`
      CREATE PROCEDURE stamp_platform_table(name regclass, platform_privileges text) LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY platform_access ON %s TO bailiao_platform USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT %s ON %s TO bailiao_platform', platform_privileges, name);
      END $$`);
    await runner.query('GRANT SELECT ON migrations TO bailiao_app, bailiao_platform');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE SELECT ON migrations FROM bailiao_app, bailiao_platform');
    await runner.query('DROP PROCEDURE stamp_platform_table(regclass, text)');
    await runner.query('DROP PROCEDURE stamp_tenant_table(regclass, text, text)');
    await runner.query('DROP FUNCTION current_tenant()');
  }
}
