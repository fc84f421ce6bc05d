import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger: accounts, append-only transfers, and the functions that alone may write them. They belong to
 * `bailiao_runner`, a role that nobody can log in as, bound by the same policies as the app; the app itself may only
 * read the two tables and call what is granted to it.
 */
export class CreateLedger1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createStamps(runner);
    await createAccounts(runner);
    await createTransfers(runner);
    await createDerivedId(runner);
    await createMove(runner);
    await createApplyTransfers(runner);
    await createExpireHolds(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['expire_holds(uuid, uuid[])', 'apply_transfers(uuid, jsonb, jsonb)', 'move_credits(uuid, ledger_move)', 'derived_id(text)']) {
      await runner.query(`DROP FUNCTION ${name}`);
    }
    await runner.query('DROP TYPE ledger_move');
    await runner.query('DROP TABLE transfers');
    await runner.query('DROP TABLE accounts');
    await runner.query('DROP FUNCTION check_account()');
    for (const domain of ['account_kind', 'ledger_unit', 'ledger_amount']) await runner.query(`DROP DOMAIN ${domain}`);
    await runner.query('DROP PROCEDURE stamp_runner_function(regprocedure, text)');
    await runner.query('DROP PROCEDURE stamp_runner_table(regclass, text)');
  }
}

