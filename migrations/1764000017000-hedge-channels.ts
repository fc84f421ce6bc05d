import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many of 100 calls to a channel may get a second call elsewhere when their first words are late; null, the default: none. */
export class HedgeChannels1764000017000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['channels', 'tenant_channels']) await runner.query(`ALTER TABLE ${table} ADD COLUMN hedge_percent int CHECK (hedge_percent BETWEEN 1 AND 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tenant_channels', 'channels']) await runner.query(`ALTER TABLE ${table} DROP COLUMN hedge_percent`);
  }
}
