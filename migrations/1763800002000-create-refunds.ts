import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money on its way back, and the comparison with WeChat's daily bills. */
export class CreateRefunds1763800002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createRefunds(runner);
    await createBillReports(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE bill_reports');
    await runner.query('DROP TABLE refunds');
  }
}

/** The row stands before WeChat is asked. `credits` is what the refund should take back, `held_credits` what the wallet still had. */
async function createRefunds(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE refunds (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      order_id uuid NOT NULL,
      user_id uuid NOT NULL,
      out_refund_no text NOT NULL,
      state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'processing', 'succeeded', 'failed', 'abnormal')),
      amount_fen int8 NOT NULL CHECK (amount_fen > 0),
      credits int8 NOT NULL CHECK (credits >= 0),
      held_credits int8 NOT NULL CHECK (held_credits BETWEEN 0 AND credits),
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 80),
      override_reason text CHECK (length(override_reason) BETWEEN 1 AND 200),
      idempotency_key text,
      requested_by uuid,
      wechat_refund_id text,
      failure text,
      next_query_at timestamptz(3),
      query_count int NOT NULL DEFAULT 0,
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      ended_at timestamptz(3),
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT refunds_out_refund_no_key UNIQUE (tenant_id, out_refund_no),
      CONSTRAINT refunds_idempotency_key UNIQUE (tenant_id, order_id, idempotency_key),
      FOREIGN KEY (tenant_id, order_id) REFERENCES orders,
      CHECK (held_credits = credits OR override_reason IS NOT NULL),
      CHECK ((state IN ('succeeded', 'failed')) = (ended_at IS NOT NULL))
    )`);
  await runner.query('CREATE INDEX refunds_due ON refunds (next_query_at) WHERE next_query_at IS NOT NULL');
  await runner.query(`CALL stamp_tenant_table('refunds', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE')`);
}

async function createBillReports(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE bill_reports (
      tenant_id uuid NOT NULL,
      day date NOT NULL,
      merchant_id text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('clean', 'differs')),
      matched int NOT NULL,
      differing int NOT NULL,
      paid_fen int8 NOT NULL,
      refunded_fen int8 NOT NULL,
      bill_paid_fen int8 NOT NULL,
      bill_refunded_fen int8 NOT NULL,
      runs int NOT NULL DEFAULT 1,
      ran_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, day)
    )`);
  await runner.query(`CALL stamp_tenant_table('bill_reports', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}
