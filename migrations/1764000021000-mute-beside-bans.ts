import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A mute that holds while people decide about a ban: `beside_id` names the ban, and the mute ends with the decision. */
export class MuteBesideBans1764000021000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE sanctions ADD COLUMN beside_id uuid, ADD CONSTRAINT sanctions_beside CHECK (beside_id IS NULL OR kind = 'mute')`);
    await runner.query('CREATE UNIQUE INDEX sanctions_one_beside ON sanctions (tenant_id, beside_id) WHERE beside_id IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sanctions DROP COLUMN beside_id');
  }
}
