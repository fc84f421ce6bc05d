import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTenants1763600001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // For a tenant's own row, tenant_id is its identity: the isolation policy reads it like any other table's.
    await runner.query(`
      CREATE TABLE tenants (
        tenant_id uuid PRIMARY KEY,
        slug text NOT NULL CONSTRAINT tenants_slug_key UNIQUE CHECK (slug ~ '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$'),
        display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 80),
        app_id text CONSTRAINT tenants_app_id_key UNIQUE CHECK (length(app_id) BETWEEN 1 AND 64),
        state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
        settings jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`CALL stamp_tenant_table('tenants', 'SELECT', 'SELECT, INSERT, UPDATE')`);
    await runner.query(`
      CREATE TABLE tenant_domains (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        domain text NOT NULL CONSTRAINT tenant_domains_domain_key UNIQUE CHECK (domain = lower(domain) AND length(domain) BETWEEN 1 AND 253),
        PRIMARY KEY (tenant_id, domain)
      )`);
    await runner.query(`CALL stamp_tenant_table('tenant_domains', 'SELECT', 'SELECT, INSERT, DELETE')`);
    await runner.query(`
      CREATE TABLE tenant_credentials (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        field text NOT NULL CHECK (field IN ('app_secret')),
        sealed text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, field)
      )`);
    await runner.query(`CALL stamp_tenant_table('tenant_credentials', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tenant_credentials');
    await runner.query('DROP TABLE tenant_domains');
    await runner.query('DROP TABLE tenants');
  }
}
