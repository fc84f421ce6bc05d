import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateChat1763600003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createConversations(runner);
    await createMessages(runner);
    await createRuns(runner);
    await createOpenRun(runner);
    await createConcludeRun(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await runner.query('DROP FUNCTION open_run(uuid, jsonb)');
    for (const table of ['runs', 'messages', 'conversations']) await runner.query(`DROP TABLE ${table}`);
  }
}

/** `revision` grows with every change of what a prompt is made of, so that a cached history can be checked in the statement that opens a run. */
async function createConversations(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE conversations (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      title text CHECK (length(title) BETWEEN 1 AND 120),
      model text NOT NULL,
      system_prompt text CHECK (length(system_prompt) <= 16000),
      revision int NOT NULL DEFAULT 1,
      next_position int NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      active_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, user_id) REFERENCES users
    )`);
  await runner.query('CREATE INDEX conversations_by_activity ON conversations (tenant_id, user_id, active_at DESC, id DESC)');
  await runner.query(`CALL stamp_tenant_table('conversations', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
}

/** A question stands at an odd position, its answers (the active one and superseded alternatives) at the next even one. */
async function createMessages(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE messages (
      tenant_id uuid NOT NULL,
      conversation_id uuid NOT NULL,
      position int NOT NULL,
      id uuid NOT NULL,
      role text NOT NULL CHECK (role IN ('user', 'assistant')),
      content text NOT NULL,
      state text NOT NULL DEFAULT 'complete' CHECK (state IN ('complete', 'stopped', 'failed', 'refused')),
      superseded boolean NOT NULL DEFAULT false,
      run_id uuid,
      model text,
      finish_reason text,
      error_code text,
      tokens int NOT NULL,
      tokenizer text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, conversation_id, position, id),
      CONSTRAINT messages_id_key UNIQUE (tenant_id, id),
      FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
    )`);
  await runner.query(`CALL stamp_tenant_table('messages', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
}

async function createRuns(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE runs (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      user_id uuid NOT NULL,
      conversation_id uuid,
      position int,
      answer_id uuid NOT NULL,
      model text NOT NULL,
      state text NOT NULL DEFAULT 'opened' CHECK (state IN ('opened', 'finished', 'stopped', 'refused', 'failed')),
      generation int NOT NULL DEFAULT 1,
      finish_reason text,
      error_code text,
      prompt_tokens int,
      completion_tokens int,
      usage_source text CHECK (usage_source IN ('upstream', 'counted')),
      idempotency_key text,
      request_hash text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      concluded_at timestamptz,
      PRIMARY KEY (tenant_id, id),
      CHECK ((state = 'opened') = (concluded_at IS NULL))
    )`);
  await runner.query(`CREATE UNIQUE INDEX runs_one_open ON runs (tenant_id, conversation_id) WHERE state = 'opened' AND conversation_id IS NOT NULL`);
  await runner.query('CREATE UNIQUE INDEX runs_idempotency ON runs (tenant_id, user_id, idempotency_key) WHERE idempotency_key IS NOT NULL');
  await runner.query(`CREATE INDEX runs_open ON runs (created_at) WHERE state = 'opened'`);
  await runner.query(`CALL stamp_tenant_table('runs', 'SELECT, INSERT, UPDATE', 'SELECT')`);
}

/**
 * Stage 5 of a message's way, in one round trip: checks the owner and the
 * revision that the prompt was made from, opens the run (one per conversation,
 * one per idempotency key), stores the question.
 * Outcomes: opened | repeated | busy | stale | not_found | not_newest.
 */
export async function createOpenRun(runner: QueryRunner): Promise<void> {
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
    BEGIN
      PERFORM set_config('app.tenant_id', p_tenant::text, true);
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
      INSERT INTO runs (tenant_id, id, user_id, conversation_id, position, answer_id, model, idempotency_key, request_hash)
        VALUES (p_tenant, v_run, v_user, v_conversation, v_position, (i->>'answer_id')::uuid, i->>'model', v_key, i->>'request_hash')
        ON CONFLICT DO NOTHING;
      IF NOT FOUND THEN
        SELECT * INTO v_prior FROM runs WHERE tenant_id = p_tenant AND user_id = v_user AND idempotency_key = v_key;
        IF FOUND THEN
          RETURN jsonb_build_object('outcome', 'repeated', 'same', v_prior.request_hash = i->>'request_hash', 'run_id', v_prior.id);
        END IF;
        RETURN jsonb_build_object('outcome', 'busy');
      END IF;
      IF v_conversation IS NOT NULL THEN
        IF v_question IS NOT NULL THEN
          INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, run_id, tokens, tokenizer)
            VALUES (p_tenant, v_conversation, v_position - 1, (v_question->>'id')::uuid, 'user', v_question->>'content', v_run,
                    (v_question->>'tokens')::int, v_question->>'tokenizer');
        END IF;
        UPDATE conversations SET revision = revision + 1, active_at = now(), next_position = v_position + 1
          WHERE tenant_id = p_tenant AND id = v_conversation;
      END IF;
      RETURN jsonb_build_object('outcome', 'opened', 'run_id', v_run);
    END $$`);
  await runner.query('REVOKE ALL ON FUNCTION open_run(uuid, jsonb) FROM PUBLIC');
  await runner.query('GRANT EXECUTE ON FUNCTION open_run(uuid, jsonb) TO bailiao_app');
}

/**
 * Stage 11, the only way out of a run, in one round trip. Only the run's
 * present generation may conclude it, and only once.
 * Outcomes: concluded | already | fenced | not_found.
 *
 * The row is named by its key alone: were the partial indexes usable too, a plan made while the table was empty
 * would read all open runs of the tenant for ever after.
 */
export async function createConcludeRun(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_run(p_tenant uuid, i jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE
      v_run runs%ROWTYPE;
      v_content text := i->>'content';
      v_supersedes boolean;
    BEGIN
      PERFORM set_config('app.tenant_id', p_tenant::text, true);
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
  await runner.query('REVOKE ALL ON FUNCTION conclude_run(uuid, jsonb) FROM PUBLIC');
  await runner.query('GRANT EXECUTE ON FUNCTION conclude_run(uuid, jsonb) TO bailiao_app');
}
