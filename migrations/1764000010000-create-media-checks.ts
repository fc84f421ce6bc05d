import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Pictures and sounds of users, and what WeChat says of them. A result is pushed under the trace id of a call, and may
 * arrive before the call's answer is written down: whichever of the two comes first makes the row of `media_calls`, the
 * other finds it.
 */
export class CreateMediaChecks1764000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE media_checks (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        purpose text NOT NULL CHECK (purpose IN ('avatar', 'upload')),
        type text NOT NULL CHECK (type IN ('image', 'audio')),
        url text NOT NULL CHECK (length(url) <= 2048),
        state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'passed', 'review', 'rejected', 'failed')),
        step text NOT NULL DEFAULT 'ask' CHECK (step IN ('ask', 'wait')),
        attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        trace_id text,
        label int,
        failure text CHECK (length(failure) <= 40),
        due_at timestamptz DEFAULT clock_timestamp(),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        decided_at timestamptz(3),
        withdrawn_at timestamptz(3),
        PRIMARY KEY (tenant_id, id),
        CHECK ((state = 'pending') = (due_at IS NOT NULL)),
        CHECK (step = 'ask' OR trace_id IS NOT NULL)
      )`);
    await runner.query('CREATE INDEX media_checks_due ON media_checks (due_at) WHERE due_at IS NOT NULL');
    await runner.query('CREATE INDEX media_checks_user ON media_checks (tenant_id, user_id, purpose, id)');
    await runner.query(`CALL stamp_tenant_table('media_checks', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE')`);
    await runner.query(`
      CREATE TABLE media_calls (
        tenant_id uuid NOT NULL,
        trace_id text NOT NULL CHECK (length(trace_id) BETWEEN 1 AND 128),
        check_id uuid,
        errcode int,
        suggest text CHECK (suggest IN ('pass', 'review', 'risky')),
        label int,
        made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        received_at timestamptz(3),
        PRIMARY KEY (tenant_id, trace_id),
        CHECK ((received_at IS NULL) = (errcode IS NULL)),
        CHECK (check_id IS NOT NULL OR received_at IS NOT NULL)
      )`);
    await runner.query(`CALL stamp_tenant_table('media_calls', 'SELECT, INSERT, UPDATE', 'SELECT')`);
    // A picture that a person looks at is named, as an appeal or a ban is.
    await runner.query(`ALTER TABLE reviews DROP CONSTRAINT reviews_check3, ADD CONSTRAINT reviews_subject CHECK (kind IN ('appeal', 'ban', 'media') = (subject_id IS NOT NULL))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM reviews WHERE kind = 'media'`);
    await runner.query(`ALTER TABLE reviews DROP CONSTRAINT reviews_subject, ADD CONSTRAINT reviews_check3 CHECK (kind IN ('appeal', 'ban') = (subject_id IS NOT NULL))`);
    await runner.query('DROP TABLE media_calls');
    await runner.query('DROP TABLE media_checks');
  }
}
