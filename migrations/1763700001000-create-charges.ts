import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What answers cost: price lists, one charge for every run, and the two steps that reserve and collect its credits. */
export class CreateCharges1763700001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createPriceLists(runner);
    await createCharges(runner);
    await createGrantCredits(runner);
    await createPockets(runner);
    await createHoldCredits(runner);
    await createSettleCredits(runner);
    await createFoldShards(runner);
    await createGrantDue(runner);
    await createExpireGrants(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['expire_grants(uuid, uuid[])', 'grant_due(uuid, uuid, jsonb)', 'fold_opened(uuid, int8, int8)', 'fold_shards(uuid, jsonb)', 'settle_credits(uuid, charges, int8, user_pockets)', 'hold_credits(uuid, uuid, uuid, jsonb, user_pockets)', 'write_pockets(uuid, user_pockets)', 'lock_pockets(uuid, uuid)', 'grant_credits(uuid, uuid, jsonb)', 'shard_id(uuid, text)']) {
      await runner.query(`DROP FUNCTION ${name}`);
    }
    await runner.query('DROP TYPE user_pockets');
    await runner.query('DROP TABLE charges');
    await runner.query('DROP TABLE price_lists');
  }
}

/** Never changed: a new price is a new list. Rates are credits per 1,000 tokens; model `*` is for models without a list of their own. */
async function createPriceLists(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE price_lists (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      model text NOT NULL CHECK (length(model) BETWEEN 1 AND 100),
      input_rate int8 NOT NULL CHECK (input_rate BETWEEN 0 AND 1000000000),
      cached_input_rate int8 NOT NULL CHECK (cached_input_rate BETWEEN 0 AND 1000000000),
      output_rate int8 NOT NULL CHECK (output_rate BETWEEN 0 AND 1000000000),
      reasoning_rate int8 NOT NULL CHECK (reasoning_rate BETWEEN 0 AND 1000000000),
      minimum_charge int8 NOT NULL DEFAULT 0 CHECK (minimum_charge BETWEEN 0 AND 1000000000),
      valid_from timestamptz(3) NOT NULL,
      created_by uuid,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT price_lists_one_a_moment UNIQUE (tenant_id, model, valid_from)
    )`);
  await runner.query(`CALL stamp_tenant_table('price_lists', 'SELECT, INSERT', 'SELECT')`);
}

/**
 * One row a run: `held` when it opens, `settled` when it ends. `cost` is what the price list says, `credits` what
 * was moved: less only where a wallet could not pay for tokens that nobody foresaw. Once settled it is the usage row.
 */
async function createCharges(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE charges (
      tenant_id uuid NOT NULL,
      run_id uuid NOT NULL,
      user_id uuid NOT NULL,
      model text NOT NULL,
      conversation_id uuid,
      api_key_id uuid,
      price_list_id uuid NOT NULL,
      state text NOT NULL DEFAULT 'held',
      held ledger_amount NOT NULL,
      pockets uuid[] NOT NULL,
      amounts int8[] NOT NULL,
      revenue_account uuid NOT NULL,
      cost ledger_amount,
      credits ledger_amount,
      prompt_tokens int,
      cached_tokens int,
      completion_tokens int,
      reasoning_tokens int,
      usage_source text,
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      settled_at timestamptz(3),
      PRIMARY KEY (tenant_id, run_id),
      CHECK (CASE state WHEN 'held' THEN settled_at IS NULL AND credits IS NULL WHEN 'settled' THEN settled_at IS NOT NULL AND credits <= cost ELSE false END)
    ) WITH (fillfactor = 80)`);
  await runner.query('CREATE INDEX charges_of_user ON charges (user_id, created_at DESC, run_id DESC)');
  await runner.query(`CALL stamp_tenant_table('charges', 'SELECT', 'SELECT')`);
  await runner.query(`CALL stamp_runner_table('charges', 'SELECT, INSERT, UPDATE')`);
  // Each connection moves to a shard of its own, so that two of them seldom wait for one row.
  await runner.query(`
    CREATE FUNCTION shard_id(p_tenant uuid, p_kind text) RETURNS uuid LANGUAGE sql STABLE
    RETURN derived_id(p_tenant || ':' || p_kind || ':' || pg_backend_pid() % 16)`);
}

/**
 * Free credits that a user has a right to, each once: [{key, amount, reason, expires_at}]. A grant's pocket is its
 * record. Answers what was granted now, which the caller folds into the tenant's `granted` shard.
 */
