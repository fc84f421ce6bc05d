import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdentity1763600002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        tenant_id uuid NOT NULL REFERENCES tenants,
        id uuid NOT NULL,
        openid text NOT NULL,
        unionid text,
        nickname text CHECK (length(nickname) <= 40),
        standing text NOT NULL DEFAULT 'active' CHECK (standing IN ('active', 'banned', 'deleted')),
        standing_reason text,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_login_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT users_openid_key UNIQUE (tenant_id, openid)
      )`);
    await runner.query('CREATE INDEX users_unionid ON users (tenant_id, unionid) WHERE unionid IS NOT NULL');
    await runner.query(`CALL stamp_tenant_table('users', 'SELECT, INSERT, UPDATE', 'SELECT')`);
    await runner.query(`
      CREATE TABLE sessions (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_reason text CHECK (revoked_reason IN ('logout', 'reuse')),
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX sessions_user ON sessions (tenant_id, user_id)');
    await runner.query('CREATE INDEX sessions_expiry ON sessions (expires_at)');
    await runner.query(`CALL stamp_tenant_table('sessions', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE')`);
    // A session is a family of refresh tokens; all but the newest are spent.
    await runner.query(`
      CREATE TABLE refresh_tokens (
        tenant_id uuid NOT NULL,
        token_hash text NOT NULL,
        session_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        spent_at timestamptz,
        PRIMARY KEY (tenant_id, token_hash),
        FOREIGN KEY (tenant_id, session_id) REFERENCES sessions ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX refresh_tokens_session ON refresh_tokens (tenant_id, session_id)');
    await runner.query(`CALL stamp_tenant_table('refresh_tokens', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE')`);
    await runner.query(`
      CREATE TABLE api_keys (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
        prefix text NOT NULL,
        key_hash text NOT NULL CONSTRAINT api_keys_hash_key UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz,
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX api_keys_user ON api_keys (tenant_id, user_id)');
    await runner.query(`CALL stamp_tenant_table('api_keys', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
    await runner.query(`
      CREATE TABLE staff (
        id uuid PRIMARY KEY,
        email text NOT NULL CONSTRAINT staff_email_key UNIQUE CHECK (email = lower(email)),
        password_hash text NOT NULL,
        role text NOT NULL CHECK (role IN ('platform_admin')),
        created_at timestamptz NOT NULL DEFAULT now(),
        last_login_at timestamptz,
        disabled_at timestamptz
      )`);
    await runner.query(`CALL stamp_platform_table('staff', 'SELECT, INSERT, UPDATE')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['staff', 'api_keys', 'refresh_tokens', 'sessions', 'users']) await runner.query(`DROP TABLE ${table}`);
  }
}
