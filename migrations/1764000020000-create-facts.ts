import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The outbox: what happened in a lower room, written in the transaction of the change and handed to the rooms above
 * afterwards. `handled`: the subscribers that have had it. `due_at`: when it is next tried, which is also the lease of
 * whoever tries it; null once it is delivered.
 */
export class CreateFacts1764000020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE facts (
        tenant_id uuid NOT NULL REFERENCES tenants,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
        body jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'),
        handled text[] NOT NULL DEFAULT '{}',
        attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        due_at timestamptz(3) DEFAULT clock_timestamp(),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        delivered_at timestamptz(3),
        PRIMARY KEY (tenant_id, id),
        CHECK ((due_at IS NULL) = (delivered_at IS NOT NULL))
      )`);
    await runner.query('CREATE INDEX facts_due ON facts (due_at) WHERE due_at IS NOT NULL');
    await runner.query('CREATE INDEX facts_delivered ON facts (delivered_at) WHERE delivered_at IS NOT NULL');
    // A room may state what happened, and change nothing of it; handing over is the platform's work.
    await runner.query(`CALL stamp_tenant_table('facts', 'SELECT, INSERT', 'SELECT, UPDATE, DELETE')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE facts');
  }
}