async function createGrantCredits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION grant_credits(p_tenant uuid, p_user uuid, p_grants jsonb) RETURNS int8 LANGUAGE plpgsql AS $$
    DECLARE
      g record;
      v_pocket uuid;
      v_granted int8 := 0;
    BEGIN
      FOR g IN SELECT * FROM jsonb_to_recordset(p_grants) AS x(key text, amount int8, reason text, expires_at timestamptz) ORDER BY key LOOP
        v_pocket := derived_id(p_user || ':grant:' || g.key);
        INSERT INTO accounts (tenant_id, id, owner_id, kind, unit, may_go_negative, credits_posted, expires_at)
          VALUES (p_tenant, v_pocket, p_user, 'grant', 'CREDIT', false, g.amount, g.expires_at)
          ON CONFLICT DO NOTHING;
        IF FOUND THEN
          INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, reason, reference, owner_id)
            VALUES (p_tenant, derived_id(v_pocket || ':granted'), 'single', shard_id(p_tenant, 'granted'), v_pocket, g.amount, g.reason, v_pocket, p_user);
          v_granted := v_granted + g.amount;
        END IF;
      END LOOP;
      RETURN v_granted;
    END $$`);
  await runner.query(`CALL stamp_runner_function('grant_credits(uuid, uuid, jsonb)', '')`);
}

/**
 * What a group of answers of one user takes from his pockets, kept in memory between the first of them and the last:
 * each pocket is locked and read once, and written once. The pockets that end first come first.
 */
async function createPockets(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TYPE user_pockets AS (user_id uuid, ids uuid[], usable boolean[], free int8[], pending int8[], posted int8[])`);
  await runner.query(`
    CREATE FUNCTION lock_pockets(p_tenant uuid, p_user uuid) RETURNS user_pockets LANGUAGE plpgsql AS $$
    DECLARE
      s user_pockets;
    BEGIN
      SELECT array_agg(p.id), array_agg(p.usable), array_agg(p.free) INTO s.ids, s.usable, s.free FROM (
        SELECT id, expires_at IS NULL OR expires_at > now() AS usable, credits_posted - debits_posted - debits_pending AS free FROM accounts
        WHERE owner_id = p_user AND tenant_id = p_tenant AND closed_at IS NULL ORDER BY expires_at NULLS LAST, kind, id FOR UPDATE) p;
      s.user_id := p_user;
      s.ids := coalesce(s.ids, '{}');
      s.pending := array_fill(0::int8, ARRAY[cardinality(s.ids)]);
      s.posted := s.pending;
      RETURN s;
    END $$`);
  await runner.query(`CALL stamp_runner_function('lock_pockets(uuid, uuid)', '')`);
  await runner.query(`
    CREATE FUNCTION write_pockets(p_tenant uuid, s user_pockets) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      FOR k IN 1..coalesce(cardinality(s.ids), 0) LOOP
        CONTINUE WHEN s.pending[k] = 0 AND s.posted[k] = 0;
        UPDATE accounts SET debits_pending = debits_pending + s.pending[k], debits_posted = debits_posted + s.posted[k] WHERE tenant_id = p_tenant AND id = s.ids[k];
      END LOOP;
    END $$`);
  await runner.query(`CALL stamp_runner_function('write_pockets(uuid, user_pockets)', '')`);
}

/**
 * Reserves up to `wanted` credits for a run, at least `minimum`, from the pockets that end first: in memory. The caller
 * writes the pockets, the transfers and the charge, and folds the tenant's side.
 */
