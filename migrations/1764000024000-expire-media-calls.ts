import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls about pictures end as the log of judgements does, by the tenant's policy. */
export class ExpireMediaCalls1764000024000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX media_calls_made ON media_calls (made_at)');
    await runner.query('GRANT DELETE ON media_calls TO bailiao_app');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE DELETE ON media_calls FROM bailiao_app');
    await runner.query('DROP INDEX media_calls_made');
  }
}