/** The two stamps for what `bailiao_runner` works on and owns. */
async function createStamps(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE PROCEDURE stamp_runner_table(name regclass, privileges text) LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('ALTER POLICY tenant_isolation ON %s TO bailiao_app, bailiao_runner', name);
      EXECUTE format('GRANT %s ON %s TO bailiao_runner', privileges, name);
    END $$`);
  // A new owner must be allowed to create in the schema at that moment, and at no other.
  await runner.query(`
    CREATE PROCEDURE stamp_runner_function(name regprocedure, callers text) LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
      IF callers <> '' THEN EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', name, callers); END IF;
      GRANT CREATE ON SCHEMA public TO bailiao_runner;
      EXECUTE format('ALTER FUNCTION %s OWNER TO bailiao_runner', name);
      REVOKE CREATE ON SCHEMA public FROM bailiao_runner;
    END $$`);
}

/**
 * Balances of an account: what was moved in and out for good (posted) and what is promised (pending). A user's
 * credits lie in pockets: one `wallet` without an end, and `grant`s, each with its own. A tenant's own accounts are
 * split into shards, so that all its users' answers do not wait for one row; readers add the shards up.
 */
async function createAccounts(runner: QueryRunner): Promise<void> {
  // As domains, not as checks of the table: an update of the hottest table would parse those anew in every statement, 26 µs each time.
  await runner.query('CREATE DOMAIN ledger_amount AS int8 CHECK (VALUE >= 0)');
  await runner.query(`CREATE DOMAIN ledger_unit AS text CHECK (VALUE IN ('CREDIT', 'FEN', 'MICRO_CNY'))`);
  await runner.query(`CREATE DOMAIN account_kind AS text CHECK (VALUE IN ('wallet', 'grant', 'issued', 'granted', 'expired', 'revenue', 'payer', 'cash'))`);
  await runner.query(`
    CREATE TABLE accounts (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      owner_id uuid,
      kind account_kind NOT NULL,
      shard smallint NOT NULL DEFAULT 0,
      unit ledger_unit NOT NULL,
      may_go_negative boolean NOT NULL,
      debits_pending ledger_amount NOT NULL DEFAULT 0,
      debits_posted ledger_amount NOT NULL DEFAULT 0,
      credits_pending ledger_amount NOT NULL DEFAULT 0,
      credits_posted ledger_amount NOT NULL DEFAULT 0,
      expires_at timestamptz,
      closed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT accounts_never_overdrawn CHECK (may_go_negative OR credits_posted - debits_posted - debits_pending >= 0)
    ) WITH (fillfactor = 60)`);
  await runner.query('CREATE INDEX accounts_pockets ON accounts (owner_id, tenant_id) WHERE owner_id IS NOT NULL AND closed_at IS NULL');
  await runner.query('CREATE INDEX accounts_expiry ON accounts (expires_at) WHERE expires_at IS NOT NULL AND closed_at IS NULL');
  // What an account is never changes, so it is looked at once.
  await runner.query(`
    CREATE FUNCTION check_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.may_go_negative <> (NEW.kind IN ('issued', 'granted', 'payer')) OR (NEW.kind IN ('wallet', 'grant')) <> (NEW.owner_id IS NOT NULL)
         OR NEW.unit <> (CASE WHEN NEW.kind IN ('payer', 'cash') THEN 'FEN' ELSE 'CREDIT' END) OR (NEW.expires_at IS NOT NULL AND NEW.kind <> 'grant') THEN
        RAISE EXCEPTION 'an account of this kind has another owner, unit, floor or end' USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$`);
  await runner.query('CREATE TRIGGER check_account BEFORE INSERT OR UPDATE OF kind, unit, owner_id, may_go_negative ON accounts FOR EACH ROW EXECUTE FUNCTION check_account()');
  await runner.query(`CALL stamp_tenant_table('accounts', 'SELECT', 'SELECT')`);
  await runner.query(`CALL stamp_runner_table('accounts', 'SELECT, INSERT, UPDATE')`);
}

/**
 * Never changed, never deleted: no role has the right. `pending` reserves; one `post` (which may move less) or one
 * `void` resolves it, which the unique index sees to. `single` moves at once.
 */
async function createTransfers(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE transfers (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('single', 'pending', 'post', 'void')),
      debit_account uuid NOT NULL,
      credit_account uuid NOT NULL CHECK (credit_account <> debit_account),
      amount int8 NOT NULL CHECK (amount > 0),
      pending_id uuid,
      reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 40),
      reference uuid NOT NULL,
      owner_id uuid,
      expires_at timestamptz,
      at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id),
      CHECK ((kind IN ('post', 'void')) = (pending_id IS NOT NULL)),
      CHECK (expires_at IS NULL OR kind = 'pending')
    )`);
  await runner.query('CREATE UNIQUE INDEX transfers_one_resolution ON transfers (tenant_id, pending_id) WHERE pending_id IS NOT NULL');
  await runner.query(`CREATE INDEX transfers_of_owner ON transfers (owner_id, at DESC, id DESC) WHERE owner_id IS NOT NULL AND kind IN ('single', 'post')`);
  await runner.query(`CREATE INDEX transfers_expiry ON transfers (expires_at) WHERE expires_at IS NOT NULL`);
  await runner.query(`CALL stamp_tenant_table('transfers', 'SELECT', 'SELECT')`);
  await runner.query(`CALL stamp_runner_table('transfers', 'SELECT, INSERT')`);
}