async function createHoldCredits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION hold_credits(p_tenant uuid, p_run uuid, p_revenue uuid, c jsonb, INOUT s user_pockets, OUT outcome text, OUT available int8, OUT charge charges, OUT holds transfers[])
    LANGUAGE plpgsql AS $$
    DECLARE
      v_wanted int8 := (c->>'wanted')::int8;
      v_take int8;
      v_hold transfers;
    BEGIN
      available := 0;
      FOR k IN 1..cardinality(s.ids) LOOP
        IF s.usable[k] THEN available := available + s.free[k]; END IF;
      END LOOP;
      IF least(available, v_wanted) < (c->>'minimum')::int8 THEN
        outcome := 'insufficient';
        RETURN;
      END IF;
      outcome := 'held';
      charge.tenant_id := p_tenant;
      charge.run_id := p_run;
      charge.user_id := s.user_id;
      charge.model := c->>'model';
      charge.conversation_id := (c->>'conversation_id')::uuid;
      charge.api_key_id := (c->>'api_key_id')::uuid;
      charge.price_list_id := (c->>'price_list_id')::uuid;
      charge.state := 'held';
      charge.held := 0;
      charge.pockets := '{}';
      charge.amounts := '{}';
      charge.revenue_account := p_revenue;
      charge.created_at := clock_timestamp();
      FOR k IN 1..cardinality(s.ids) LOOP
        EXIT WHEN charge.held = v_wanted;
        CONTINUE WHEN NOT s.usable[k] OR s.free[k] <= 0;
        v_take := least(s.free[k], v_wanted - charge.held);
        s.free[k] := s.free[k] - v_take;
        s.pending[k] := s.pending[k] + v_take;
        charge.held := charge.held + v_take;
        charge.pockets := charge.pockets || s.ids[k];
        charge.amounts := charge.amounts || v_take;
        v_hold := (p_tenant, derived_id(p_run || ':hold:' || cardinality(charge.pockets)), 'pending', s.ids[k], p_revenue, v_take, NULL, 'run', p_run, s.user_id, now() + interval '2 hours', clock_timestamp());
        holds := holds || v_hold;
      END LOOP;
    END $$`);
  await runner.query(`CALL stamp_runner_function('hold_credits(uuid, uuid, uuid, jsonb, user_pockets)', '')`);
}

/**
 * Collects a run's `cost` from what was held and releases the rest: in memory, from the user's locked pockets. A cost
 * above the hold is taken from what else he has, never below zero. The caller writes what this answers.
 */
async function createSettleCredits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION settle_credits(p_tenant uuid, c charges, p_cost int8, INOUT s user_pockets, OUT charged int8, OUT balance int8, OUT released int8, OUT moves transfers[])
    LANGUAGE plpgsql AS $$
    DECLARE
      v_post int8;
      v_at int;
      v_move transfers;
      -- Holds end after two hours: only then may somebody else have released one.
      v_may_have_expired boolean := c.created_at < clock_timestamp() - interval '1 hour';
    BEGIN
      charged := 0;
      released := 0;
      balance := 0;
      FOR k IN 1..cardinality(c.pockets) LOOP
        CONTINUE WHEN v_may_have_expired AND EXISTS (SELECT 1 FROM transfers WHERE tenant_id = p_tenant AND pending_id = derived_id(c.run_id || ':hold:' || k));
        v_post := least(p_cost - charged, c.amounts[k]);
        v_at := array_position(s.ids, c.pockets[k]);
        s.pending[v_at] := s.pending[v_at] - c.amounts[k];
        s.posted[v_at] := s.posted[v_at] + v_post;
        s.free[v_at] := s.free[v_at] + c.amounts[k] - v_post;
        released := released + c.amounts[k];
        charged := charged + v_post;
        v_move := (p_tenant, derived_id(c.run_id || ':settle:' || k), CASE WHEN v_post > 0 THEN 'post' ELSE 'void' END, c.pockets[k], c.revenue_account,
          CASE WHEN v_post > 0 THEN v_post ELSE c.amounts[k] END, derived_id(c.run_id || ':hold:' || k), 'run', c.run_id, c.user_id, NULL, clock_timestamp());
        moves := moves || v_move;
      END LOOP;
      FOR k IN 1..cardinality(s.ids) LOOP
        CONTINUE WHEN NOT s.usable[k];
        v_post := least(s.free[k], p_cost - charged);
        IF v_post > 0 THEN
          s.posted[k] := s.posted[k] + v_post;
          s.free[k] := s.free[k] - v_post;
          charged := charged + v_post;
          v_move := (p_tenant, derived_id(c.run_id || ':extra:' || s.ids[k]), 'single', s.ids[k], c.revenue_account, v_post, NULL, 'run', c.run_id, c.user_id, NULL, clock_timestamp());
          moves := moves || v_move;
        END IF;
        balance := balance + s.free[k];
      END LOOP;
    END $$`);
  await runner.query(`CALL stamp_runner_function('settle_credits(uuid, charges, int8, user_pockets)', '')`);
}

/**
 * The tenant's side of a group of holds and settlements, one update a shard, always last and in the order of ids, so
 * that groups which share a shard can't wait for each other: [{id, kind, debits_posted, credits_pending, credits_posted}].
 */
