import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What users agreed to, and who was given generated text without its visible label. Both are written once: the app
 * can't change or delete a row. The log is kept for six months at least (标识办法, Art. 9), whoever deletes; it names
 * users by id only, which is a pseudonym once an account is erased.
 */
export class CreateLabelLog1764000007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_agreements (
        tenant_id uuid NOT NULL,
        user_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('label_free')),
        version text NOT NULL CHECK (length(version) BETWEEN 1 AND 40),
        at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant_id, user_id, kind, version)
      )`);
    await runner.query(`CALL stamp_tenant_table('user_agreements', 'SELECT, INSERT', 'SELECT')`);
    await runner.query(`
      CREATE TABLE label_free_deliveries (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        conversation_id uuid NOT NULL,
        message_ids uuid[] NOT NULL,
        format text NOT NULL CHECK (format IN ('md', 'txt', 'json')),
        agreement_version text NOT NULL,
        agreed_at timestamptz(3) NOT NULL,
        request_id text NOT NULL,
        at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant_id, id)
      )`);
    await runner.query('CREATE INDEX label_free_deliveries_at ON label_free_deliveries (at)');
    await runner.query('CREATE INDEX label_free_deliveries_messages ON label_free_deliveries USING gin (message_ids)');
    await runner.query(`CALL stamp_tenant_table('label_free_deliveries', 'SELECT, INSERT', 'SELECT, DELETE')`);
    await keepSixMonths(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE label_free_deliveries');
    await runner.query('DROP FUNCTION keep_label_log()');
    await runner.query('DROP TABLE user_agreements');
  }
}

async function keepSixMonths(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION keep_label_log() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.at > clock_timestamp() - interval '183 days' THEN
        RAISE EXCEPTION 'a label-free delivery is kept for 183 days' USING ERRCODE = '23514';
      END IF;
      RETURN OLD;
    END $$`);
  await runner.query('CREATE TRIGGER keep_label_log BEFORE DELETE ON label_free_deliveries FOR EACH ROW EXECUTE FUNCTION keep_label_log()');
}
