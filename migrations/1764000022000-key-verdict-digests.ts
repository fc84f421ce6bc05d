import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the log tells of texts that it does not keep, or keeps sealed. The digest of a short text, made without a key,
 * tells the text to whoever tries words: those that are there go, and keyed ones come (null in rows of the release
 * before). The listed word that decided is sealed where the text is.
 */
export class KeyVerdictDigests1764000022000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE verdicts DROP COLUMN text_sha256, ADD COLUMN text_digest text, ADD COLUMN hit_sealed text');
    await runner.query('GRANT UPDATE (hit, hit_sealed) ON verdicts TO bailiao_platform');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE UPDATE (hit, hit_sealed) ON verdicts FROM bailiao_platform');
    await runner.query(`ALTER TABLE verdicts DROP COLUMN text_digest, DROP COLUMN hit_sealed, ADD COLUMN text_sha256 text NOT NULL DEFAULT ''`);
    await runner.query('ALTER TABLE verdicts ALTER COLUMN text_sha256 DROP DEFAULT');
  }
}