async function createFoldShards(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION fold_shards(p_tenant uuid, p_folds jsonb) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      f record;
    BEGIN
      FOR f IN SELECT id, min(kind) AS kind, sum(debits_posted) AS debits_posted, sum(credits_pending) AS credits_pending, sum(credits_posted) AS credits_posted
          FROM jsonb_to_recordset(p_folds) AS x(id uuid, kind text, debits_posted int8, credits_pending int8, credits_posted int8)
          GROUP BY id ORDER BY id LOOP
        UPDATE accounts SET debits_posted = accounts.debits_posted + f.debits_posted, credits_pending = accounts.credits_pending + f.credits_pending,
            credits_posted = accounts.credits_posted + f.credits_posted
          WHERE tenant_id = p_tenant AND id = f.id;
        CONTINUE WHEN FOUND;
        INSERT INTO accounts (tenant_id, id, kind, shard, unit, may_go_negative, debits_posted, credits_pending, credits_posted)
          VALUES (p_tenant, f.id, f.kind, pg_backend_pid() % 16, 'CREDIT', f.kind = 'granted', f.debits_posted, f.credits_pending, f.credits_posted)
          ON CONFLICT (tenant_id, id) DO UPDATE SET debits_posted = accounts.debits_posted + excluded.debits_posted,
            credits_pending = accounts.credits_pending + excluded.credits_pending, credits_posted = accounts.credits_posted + excluded.credits_posted;
      END LOOP;
    END $$`);
  await runner.query(`CALL stamp_runner_function('fold_shards(uuid, jsonb)', '')`);
  await runner.query(`
    CREATE FUNCTION fold_opened(p_tenant uuid, p_held int8, p_granted int8) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      v_folds jsonb := '[]';
    BEGIN
      IF p_held > 0 THEN
        v_folds := v_folds || jsonb_build_object('id', shard_id(p_tenant, 'revenue'), 'kind', 'revenue', 'debits_posted', 0, 'credits_pending', p_held, 'credits_posted', 0);
      END IF;
      IF p_granted > 0 THEN
        v_folds := v_folds || jsonb_build_object('id', shard_id(p_tenant, 'granted'), 'kind', 'granted', 'debits_posted', p_granted, 'credits_pending', 0, 'credits_posted', 0);
      END IF;
      IF v_folds <> '[]' THEN PERFORM fold_shards(p_tenant, v_folds); END IF;
    END $$`);
  await runner.query(`CALL stamp_runner_function('fold_opened(uuid, int8, int8)', '')`);
}

/** Gives a user the free credits that are due, for whoever looks at a wallet before anything was held. */
async function createGrantDue(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION grant_due(p_tenant uuid, p_user uuid, p_grants jsonb) RETURNS int8 LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      v_granted int8;
    BEGIN
      IF p_tenant IS DISTINCT FROM current_tenant() THEN RAISE EXCEPTION 'the tenant of the transaction is another one' USING ERRCODE = '42501'; END IF;
      v_granted := grant_credits(p_tenant, p_user, p_grants);
      PERFORM fold_opened(p_tenant, 0, v_granted);
      RETURN v_granted;
    END $$`);
  await runner.query(`CALL stamp_runner_function('grant_due(uuid, uuid, jsonb)', 'bailiao_app')`);
}

/**
 * Takes what is left in pockets whose time is over, and closes those that nothing is reserved in. Answers how many
 * pockets it looked at.
 */
async function createExpireGrants(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION expire_grants(p_tenant uuid, p_ids uuid[]) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      p record;
      v_count int := 0;
      v_free int8;
      v_total int8 := 0;
      v_expired uuid := shard_id(p_tenant, 'expired');
    BEGIN
      IF p_tenant IS DISTINCT FROM current_tenant() THEN RAISE EXCEPTION 'the tenant of the transaction is another one' USING ERRCODE = '42501'; END IF;
      FOR p IN SELECT * FROM accounts WHERE tenant_id = p_tenant AND id = ANY (p_ids) AND expires_at <= now() AND closed_at IS NULL
          ORDER BY owner_id, expires_at NULLS LAST, kind, id FOR UPDATE LOOP
        v_free := p.credits_posted - p.debits_posted - p.debits_pending;
        IF v_free > 0 THEN
          -- What a later release returns to the pocket expires in a transfer of its own.
          INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, reason, reference, owner_id)
            VALUES (p_tenant, derived_id(p.id || ':expired:' || p.debits_posted), 'single', p.id, v_expired, v_free, 'grant_expired', p.id, p.owner_id);
          v_total := v_total + v_free;
        END IF;
        UPDATE accounts SET debits_posted = debits_posted + v_free, closed_at = CASE WHEN debits_pending = 0 THEN now() END
          WHERE tenant_id = p_tenant AND id = p.id;
        v_count := v_count + 1;
      END LOOP;
      IF v_total > 0 THEN
        PERFORM fold_shards(p_tenant, jsonb_build_array(jsonb_build_object('id', v_expired, 'kind', 'expired', 'debits_posted', 0, 'credits_pending', 0, 'credits_posted', v_total)));
      END IF;
      RETURN v_count;
    END $$`);
  await runner.query(`CALL stamp_runner_function('expire_grants(uuid, uuid[])', 'bailiao_app')`);
}
