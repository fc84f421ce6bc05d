import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How tenants' texts are judged. `body` holds only what the tenant set; the defaults stand in the program. Version 0: the row was made, and nothing set. */
export class CreateModerationPolicies1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE moderation_policies (
        tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
        version int NOT NULL DEFAULT 0 CHECK (version >= 0),
        body jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(body) = 'object'),
        changed_by uuid,
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CHECK (NOT body ? 'retentionDays' OR (body->>'retentionDays')::int >= 183)
      )`);
    // The platform's role reads how long each tenant's log is kept.
    await runner.query(`CALL stamp_tenant_table('moderation_policies', 'SELECT, INSERT, UPDATE', 'SELECT')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE moderation_policies');
  }
}
