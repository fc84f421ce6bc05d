import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What answers cost: price lists, one charge for every run, and the two steps that reserve and collect its credits. */
export class CreateCharges1763700001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createPriceLists(runner);
    await createCharges(runner);
    await createGrantCredits(runner);
    await createHoldCredits(runner);
    await createSettleCredits(runner);
    await createFoldShards(runner);
    await createGrantDue(runner);
    await createExpireGrants(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['expire_grants(uuid, uuid[])', 'grant_due(uuid, uuid, jsonb)', 'fold_opened(uuid, int8, int8)', 'fold_shards(uuid, jsonb)', 'settle_credits(uuid, uuid, jsonb)', 'hold_credits(uuid, uuid, uuid, jsonb)', 'grant_credits(uuid, uuid, jsonb)', 'shard_id(uuid, text)']) {
      await runner.query(`DROP FUNCTION ${name}`);
    }
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
      state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'settled')),
      held int8 NOT NULL CHECK (held >= 0),
      pockets uuid[] NOT NULL,
      amounts int8[] NOT NULL,
      revenue_account uuid NOT NULL,
      cost int8 CHECK (cost >= 0),
      credits int8 CHECK (credits BETWEEN 0 AND cost),
      prompt_tokens int,
      cached_tokens int,
      completion_tokens int,
      reasoning_tokens int,
      usage_source text CHECK (usage_source IN ('upstream', 'counted')),
      created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      settled_at timestamptz(3),
      PRIMARY KEY (tenant_id, run_id),
      CHECK (cardinality(pockets) = cardinality(amounts)),
      CHECK ((state = 'settled') = (settled_at IS NOT NULL) AND (state = 'settled') = (credits IS NOT NULL))
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
 * Reserves up to `wanted` credits for a run, at least `minimum`, from the pockets that expire first. Answers
 * {outcome: held | insufficient, held, available, granted}; the tenant's side is folded by the caller.
 */
