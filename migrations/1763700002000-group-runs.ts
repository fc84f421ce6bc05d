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
    await openOne(runner);
    await openMany(runner);
    await concludeOne(runner);
    await concludeMany(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['conclude_runs(jsonb)', 'conclude_run(uuid, jsonb)', 'open_runs(jsonb)', 'open_run(uuid, jsonb)']) await runner.query(`DROP FUNCTION ${name}`);
    for (const table of ['conversations', 'messages', 'runs']) {
      await runner.query(`REVOKE ALL ON ${table} FROM bailiao_runner`);
      await runner.query(`ALTER POLICY tenant_isolation ON ${table} TO bailiao_app`);
    }
    await createOpenRun(runner);
    await createConcludeRun(runner);
  }
}

/**
 * Checks the owner and the revision that the prompt was made from, reserves the credits, opens the run (one per
 * conversation, one per idempotency key), stores the question.
 * Outcomes: opened | repeated | busy | stale | not_found | not_newest | insufficient.
 */
async function openOne(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION open_run(p_tenant uuid, i jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE
      v_user uuid := (i->>'user_id')::uuid;
      v_conversation uuid := (i->>'conversation_id')::uuid;
      v_run uuid := (i->>'run_id')::uuid;
      v_question jsonb := nullif(i->'question', 'null');
      v_key text := i->>'idempotency_key';
      v_prior runs%ROWTYPE;
      v_revision int;
      v_position int;
      v_hold record;
    BEGIN
      IF v_conversation IS NOT NULL THEN
        SELECT revision, next_position INTO v_revision, v_position FROM conversations
          WHERE tenant_id = p_tenant AND id = v_conversation AND user_id = v_user FOR UPDATE;
        IF NOT FOUND THEN RETURN jsonb_build_object('outcome', 'not_found'); END IF;
      END IF;
      -- Asked under the lock: many requests with one key wait here for the first of them.
      IF v_key IS NOT NULL THEN
        SELECT * INTO v_prior FROM runs WHERE tenant_id = p_tenant AND user_id = v_user AND idempotency_key = v_key;
        IF FOUND THEN
          RETURN jsonb_build_object('outcome', 'repeated', 'same', v_prior.request_hash = i->>'request_hash', 'run_id', v_prior.id);
        END IF;
      END IF;
      IF v_conversation IS NOT NULL THEN
        IF EXISTS (SELECT 1 FROM runs WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND state = 'opened') THEN
          RETURN jsonb_build_object('outcome', 'busy');
        END IF;
        IF v_revision <> (i->>'revision')::int THEN RETURN jsonb_build_object('outcome', 'stale'); END IF;
        IF v_question IS NULL THEN
          v_position := v_position - 1;
          IF NOT EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND position = v_position AND id = (i->>'regenerates')::uuid) THEN
            RETURN jsonb_build_object('outcome', 'not_newest');
          END IF;
        ELSE
          v_position := v_position + 1;
        END IF;
      END IF;
      SELECT * INTO v_hold FROM hold_credits(p_tenant, v_run, v_user, i->'charge');
      IF v_hold.outcome = 'insufficient' THEN
        RETURN jsonb_build_object('outcome', 'insufficient', 'available', v_hold.available::text, 'granted', v_hold.granted, 'held', 0);
      END IF;
      INSERT INTO runs (tenant_id, id, user_id, conversation_id, position, answer_id, model, idempotency_key, request_hash)
        VALUES (p_tenant, v_run, v_user, v_conversation, v_position, (i->>'answer_id')::uuid, i->>'model', v_key, i->>'request_hash')
        ON CONFLICT DO NOTHING;
      -- Another request with the same key was faster by a moment: everything is undone and asked again, and then it is seen above.
      IF NOT FOUND THEN RAISE EXCEPTION 'a run with this key was opened meanwhile' USING ERRCODE = '40001'; END IF;
      IF v_conversation IS NOT NULL THEN
        IF v_question IS NOT NULL THEN
          INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, run_id, tokens, tokenizer)
            VALUES (p_tenant, v_conversation, v_position - 1, (v_question->>'id')::uuid, 'user', v_question->>'content', v_run,
                    (v_question->>'tokens')::int, v_question->>'tokenizer');
        END IF;
        UPDATE conversations SET revision = revision + 1, active_at = now(), next_position = v_position + 1
          WHERE tenant_id = p_tenant AND id = v_conversation;
      END IF;
      RETURN jsonb_build_object('outcome', 'opened', 'run_id', v_run, 'held', v_hold.held::text, 'granted', v_hold.granted);
    END $$`);
  await runner.query(`CALL stamp_runner_function('open_run(uuid, jsonb)', '')`);
}

async function openMany(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION open_runs(p jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      e record;
      v_tenant uuid;
      v_answer jsonb;
      v_answers jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(p)]);
      v_held int8 := 0;
      v_granted int8 := 0;
    BEGIN
      FOR e IN SELECT i, at, (i->>'tenant_id')::uuid AS tenant FROM jsonb_array_elements(p) WITH ORDINALITY AS x(i, at) ORDER BY i->>'tenant_id', i->>'user_id', at LOOP
        IF e.tenant IS DISTINCT FROM v_tenant THEN
          PERFORM fold_opened(v_tenant, v_held, v_granted);
          v_held := 0;
          v_granted := 0;
          v_tenant := e.tenant;
          PERFORM set_config('app.tenant_id', v_tenant::text, true);
        END IF;
        v_answer := open_run(v_tenant, e.i);
        v_held := v_held + coalesce((v_answer->>'held')::int8, 0);
        v_granted := v_granted + coalesce((v_answer->>'granted')::int8, 0);
        v_answers[e.at] := v_answer;
      END LOOP;
      PERFORM fold_opened(v_tenant, v_held, v_granted);
      RETURN to_jsonb(v_answers);
    END $$`);
  await runner.query(`CALL stamp_runner_function('open_runs(jsonb)', 'bailiao_app')`);
}

