import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createConcludeRun, createOpenRun } from './1763600003000-create-chat.js';

/**
 * Stages 5 and 11 of a message's way become one statement for many runs of many tenants, and take the hold and the
 * settlement with them. Rows go in the order of tenant and user, and a tenant's shards last, so that two groups never
 * wait for each other in a ring; every row is checked against its own tenant by the policies.
 */
export class GroupRuns1763700002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await runner.query('DROP FUNCTION open_run(uuid, jsonb)');
    await runner.query(`CALL stamp_runner_table('conversations', 'SELECT, UPDATE')`);
    await runner.query(`CALL stamp_runner_table('messages', 'SELECT, INSERT, UPDATE')`);
    await runner.query(`CALL stamp_runner_table('runs', 'SELECT, INSERT, UPDATE')`);
    await checkOne(runner);
    await openOne(runner);
    await openMany(runner);
    await writeOpened(runner);
    await concludeOne(runner);
    await concludeMany(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['conclude_runs(jsonb)', 'write_concluded(uuid, user_pockets, transfers[], jsonb)', 'conclude_run(uuid, jsonb)', 'open_runs(jsonb)', 'write_opened(uuid, user_pockets, transfers[], charges[], int8, int8)', 'open_run(uuid, jsonb, int)', 'check_run(uuid, jsonb)']) await runner.query(`DROP FUNCTION ${name}`);
    for (const table of ['conversations', 'messages', 'runs']) {
      await runner.query(`REVOKE ALL ON ${table} FROM bailiao_runner`);
      await runner.query(`ALTER POLICY tenant_isolation ON ${table} TO bailiao_app`);
    }
    await createOpenRun(runner);
    await createConcludeRun(runner);
  }
}

/**
 * Checks the owner and the revision that the prompt was made from, one run per conversation, one per idempotency key.
 * Answers where the answer will stand, or a refusal: repeated | busy | stale | not_found | not_newest.
 */
async function checkOne(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION check_run(p_tenant uuid, i jsonb, OUT refusal jsonb, OUT answer_position int) LANGUAGE plpgsql AS $$
    DECLARE
      v_user uuid := (i->>'user_id')::uuid;
      v_conversation uuid := (i->>'conversation_id')::uuid;
      v_question jsonb := nullif(i->'question', 'null');
      v_key text := i->>'idempotency_key';
      v_prior runs%ROWTYPE;
      v_revision int;
    BEGIN
      IF v_conversation IS NOT NULL THEN
        SELECT revision, next_position INTO v_revision, answer_position FROM conversations
          WHERE tenant_id = p_tenant AND id = v_conversation AND user_id = v_user FOR UPDATE;
        IF NOT FOUND THEN
          refusal := jsonb_build_object('outcome', 'not_found');
          RETURN;
        END IF;
      END IF;
      -- Asked under the lock: many requests with one key wait here for the first of them.
      IF v_key IS NOT NULL THEN
        SELECT * INTO v_prior FROM runs WHERE tenant_id = p_tenant AND user_id = v_user AND idempotency_key = v_key;
        IF FOUND THEN
          refusal := jsonb_build_object('outcome', 'repeated', 'same', v_prior.request_hash = i->>'request_hash', 'run_id', v_prior.id);
          RETURN;
        END IF;
      END IF;
      IF v_conversation IS NOT NULL THEN
        IF EXISTS (SELECT 1 FROM runs WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND state = 'opened') THEN
          refusal := jsonb_build_object('outcome', 'busy');
        ELSIF v_revision <> (i->>'revision')::int THEN
          refusal := jsonb_build_object('outcome', 'stale');
        ELSIF v_question IS NOT NULL THEN
          answer_position := answer_position + 1;
        ELSE
          answer_position := answer_position - 1;
          IF NOT EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND position = answer_position AND id = (i->>'regenerates')::uuid) THEN
            refusal := jsonb_build_object('outcome', 'not_newest');
          END IF;
        END IF;
      END IF;
    END $$`);
  await runner.query(`CALL stamp_runner_function('check_run(uuid, jsonb)', '')`);
}

/** Writes the run and its question down. */
async function openOne(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION open_run(p_tenant uuid, i jsonb, p_position int) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      v_conversation uuid := (i->>'conversation_id')::uuid;
      v_run uuid := (i->>'run_id')::uuid;
      v_question jsonb := nullif(i->'question', 'null');
    BEGIN
      INSERT INTO runs (tenant_id, id, user_id, conversation_id, position, answer_id, model, idempotency_key, request_hash)
        VALUES (p_tenant, v_run, (i->>'user_id')::uuid, v_conversation, p_position, (i->>'answer_id')::uuid, i->>'model', i->>'idempotency_key', i->>'request_hash')
        ON CONFLICT DO NOTHING;
      -- Another request with the same key was faster by a moment: everything is undone and asked again, and then it is seen above.
      IF NOT FOUND THEN RAISE EXCEPTION 'a run with this key was opened meanwhile' USING ERRCODE = '40001'; END IF;
      IF v_conversation IS NOT NULL THEN
        IF v_question IS NOT NULL THEN
          INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, run_id, tokens, tokenizer)
            VALUES (p_tenant, v_conversation, p_position - 1, (v_question->>'id')::uuid, 'user', v_question->>'content', v_run,
                    (v_question->>'tokens')::int, v_question->>'tokenizer');
        END IF;
        UPDATE conversations SET revision = revision + 1, active_at = now(), next_position = p_position + 1
          WHERE tenant_id = p_tenant AND id = v_conversation;
      END IF;
    END $$`);
  await runner.query(`CALL stamp_runner_function('open_run(uuid, jsonb, int)', '')`);
}

