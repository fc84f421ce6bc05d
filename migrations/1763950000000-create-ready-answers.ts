import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers that a tenant wrote for common questions; and runs may say that their answer came from a store. */
export class CreateReadyAnswers1763950000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ready_answers (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        question text NOT NULL CHECK (length(question) BETWEEN 1 AND 500),
        digest text NOT NULL CHECK (digest ~ '^[A-Za-z0-9_-]{43}$'),
        answer text NOT NULL CHECK (length(answer) BETWEEN 1 AND 4000),
        model text CHECK (length(model) BETWEEN 1 AND 100),
        enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
      )`);
    await runner.query(`CREATE UNIQUE INDEX ready_answers_question ON ready_answers (tenant_id, digest, coalesce(model, ''))`);
    await runner.query(`CALL stamp_tenant_table('ready_answers', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
    await allowSources(runner, `'upstream', 'counted', 'cache'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE runs SET usage_source = 'counted' WHERE usage_source = 'cache'`);
    await allowSources(runner, `'upstream', 'counted'`);
    await runner.query('DROP TABLE ready_answers');
  }
}

async function allowSources(runner: QueryRunner, sources: string): Promise<void> {
  await runner.query('ALTER TABLE runs DROP CONSTRAINT runs_usage_source_check');
  await runner.query(`ALTER TABLE runs ADD CONSTRAINT runs_usage_source_check CHECK (usage_source IN (${sources}))`);
}