/**
 * Only the run's present generation may conclude it, and only once.
 * Outcomes: concluded | already | fenced | not_found.
 *
 * The row is named by its key alone: were the partial indexes usable too, a plan made while the table was empty
 * would read all open runs of the tenant for ever after.
 */
async function concludeOne(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_run(p_tenant uuid, i jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE
      v_run runs%ROWTYPE;
      v_content text := i->>'content';
      v_supersedes boolean;
      v_settled record;
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
      SELECT * INTO v_settled FROM settle_credits(p_tenant, v_run.id, i->'charge');
      RETURN jsonb_build_object('outcome', 'concluded', 'charged', v_settled.charged::text, 'balance', v_settled.balance::text,
        'released', v_settled.released, 'posted', v_settled.posted, 'revenue', v_settled.revenue);
    END $$`);
  await runner.query(`CALL stamp_runner_function('conclude_run(uuid, jsonb)', '')`);
}

async function concludeMany(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_runs(p jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      e record;
      v_tenant uuid;
      v_answer jsonb;
      v_answers jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(p)]);
      v_folds jsonb := '[]';
    BEGIN
      FOR e IN SELECT i, at, (i->>'tenant_id')::uuid AS tenant FROM jsonb_array_elements(p) WITH ORDINALITY AS x(i, at) ORDER BY i->>'tenant_id', i->>'user_id', at LOOP
        IF e.tenant IS DISTINCT FROM v_tenant THEN
          IF v_folds <> '[]' THEN PERFORM fold_shards(v_tenant, v_folds); END IF;
          v_folds := '[]';
          v_tenant := e.tenant;
          PERFORM set_config('app.tenant_id', v_tenant::text, true);
        END IF;
        v_answer := conclude_run(v_tenant, e.i);
        IF (v_answer->>'released')::int8 > 0 OR (v_answer->>'posted')::int8 > 0 THEN
          v_folds := v_folds || jsonb_build_object('id', v_answer->'revenue', 'kind', 'revenue', 'debits_posted', 0,
            'credits_pending', -(v_answer->>'released')::int8, 'credits_posted', v_answer->'posted');
        END IF;
        v_answers[e.at] := v_answer;
      END LOOP;
      IF v_folds <> '[]' THEN PERFORM fold_shards(v_tenant, v_folds); END IF;
      RETURN to_jsonb(v_answers);
    END $$`);
  await runner.query(`CALL stamp_runner_function('conclude_runs(jsonb)', 'bailiao_app')`);
}