/**
 * Opens runs, each with its hold. Outcomes: those of check_run, and opened | insufficient. A user's pockets are locked
 * once for his runs of the group; transfers and charges are written together.
 */
export async function openMany(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION open_runs(p jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      e record;
      v_tenant uuid;
      v_revenue uuid;
      v_check record;
      v_hold record;
      v_run uuid;
      v_pockets user_pockets;
      v_transfers transfers[] := '{}';
      v_charges charges[] := '{}';
      v_answers jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(p)]);
      v_held int8 := 0;
      v_granted int8 := 0;
      v_grant int8;
    BEGIN
      FOR e IN SELECT i, at, (i->>'tenant_id')::uuid AS tenant, (i->>'user_id')::uuid AS user_id FROM jsonb_array_elements(p) WITH ORDINALITY AS x(i, at)
          ORDER BY i->>'tenant_id', i->>'user_id', at LOOP
        IF e.tenant IS DISTINCT FROM v_tenant THEN
          PERFORM write_opened(v_tenant, v_pockets, v_transfers, v_charges, v_held, v_granted);
          v_pockets := NULL;
          v_transfers := '{}';
          v_charges := '{}';
          v_held := 0;
          v_granted := 0;
          v_tenant := e.tenant;
          PERFORM set_config('app.tenant_id', v_tenant::text, true);
          v_revenue := shard_id(v_tenant, 'revenue');
        END IF;
        v_check := check_run(v_tenant, e.i);
        IF v_check.refusal IS NOT NULL THEN
          v_answers[e.at] := v_check.refusal;
          CONTINUE;
        END IF;
        v_grant := 0;
        IF v_pockets.user_id IS DISTINCT FROM e.user_id OR e.i->'charge'->'grants' <> '[]' THEN
          PERFORM write_pockets(v_tenant, v_pockets);
          IF e.i->'charge'->'grants' <> '[]' THEN
            v_grant := grant_credits(v_tenant, e.user_id, e.i->'charge'->'grants');
            v_granted := v_granted + v_grant;
          END IF;
          v_pockets := lock_pockets(v_tenant, e.user_id);
        END IF;
        v_run := (e.i->>'run_id')::uuid;
        v_hold := hold_credits(v_tenant, v_run, v_revenue, e.i->'charge', v_pockets);
        IF v_hold.outcome = 'insufficient' THEN
          v_answers[e.at] := jsonb_build_object('outcome', 'insufficient', 'available', v_hold.available::text, 'granted', v_grant, 'held', 0);
          CONTINUE;
        END IF;
        PERFORM open_run(v_tenant, e.i, v_check.answer_position);
        v_pockets := v_hold.s;
        v_transfers := v_transfers || v_hold.holds;
        v_charges := v_charges || v_hold.charge;
        v_held := v_held + (v_hold.charge).held;
        v_answers[e.at] := jsonb_build_object('outcome', 'opened', 'run_id', v_run, 'held', (v_hold.charge).held::text, 'granted', v_grant);
      END LOOP;
      PERFORM write_opened(v_tenant, v_pockets, v_transfers, v_charges, v_held, v_granted);
      RETURN to_jsonb(v_answers);
    END $$`);
  await runner.query(`CALL stamp_runner_function('open_runs(jsonb)', 'bailiao_app')`);
}

/** Writes down what a group of holds of one tenant came to. */
async function writeOpened(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION write_opened(p_tenant uuid, p_pockets user_pockets, p_transfers transfers[], p_charges charges[], p_held int8, p_granted int8) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM write_pockets(p_tenant, p_pockets);
      IF cardinality(p_charges) > 0 THEN
        INSERT INTO charges SELECT * FROM unnest(p_charges);
        INSERT INTO transfers SELECT * FROM unnest(p_transfers);
      END IF;
      PERFORM fold_opened(p_tenant, p_held, p_granted);
    END $$`);
  await runner.query(`CALL stamp_runner_function('write_opened(uuid, user_pockets, transfers[], charges[], int8, int8)', '')`);
}

