import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the master key is rotated, the log's sealed texts are sealed anew: the one column that the platform's role may write there. */
export class ResealVerdicts1764000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('GRANT UPDATE (text_sealed) ON verdicts TO bailiao_platform');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE UPDATE (text_sealed) ON verdicts FROM bailiao_platform');
  }
}
