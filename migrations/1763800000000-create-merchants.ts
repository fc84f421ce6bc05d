import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A tenant's account with WeChat Pay: what is public of it here, its two secrets sealed among the credentials. */
export class CreateMerchants1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenant_merchants (
        tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
        merchant_id text NOT NULL CHECK (merchant_id ~ '^[0-9]{6,32}$'),
        merchant_serial text NOT NULL CHECK (merchant_serial ~ '^[0-9A-Fa-f]{8,64}$'),
        wechat_keys jsonb NOT NULL,
        preferred_serial text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (wechat_keys ? preferred_serial)
      )`);
    await runner.query(`CALL stamp_tenant_table('tenant_merchants', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE')`);
    await runner.query('ALTER TABLE tenant_credentials DROP CONSTRAINT tenant_credentials_field_check');
    await runner.query(`
      ALTER TABLE tenant_credentials ADD CONSTRAINT tenant_credentials_field_check
        CHECK (field IN ('app_secret', 'wechatpay_private_key', 'wechatpay_api_v3_key'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM tenant_credentials WHERE field <> 'app_secret'`);
    await runner.query('ALTER TABLE tenant_credentials DROP CONSTRAINT tenant_credentials_field_check');
    await runner.query(`ALTER TABLE tenant_credentials ADD CONSTRAINT tenant_credentials_field_check CHECK (field IN ('app_secret'))`);
    await runner.query('DROP TABLE tenant_merchants');
  }
}