/**
 * Only the run's present generation may conclude it, and only once.
 * Outcomes: concluded | already | fenced | not_found.
 *
 * The row is named by its key alone: were the partial indexes usable too, a plan made while the table was empty
 * would read all open runs of the tenant for ever after.
 */
export async function concludeOne(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_run(p_tenant uuid, i jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE
      v_run runs%ROWTYPE;
      v_content text := i->>'content';
      v_supersedes boolean;
    BEGIN
      UPDATE runs SET state = i->>'state', finish_reason = i->>'finish_reason', error_code = i->>'error_code',
          prompt_tokens = (i->>'prompt_tokens')::int, completion_tokens = (i->>'completion_tokens')::int,
          usage_source = i->>'usage_source', concluded_at = now()
        WHERE tenant_id = p_tenant AND id = (i->>'run_id')::uuid AND concluded_at IS NULL AND generation = (i->>'generation')::int
        RETURNING * INTO v_run;
      IF NOT FOUND THEN
        SELECT * INTO v_run FROM runs WHERE tenant_id = p_tenant AND id = (i->>'run_id')::uuid;
        IF NOT FOUND THEN RETURN jsonb_build_object('outcome', 'not_found'); END IF;
        RETURN jsonb_build_object('outcome', CASE v_run.state WHEN 'opened' THEN 'fenced' ELSE 'already' END);
      END IF;
      IF v_run.conversation_id IS NOT NULL THEN
        UPDATE conversations SET revision = revision + 1, active_at = now(), title = coalesce(title, i->>'title')
          WHERE tenant_id = p_tenant AND id = v_run.conversation_id;
        IF FOUND THEN
          v_supersedes := v_content <> '' OR NOT EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant
            AND conversation_id = v_run.conversation_id AND position = v_run.position AND NOT superseded);
          IF v_supersedes THEN
            UPDATE messages SET superseded = true WHERE tenant_id = p_tenant AND conversation_id = v_run.conversation_id
              AND position = v_run.position AND NOT superseded;
          END IF;
          INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, state, superseded, run_id, model, finish_reason, error_code, tokens, tokenizer)
            VALUES (p_tenant, v_run.conversation_id, v_run.position, v_run.answer_id, 'assistant', v_content,
                    CASE i->>'state' WHEN 'finished' THEN 'complete' ELSE i->>'state' END, NOT v_supersedes, v_run.id, v_run.model,
                    i->>'finish_reason', i->>'error_code', (i->>'answer_tokens')::int, i->>'tokenizer');
        END IF;
      END IF;
      RETURN jsonb_build_object('outcome', 'concluded');
    END $$`);
  await runner.query(`CALL stamp_runner_function('conclude_run(uuid, jsonb)', '')`);
}

/**
 * Concludes runs, each with its settlement. As in open_runs, a user's pockets are locked once for neighbouring runs of
 * his, and what moves is written together.
 */
async function concludeMany(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_runs(p jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      e record;
      v_tenant uuid;
      v_answer jsonb;
      v_charge charges%ROWTYPE;
      v_settled record;
      v_pockets user_pockets;
      v_transfers transfers[] := '{}';
      v_answers jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(p)]);
      v_folds jsonb := '[]';
    BEGIN
      FOR e IN SELECT i, at, (i->>'tenant_id')::uuid AS tenant, i->'charge' AS charge FROM jsonb_array_elements(p) WITH ORDINALITY AS x(i, at)
          ORDER BY i->>'tenant_id', i->>'user_id', i->>'run_id' LOOP
        IF e.tenant IS DISTINCT FROM v_tenant THEN
          PERFORM write_concluded(v_tenant, v_pockets, v_transfers, v_folds);
          v_pockets := NULL;
          v_transfers := '{}';
          v_folds := '[]';
          v_tenant := e.tenant;
          PERFORM set_config('app.tenant_id', v_tenant::text, true);
        END IF;
        v_answer := conclude_run(v_tenant, e.i);
        v_answers[e.at] := v_answer;
        CONTINUE WHEN v_answer->>'outcome' <> 'concluded';
        SELECT * INTO v_charge FROM charges WHERE tenant_id = v_tenant AND run_id = (e.i->>'run_id')::uuid AND settled_at IS NULL FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        IF v_pockets.user_id IS DISTINCT FROM v_charge.user_id THEN
          PERFORM write_pockets(v_tenant, v_pockets);
          v_pockets := lock_pockets(v_tenant, v_charge.user_id);
        END IF;
        v_settled := settle_credits(v_tenant, v_charge, (e.charge->>'cost')::int8, v_pockets);
        v_pockets := v_settled.s;
        v_transfers := v_transfers || v_settled.moves;
        v_folds := v_folds || jsonb_build_object('id', v_charge.revenue_account, 'kind', 'revenue', 'debits_posted', 0, 'credits_pending', -v_settled.released, 'credits_posted', v_settled.charged);
        UPDATE charges SET state = 'settled', settled_at = clock_timestamp(), cost = (e.charge->>'cost')::int8, credits = v_settled.charged, prompt_tokens = (e.charge->>'prompt_tokens')::int,
            cached_tokens = (e.charge->>'cached_tokens')::int, completion_tokens = (e.charge->>'completion_tokens')::int, reasoning_tokens = (e.charge->>'reasoning_tokens')::int,
            usage_source = e.charge->>'usage_source'
          WHERE tenant_id = v_tenant AND run_id = v_charge.run_id;
        v_answers[e.at] := v_answer || jsonb_build_object('charged', v_settled.charged::text, 'balance', v_settled.balance::text);
      END LOOP;
      PERFORM write_concluded(v_tenant, v_pockets, v_transfers, v_folds);
      RETURN to_jsonb(v_answers);
    END $$`);
  await runner.query(`
    CREATE FUNCTION write_concluded(p_tenant uuid, p_pockets user_pockets, p_transfers transfers[], p_folds jsonb) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM write_pockets(p_tenant, p_pockets);
      IF cardinality(p_transfers) > 0 THEN INSERT INTO transfers SELECT * FROM unnest(p_transfers); END IF;
      IF p_folds <> '[]' THEN PERFORM fold_shards(p_tenant, p_folds); END IF;
    END $$`);
  await runner.query(`CALL stamp_runner_function('write_concluded(uuid, user_pockets, transfers[], jsonb)', '')`);
  await runner.query(`CALL stamp_runner_function('conclude_runs(jsonb)', 'bailiao_app')`);
}
