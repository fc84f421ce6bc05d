import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who ask for a person: their tickets, what was written, how often WeChat still lets us write, and the letters of WeChat that were taken. */
export class CreateSupport1764000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Whom nobody knows here has an openid and no user. `channel`: where the person wrote last.
    await runner.query(`
      CREATE TABLE support_tickets (
        tenant_id uuid NOT NULL REFERENCES tenants,
        id uuid NOT NULL,
        openid text NOT NULL CHECK (length(openid) BETWEEN 1 AND 128),
        user_id uuid,
        run_id uuid,
        channel text NOT NULL CHECK (channel IN ('app', 'wechat')),
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'closed')),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        asked_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        closed_at timestamptz(3),
        closed_by uuid,
        PRIMARY KEY (tenant_id, id),
        CHECK ((state = 'closed') = (closed_at IS NOT NULL))
      )`);
    await runner.query(`CREATE UNIQUE INDEX support_tickets_one_open ON support_tickets (tenant_id, openid) WHERE state <> 'closed'`);
    await runner.query('CREATE INDEX support_tickets_user ON support_tickets (tenant_id, user_id, id DESC) WHERE user_id IS NOT NULL');
    await runner.query('CREATE INDEX support_tickets_state ON support_tickets (tenant_id, state, id DESC)');
    await runner.query(`CALL stamp_tenant_table('support_tickets', 'SELECT, INSERT, UPDATE', 'SELECT')`);
    // `text` is sealed. `sending`: nobody knows yet whether WeChat took it.
    await runner.query(`
      CREATE TABLE support_messages (
        tenant_id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        id uuid NOT NULL,
        author text NOT NULL CHECK (author IN ('user', 'staff')),
        staff_id uuid,
        kind text NOT NULL CHECK (kind IN ('text', 'image', 'other')),
        text text NOT NULL,
        via text NOT NULL CHECK (via IN ('app', 'wechat')),
        delivery text NOT NULL CHECK (delivery IN ('kept', 'sending', 'sent', 'failed', 'unknown')),
        request_key text CHECK (length(request_key) BETWEEN 1 AND 64),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant_id, ticket_id, id),
        FOREIGN KEY (tenant_id, ticket_id) REFERENCES support_tickets,
        CHECK ((author = 'staff') = (staff_id IS NOT NULL))
      )`);
    await runner.query('CREATE UNIQUE INDEX support_messages_request ON support_messages (tenant_id, ticket_id, request_key) WHERE request_key IS NOT NULL');
    await runner.query(`CALL stamp_tenant_table('support_messages', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, UPDATE')`);
    await runner.query(`
      CREATE TABLE support_windows (
        tenant_id uuid NOT NULL,
        openid text NOT NULL,
        written_until timestamptz(3),
        written_left int NOT NULL DEFAULT 0 CHECK (written_left >= 0),
        entered_until timestamptz(3),
        entered_left int NOT NULL DEFAULT 0 CHECK (entered_left >= 0),
        PRIMARY KEY (tenant_id, openid)
      )`);
    await runner.query(`CALL stamp_tenant_table('support_windows', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
    await runner.query(`
      CREATE TABLE wechat_letters (
        tenant_id uuid NOT NULL,
        key text NOT NULL CHECK (length(key) BETWEEN 1 AND 300),
        taken_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant_id, key)
      )`);
    await runner.query('CREATE INDEX wechat_letters_age ON wechat_letters (tenant_id, taken_at)');
    // UPDATE: for locking old rows on their way out.
    await runner.query(`CALL stamp_tenant_table('wechat_letters', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['wechat_letters', 'support_windows', 'support_messages', 'support_tickets']) await runner.query(`DROP TABLE ${table}`);
  }
}
