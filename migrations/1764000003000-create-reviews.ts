import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where people decide: the queue of what they look at, sanctions and what led to them, appeals, what users are told of it, and the record of who did what. */
export class CreateReviews1764000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN muted_until timestamptz(3)');
    await createStaffActions(runner);
    await createDeskRules(runner);
    await createReviews(runner);
    await createSanctions(runner);
    await createAppeals(runner);
    await createNotices(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['notices', 'appeals', 'sanctions', 'offences', 'reviews', 'desk_rules', 'staff_actions']) await runner.query(`DROP TABLE ${table}`);
    await runner.query('ALTER TABLE users DROP COLUMN muted_until');
  }
}

/** Append-only: nobody who serves requests may change or remove a row. */
async function createStaffActions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE staff_actions (
      tenant_id uuid NOT NULL REFERENCES tenants,
      id uuid NOT NULL,
      actor_kind text NOT NULL CHECK (actor_kind IN ('staff', 'rule')),
      staff_id uuid,
      action text NOT NULL CHECK (action ~ '^[a-z]+(_[a-z]+)*\\.[a-z]+(_[a-z]+)*$'),
      subject_id uuid NOT NULL,
      user_id uuid,
      note text CHECK (length(note) BETWEEN 1 AND 500),
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id),
      CHECK ((actor_kind = 'staff') = (staff_id IS NOT NULL))
    )`);
  await runner.query('CREATE INDEX staff_actions_subject ON staff_actions (tenant_id, subject_id, id)');
  await runner.query('CREATE INDEX staff_actions_user ON staff_actions (tenant_id, user_id, id) WHERE user_id IS NOT NULL');
  await runner.query(`CALL stamp_tenant_table('staff_actions', 'SELECT, INSERT', 'SELECT')`);
}

async function createDeskRules(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE desk_rules (
      tenant_id uuid PRIMARY KEY REFERENCES tenants,
      rules jsonb NOT NULL CHECK (jsonb_typeof(rules) = 'object'),
      updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
    )`);
  await runner.query(`CALL stamp_tenant_table('desk_rules', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}

/** `excerpt` is sealed. A claim that is over counts as given back, whatever `state` says. */
async function createReviews(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE reviews (
      tenant_id uuid NOT NULL REFERENCES tenants,
      id uuid NOT NULL,
      natural_key text NOT NULL CHECK (length(natural_key) BETWEEN 1 AND 200),
      kind text NOT NULL CHECK (kind IN ('input', 'output', 'media', 'appeal', 'ban')),
      state text NOT NULL CHECK (state IN ('waiting', 'claimed', 'needs_second', 'second_claimed', 'approved', 'rejected')),
      user_id uuid,
      conversation_id uuid,
      run_id uuid,
      message_id uuid,
      subject_id uuid,
      label text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
      excerpt text,
      claimed_by uuid,
      claim_expires_at timestamptz(3),
      first_by uuid,
      decided_by uuid,
      decided_at timestamptz(3),
      note text CHECK (length(note) BETWEEN 1 AND 500),
      due_at timestamptz(3) NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT reviews_natural_key UNIQUE (tenant_id, natural_key),
      CHECK ((state IN ('claimed', 'second_claimed')) = (claimed_by IS NOT NULL)),
      CHECK ((claimed_by IS NULL) = (claim_expires_at IS NULL)),
      CHECK ((state IN ('approved', 'rejected')) = (decided_by IS NOT NULL)),
      CHECK (kind IN ('appeal', 'ban') = (subject_id IS NOT NULL)),
      -- Four eyes: who confirms is not who asked for it.
      CHECK (kind <> 'ban' OR state <> 'approved' OR (first_by IS NOT NULL AND first_by <> decided_by)),
      CHECK (state <> 'second_claimed' OR claimed_by <> first_by)
    )`);
  for (const [name, columns] of [['reviews_due', 'tenant_id, due_at, id'], ['reviews_due_everywhere', 'due_at, id']] as const) {
    await runner.query(`CREATE INDEX ${name} ON reviews (${columns}) WHERE state NOT IN ('approved', 'rejected')`);
  }
  await runner.query('CREATE INDEX reviews_all ON reviews (tenant_id, due_at, id)');
  await runner.query('CREATE INDEX reviews_user ON reviews (tenant_id, user_id, due_at, id)');
  await runner.query(`CALL stamp_tenant_table('reviews', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE')`);
}

/** An offence is one refused text; `forgiven_at`: a person found that it was none. */
async function createSanctions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE offences (
      tenant_id uuid NOT NULL,
      user_id uuid NOT NULL,
      run_id uuid NOT NULL,
      stage text NOT NULL CHECK (stage IN ('input', 'output')),
      label text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
      created_at timestamptz(3) NOT NULL,
      forgiven_at timestamptz(3),
      PRIMARY KEY (tenant_id, user_id, run_id, stage),
      FOREIGN KEY (tenant_id, user_id) REFERENCES users
    )`);
  await runner.query('CREATE INDEX offences_recent ON offences (tenant_id, user_id, created_at DESC)');
  await runner.query(`CALL stamp_tenant_table('offences', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
  await runner.query(`
    CREATE TABLE sanctions (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('warn', 'mute', 'ban')),
      state text NOT NULL CHECK (state IN ('proposed', 'active', 'refused', 'lifted')),
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
      run_id uuid,
      imposed_by uuid,
      created_at timestamptz(3) NOT NULL,
      until timestamptz(3),
      ended_by uuid,
      ended_at timestamptz(3),
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, user_id) REFERENCES users,
      CHECK ((kind = 'mute') = (until IS NOT NULL)),
      CHECK (state <> 'proposed' OR kind = 'ban'),
      CHECK ((state IN ('refused', 'lifted')) = (ended_at IS NOT NULL))
    )`);
  await runner.query('CREATE INDEX sanctions_user ON sanctions (tenant_id, user_id, id DESC)');
  await runner.query(`CREATE UNIQUE INDEX sanctions_one_ban ON sanctions (tenant_id, user_id) WHERE kind = 'ban' AND state IN ('proposed', 'active')`);
  await runner.query(`CALL stamp_tenant_table('sanctions', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}

/** `text` is sealed. `subject_id`: of a message its run, of a sanction its id, of a ban the user. */
async function createAppeals(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE appeals (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('message', 'sanction', 'ban')),
      subject_id uuid NOT NULL,
      text text NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected')),
      answer text CHECK (length(answer) BETWEEN 1 AND 500),
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      decided_at timestamptz(3),
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, user_id) REFERENCES users,
      CHECK ((state = 'open') = (decided_at IS NULL))
    )`);
  await runner.query(`CREATE UNIQUE INDEX appeals_one_open ON appeals (tenant_id, user_id, kind, subject_id) WHERE state = 'open'`);
  await runner.query('CREATE INDEX appeals_user ON appeals (tenant_id, user_id, id DESC)');
  await runner.query(`CALL stamp_tenant_table('appeals', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE')`);
}

async function createNotices(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE notices (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('warned', 'muted', 'sanction_lifted', 'appeal_accepted', 'appeal_rejected', 'support_replied')),
      subject_id uuid NOT NULL,
      text text NOT NULL CHECK (length(text) BETWEEN 1 AND 600),
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      read_at timestamptz(3),
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, user_id) REFERENCES users
    )`);
  await runner.query('CREATE INDEX notices_user ON notices (tenant_id, user_id, id DESC)');
  await runner.query(`CALL stamp_tenant_table('notices', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
}
