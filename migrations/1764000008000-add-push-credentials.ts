import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a tenant's mini-program signs and seals its message push with, sealed among the credentials. */
export class AddPushCredentials1764000008000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenant_credentials DROP CONSTRAINT tenant_credentials_field_check');
    await runner.query(`
      ALTER TABLE tenant_credentials ADD CONSTRAINT tenant_credentials_field_check
        CHECK (field IN ('app_secret', 'push_token', 'push_aes_key', 'wechatpay_private_key', 'wechatpay_api_v3_key'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM tenant_credentials WHERE field IN ('push_token', 'push_aes_key')`);
    await runner.query('ALTER TABLE tenant_credentials DROP CONSTRAINT tenant_credentials_field_check');
    await runner.query(`
      ALTER TABLE tenant_credentials ADD CONSTRAINT tenant_credentials_field_check
        CHECK (field IN ('app_secret', 'wechatpay_private_key', 'wechatpay_api_v3_key'))`);
  }
}
