import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What can be bought, what was bought, and every step of it. */
export class CreateOrders1763800001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createPackages(runner);
    await createOrders(runner);
    await createOrderRequests(runner);
    await createOrderEvents(runner);
    await createPaymentNotices(runner);
    await createPaymentFindings(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['payment_findings', 'payment_notices', 'order_events', 'order_requests', 'orders', 'packages']) await runner.query(`DROP TABLE ${table}`);
  }
}

async function createPackages(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE packages (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
      price_fen int8 NOT NULL CHECK (price_fen BETWEEN 1 AND 100000000),
      credits int8 NOT NULL CHECK (credits BETWEEN 1 AND 1000000000000),
      bonus_credits int8 NOT NULL DEFAULT 0 CHECK (bonus_credits BETWEEN 0 AND 1000000000000),
      per_user_limit int CHECK (per_user_limit BETWEEN 1 AND 1000),
      channels text[] NOT NULL CHECK (channels <@ ARRAY['jsapi', 'native', 'h5'] AND cardinality(channels) BETWEEN 1 AND 3),
      active boolean NOT NULL DEFAULT true,
      position int NOT NULL DEFAULT 0,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      updated_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, id)
    )`);
  await runner.query(`CALL stamp_tenant_table('packages', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}

/** What was sold is frozen here: price, credits, bonus, and how the price came about. A payment is compared with app_id, merchant_id, out_trade_no, total_fen and openid. */
async function createOrders(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE orders (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      package_id uuid,
      channel text NOT NULL CHECK (channel IN ('jsapi', 'native', 'h5')),
      state text NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'prepaid', 'paid', 'partly_refunded', 'refunded', 'closed')),
      app_id text NOT NULL,
      merchant_id text NOT NULL,
      out_trade_no text NOT NULL,
      openid text,
      client_ip text,
      description text NOT NULL,
      total_fen int8 NOT NULL CHECK (total_fen > 0),
      credits int8 NOT NULL CHECK (credits > 0),
      bonus_credits int8 NOT NULL CHECK (bonus_credits >= 0),
      pricing jsonb NOT NULL,
      request_digest text NOT NULL,
      transaction_id text,
      payer_total_fen int8 CHECK (payer_total_fen >= 0),
      refunded_fen int8 NOT NULL DEFAULT 0,
      expires_at timestamptz(3) NOT NULL,
      next_query_at timestamptz(3),
      query_count int NOT NULL DEFAULT 0,
      queried_at timestamptz(3),
      paid_at timestamptz(3),
      closed_at timestamptz(3),
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT orders_out_trade_no_key UNIQUE (tenant_id, out_trade_no),
      CONSTRAINT orders_transaction_key UNIQUE (tenant_id, merchant_id, transaction_id),
      CHECK (refunded_fen BETWEEN 0 AND total_fen),
      CHECK ((state IN ('paid', 'partly_refunded', 'refunded')) = (paid_at IS NOT NULL) AND (paid_at IS NOT NULL) = (transaction_id IS NOT NULL)),
      CHECK ((refunded_fen = 0) = (state IN ('created', 'prepaid', 'paid', 'closed'))),
      CHECK ((refunded_fen = total_fen) = (state = 'refunded')),
      CHECK (channel <> 'jsapi' OR openid IS NOT NULL)
    ) WITH (fillfactor = 80)`);
  await runner.query('CREATE INDEX orders_of_user ON orders (user_id, created_at DESC, id DESC)');
  await runner.query(`CREATE INDEX orders_due ON orders (next_query_at) WHERE next_query_at IS NOT NULL`);
  await runner.query('CREATE INDEX orders_paid ON orders (tenant_id, paid_at) WHERE paid_at IS NOT NULL');
  await runner.query(`CALL stamp_tenant_table('orders', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE')`);
}

/** Which order a client's Idempotency-Key led to, also when that was an open one that it got again. */
async function createOrderRequests(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE order_requests (
      tenant_id uuid NOT NULL,
      user_id uuid NOT NULL,
      idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 64),
      order_id uuid NOT NULL,
      wanted text NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, user_id, idempotency_key),
      FOREIGN KEY (tenant_id, order_id) REFERENCES orders
    )`);
  await runner.query(`CALL stamp_tenant_table('order_requests', 'SELECT, INSERT', 'SELECT')`);
}

/** Every move of an order with its time and cause. Only ever added to; the sequence is the database's, since clocks and ids of two nodes may disagree within a moment. */
async function createOrderEvents(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE order_events (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      order_id uuid NOT NULL,
      sequence int8 GENERATED ALWAYS AS IDENTITY,
      from_state text,
      to_state text NOT NULL,
      cause text NOT NULL CHECK (length(cause) BETWEEN 1 AND 60),
      reference text,
      at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, order_id) REFERENCES orders
    )`);
  await runner.query('CREATE INDEX order_events_of_order ON order_events (tenant_id, order_id, sequence)');
  await runner.query(`CALL stamp_tenant_table('order_events', 'SELECT, INSERT', 'SELECT')`);
}

/** Every verified letter of WeChat Pay, by its own id, and what came of it. */
async function createPaymentNotices(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE payment_notices (
      tenant_id uuid NOT NULL,
      id text NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
      event_type text NOT NULL,
      content jsonb NOT NULL,
      outcome text NOT NULL,
      deliveries int NOT NULL DEFAULT 1,
      received_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id)
    )`);
  await runner.query(`CALL stamp_tenant_table('payment_notices', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}

/** What does not add up and needs a person: one row for each thing, however often it is seen. */
async function createPaymentFindings(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE payment_findings (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'repaired', 'dismissed', 'settled')),
      order_id uuid,
      refund_id uuid,
      out_trade_no text,
      transaction_id text,
      bill_day date,
      details jsonb NOT NULL,
      seen int NOT NULL DEFAULT 1,
      first_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      last_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      resolution jsonb,
      resolved_by uuid,
      resolved_at timestamptz(3),
      PRIMARY KEY (tenant_id, id),
      CHECK ((state = 'open') = (resolved_at IS NULL))
    )`);
  await runner.query('CREATE INDEX payment_findings_newest ON payment_findings (tenant_id, first_seen_at DESC, id DESC)');
  await runner.query(`CALL stamp_tenant_table('payment_findings', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}