async function createHoldCredits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION hold_credits(p_tenant uuid, p_run uuid, p_user uuid, c jsonb, OUT outcome text, OUT held int8, OUT available int8, OUT granted int8)
    LANGUAGE plpgsql AS $$
    DECLARE
      v_wanted int8 := (c->>'wanted')::int8;
      v_revenue uuid := shard_id(p_tenant, 'revenue');
      v_pockets uuid[] := '{}';
      v_amounts int8[] := '{}';
      v_take int8;
      p record;
    BEGIN
      held := 0;
      available := 0;
      granted := CASE WHEN c->'grants' = '[]' THEN 0 ELSE grant_credits(p_tenant, p_user, c->'grants') END;
      FOR p IN SELECT id, credits_posted - debits_posted - debits_pending AS free FROM accounts
          WHERE owner_id = p_user AND tenant_id = p_tenant AND closed_at IS NULL AND (expires_at IS NULL OR expires_at > now())
          ORDER BY expires_at NULLS LAST, kind, id FOR UPDATE LOOP
        available := available + p.free;
        v_take := least(p.free, v_wanted - held);
        IF v_take > 0 THEN
          v_pockets := v_pockets || p.id;
          v_amounts := v_amounts || v_take;
          held := held + v_take;
        END IF;
      END LOOP;
      IF held < (c->>'minimum')::int8 THEN
        outcome := 'insufficient';
        held := 0;
        RETURN;
      END IF;
      FOR k IN 1..cardinality(v_pockets) LOOP
        UPDATE accounts SET debits_pending = debits_pending + v_amounts[k] WHERE tenant_id = p_tenant AND id = v_pockets[k];
        INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, reason, reference, owner_id, expires_at)
          VALUES (p_tenant, derived_id(p_run || ':hold:' || k), 'pending', v_pockets[k], v_revenue, v_amounts[k], 'run', p_run, p_user, now() + interval '2 hours');
      END LOOP;
      INSERT INTO charges (tenant_id, run_id, user_id, model, conversation_id, api_key_id, price_list_id, held, pockets, amounts, revenue_account)
        VALUES (p_tenant, p_run, p_user, c->>'model', (c->>'conversation_id')::uuid, (c->>'api_key_id')::uuid, (c->>'price_list_id')::uuid, held, v_pockets, v_amounts, v_revenue);
      outcome := 'held';
    END $$`);
  await runner.query(`CALL stamp_runner_function('hold_credits(uuid, uuid, uuid, jsonb)', '')`);
}

/**
 * Collects a run's `cost` from what was held and releases the rest. A cost above the hold is taken from what else
 * the user has, never below zero. Answers {charged, balance, folds}, or NULL where nothing is held any more.
 */
async function createSettleCredits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION settle_credits(p_tenant uuid, p_run uuid, s jsonb, OUT charged int8, OUT balance int8, OUT released int8, OUT posted int8, OUT revenue uuid)
    LANGUAGE plpgsql AS $$
    DECLARE
      c charges%ROWTYPE;
      v_cost int8 := (s->>'cost')::int8;
      v_post int8;
      p record;
    BEGIN
      SELECT * INTO c FROM charges WHERE tenant_id = p_tenant AND run_id = p_run AND settled_at IS NULL FOR UPDATE;
      IF NOT FOUND THEN RETURN; END IF;
      charged := 0;
      released := 0;
      posted := 0;
      revenue := c.revenue_account;
      FOR k IN 1..cardinality(c.pockets) LOOP
        v_post := least(v_cost - charged, c.amounts[k]);
        INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, pending_id, reason, reference, owner_id)
          VALUES (p_tenant, derived_id(p_run || ':settle:' || k), CASE WHEN v_post > 0 THEN 'post' ELSE 'void' END, c.pockets[k], c.revenue_account,
                  CASE WHEN v_post > 0 THEN v_post ELSE c.amounts[k] END, derived_id(p_run || ':hold:' || k), 'run', p_run, c.user_id)
          ON CONFLICT DO NOTHING;
        -- A hold that expired meanwhile was released already; its share is taken below.
        IF FOUND THEN
          UPDATE accounts SET debits_pending = debits_pending - c.amounts[k], debits_posted = debits_posted + v_post WHERE tenant_id = p_tenant AND id = c.pockets[k];
          released := released + c.amounts[k];
          posted := posted + v_post;
          charged := charged + v_post;
        END IF;
      END LOOP;
      IF charged < v_cost THEN
        FOR p IN SELECT id, credits_posted - debits_posted - debits_pending AS free FROM accounts
            WHERE owner_id = c.user_id AND tenant_id = p_tenant AND closed_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            ORDER BY expires_at NULLS LAST, kind, id FOR UPDATE LOOP
          v_post := least(p.free, v_cost - charged);
          IF v_post > 0 THEN
            UPDATE accounts SET debits_posted = debits_posted + v_post WHERE tenant_id = p_tenant AND id = p.id;
            INSERT INTO transfers (tenant_id, id, kind, debit_account, credit_account, amount, reason, reference, owner_id)
              VALUES (p_tenant, derived_id(p_run || ':extra:' || p.id), 'single', p.id, c.revenue_account, v_post, 'run', p_run, c.user_id);
            posted := posted + v_post;
            charged := charged + v_post;
          END IF;
        END LOOP;
      END IF;
      UPDATE charges SET state = 'settled', settled_at = clock_timestamp(), cost = v_cost, credits = charged, prompt_tokens = (s->>'prompt_tokens')::int,
          cached_tokens = (s->>'cached_tokens')::int, completion_tokens = (s->>'completion_tokens')::int, reasoning_tokens = (s->>'reasoning_tokens')::int,
          usage_source = s->>'usage_source'
        WHERE tenant_id = p_tenant AND run_id = p_run;
      SELECT coalesce(sum(credits_posted - debits_posted - debits_pending), 0) INTO balance FROM accounts
        WHERE owner_id = c.user_id AND tenant_id = p_tenant AND closed_at IS NULL AND (expires_at IS NULL OR expires_at > now());
    END $$`);
  await runner.query(`CALL stamp_runner_function('settle_credits(uuid, uuid, jsonb)', '')`);
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