/** The id that belongs to a name: the first half of its SHA-256. The same derivation stands in src/billing/ledger/derived-id.ts. */
async function createDerivedId(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION derived_id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(substring(sha256(convert_to(name, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid`);
}

/**
 * One transfer; the caller has locked both accounts. Answers `created` or `exists`; anything else is raised as
 * SQLSTATE BL001 with the fault as its message, and undoes the batch.
 */
async function createMove(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TYPE ledger_move AS (id uuid, kind text, debit_account uuid, credit_account uuid, amount int8, pending_id uuid,
      reason text, reference uuid, owner_id uuid, expires_at timestamptz)`);
  await runner.query(`
    CREATE FUNCTION move_credits(p_tenant uuid, t ledger_move) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
      v_prior transfers%ROWTYPE;
      v_pending transfers%ROWTYPE;
      v_resolved text;
      v_units int;
      v_accounts int;
    BEGIN
      IF t.kind IN ('post', 'void') THEN
        SELECT * INTO v_pending FROM transfers WHERE tenant_id = p_tenant AND id = t.pending_id AND kind = 'pending';
        IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'pending_not_found'; END IF;
        t.debit_account := v_pending.debit_account;
        t.credit_account := v_pending.credit_account;
        IF t.kind = 'void' THEN t.amount := v_pending.amount; END IF;
      END IF;
      SELECT * INTO v_prior FROM transfers WHERE tenant_id = p_tenant AND id = t.id;
      IF FOUND THEN
        IF (v_prior.kind, v_prior.debit_account, v_prior.credit_account, v_prior.amount, v_prior.reason, v_prior.reference)
            = (t.kind, t.debit_account, t.credit_account, t.amount, t.reason, t.reference)
           AND v_prior.pending_id IS NOT DISTINCT FROM t.pending_id THEN RETURN 'exists'; END IF;
        RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'conflict';
      END IF;
      IF t.amount IS NULL OR t.amount <= 0 THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'bad_amount'; END IF;
      IF t.kind IN ('post', 'void') THEN
        SELECT kind INTO v_resolved FROM transfers WHERE tenant_id = p_tenant AND pending_id = t.pending_id;
        IF FOUND THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = CASE v_resolved WHEN 'post' THEN 'already_posted' ELSE 'already_voided' END; END IF;
        IF t.amount > v_pending.amount THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'exceeds_pending'; END IF;
        UPDATE accounts SET debits_pending = debits_pending - v_pending.amount, debits_posted = debits_posted + CASE t.kind WHEN 'post' THEN t.amount ELSE 0 END
          WHERE tenant_id = p_tenant AND id = t.debit_account;
        UPDATE accounts SET credits_pending = credits_pending - v_pending.amount, credits_posted = credits_posted + CASE t.kind WHEN 'post' THEN t.amount ELSE 0 END
          WHERE tenant_id = p_tenant AND id = t.credit_account;
      ELSIF t.kind IN ('single', 'pending') THEN
        SELECT count(*), count(DISTINCT unit) INTO v_accounts, v_units FROM accounts WHERE tenant_id = p_tenant AND id IN (t.debit_account, t.credit_account) AND closed_at IS NULL;
        IF v_accounts <> 2 THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'account_not_found'; END IF;
        IF v_units <> 1 THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'units_differ'; END IF;
        UPDATE accounts SET debits_pending = debits_pending + CASE t.kind WHEN 'pending' THEN t.amount ELSE 0 END,
            debits_posted = debits_posted + CASE t.kind WHEN 'single' THEN t.amount ELSE 0 END
          WHERE tenant_id = p_tenant AND id = t.debit_account AND (may_go_negative OR credits_posted - debits_posted - debits_pending >= t.amount);
        IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'insufficient'; END IF;
        UPDATE accounts SET credits_pending = credits_pending + CASE t.kind WHEN 'pending' THEN t.amount ELSE 0 END,
            credits_posted = credits_posted + CASE t.kind WHEN 'single' THEN t.amount ELSE 0 END
          WHERE tenant_id = p_tenant AND id = t.credit_account;
      ELSE
        RAISE EXCEPTION USING ERRCODE = 'BL001', MESSAGE = 'bad_kind';
      END IF;
      INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, pending_id, reason, reference, owner_id, expires_at)
        VALUES (p_tenant, t.id, t.kind, t.debit_account, t.credit_account, t.amount, t.pending_id, t.reason, t.reference, t.owner_id,
                CASE t.kind WHEN 'pending' THEN t.expires_at END);
      RETURN 'created';
    END $$`);
  await runner.query(`CALL stamp_runner_function('move_credits(uuid, ledger_move)', '')`);
}

/**
 * A batch, all or none, in one round trip: makes the named accounts where they are missing, locks all accounts in
 * one order (users' pockets before the tenant's own, so that no two batches wait for each other), applies.
 * Answers {outcome: applied, results: [created | exists]} or {outcome: refused, at, fault}.
 */
async function createApplyTransfers(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION apply_transfers(p_tenant uuid, p_accounts jsonb, p_transfers jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      t ledger_move;
      v_at int := 0;
      v_fault text;
      v_results jsonb := '[]';
    BEGIN
      IF p_tenant IS DISTINCT FROM current_tenant() THEN RAISE EXCEPTION 'the tenant of the transaction is another one' USING ERRCODE = '42501'; END IF;
      INSERT INTO accounts (tenant_id, id, owner_id, kind, shard, unit, may_go_negative, expires_at)
        SELECT p_tenant, a.id, a.owner_id, a.kind, a.shard, a.unit, a.may_go_negative, a.expires_at
        FROM jsonb_to_recordset(p_accounts) AS a(id uuid, owner_id uuid, kind text, shard smallint, unit text, may_go_negative boolean, expires_at timestamptz)
        ORDER BY (a.owner_id IS NULL), a.id
        ON CONFLICT DO NOTHING;
      PERFORM 1 FROM accounts WHERE tenant_id = p_tenant AND id IN (
          SELECT unnest(ARRAY[x.debit_account, x.credit_account]) FROM jsonb_to_recordset(p_transfers) AS x(debit_account uuid, credit_account uuid)
          UNION SELECT unnest(ARRAY[p.debit_account, p.credit_account]) FROM jsonb_to_recordset(p_transfers) AS x(pending_id uuid)
            JOIN transfers p ON p.tenant_id = p_tenant AND p.id = x.pending_id)
        ORDER BY (owner_id IS NULL), owner_id, expires_at NULLS LAST, kind, id FOR UPDATE;
      BEGIN
        FOR t IN SELECT * FROM ROWS FROM (jsonb_to_recordset(p_transfers) AS (id uuid, kind text, debit_account uuid, credit_account uuid, amount int8,
            pending_id uuid, reason text, reference uuid, owner_id uuid, expires_at timestamptz)) LOOP
          v_results := v_results || to_jsonb(move_credits(p_tenant, t));
          v_at := v_at + 1;
        END LOOP;
      EXCEPTION
        WHEN SQLSTATE 'BL001' THEN
          GET STACKED DIAGNOSTICS v_fault = MESSAGE_TEXT;
          RETURN jsonb_build_object('outcome', 'refused', 'at', v_at, 'fault', v_fault);
        WHEN unique_violation THEN
          -- The id, or the resolution, was written under other accounts' locks at this very moment.
          RETURN jsonb_build_object('outcome', 'refused', 'at', v_at, 'fault', 'conflict');
        WHEN numeric_value_out_of_range THEN
          RETURN jsonb_build_object('outcome', 'refused', 'at', v_at, 'fault', 'bad_amount');
      END;
      RETURN jsonb_build_object('outcome', 'applied', 'results', v_results);
    END $$`);
  await runner.query(`CALL stamp_runner_function('apply_transfers(uuid, jsonb, jsonb)', 'bailiao_app')`);
}

/** Voids holds whose time is over and which nobody resolved; several at once are harmless. Answers how many were voided. */
async function createExpireHolds(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION expire_holds(p_tenant uuid, p_ids uuid[]) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      v_batch jsonb;
      v_answer jsonb;
    BEGIN
      SELECT jsonb_agg(jsonb_build_object('id', derived_id(p.id || ':expire'), 'kind', 'void', 'pending_id', p.id, 'reason', 'hold_expired', 'reference', p.reference, 'owner_id', p.owner_id))
        INTO v_batch
        FROM transfers p WHERE p.tenant_id = p_tenant AND p.id = ANY (p_ids) AND p.kind = 'pending' AND p.expires_at <= now()
          AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.tenant_id = p_tenant AND r.pending_id = p.id);
      IF v_batch IS NULL THEN RETURN 0; END IF;
      v_answer := apply_transfers(p_tenant, '[]', v_batch);
      RETURN CASE v_answer->>'outcome' WHEN 'applied' THEN jsonb_array_length(v_batch) ELSE 0 END;
    END $$`);
  await runner.query(`CALL stamp_runner_function('expire_holds(uuid, uuid[])', 'bailiao_app')`);
}
