import type { MigrationInterface, QueryRunner } from 'typeorm';
import { concludeWithholding } from './1764000005000-withhold-texts.js';

/**
 * A run says which channel answered it and what that cost at the upstream, in millionths of a yuan; null where nobody
 * knows. What reports read is found by a BRIN index on the time: kept for blocks, not for rows, it is some kB large and
 * touched by no insert but the first into a block.
 */
export class CostOfRuns1764000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A domain, not a check of the table: an update of a hot table parses those anew in every statement.
    await runner.query('CREATE DOMAIN micro_cny AS int8 CHECK (VALUE >= 0)');
    await runner.query('ALTER TABLE runs ADD COLUMN channel_id uuid, ADD COLUMN upstream_cost_micro_cny micro_cny');
    // Rows of runs that were over long ago may lie in the place of erased ones: several ranges a block keep those from widening one.
    for (const table of ['runs', 'charges']) await runner.query(`CREATE INDEX ${table}_by_time ON ${table} USING brin (created_at timestamptz_minmax_multi_ops) WITH (pages_per_range = 32, autosummarize = on)`);
    await runner.query(`CREATE STATISTICS runs_days ON (date_bin('1 day', created_at, '2020-01-01 00:00:00+08'::timestamptz)) FROM runs`);
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await concludeWithCost(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await concludeWithholding(runner);
    await runner.query('DROP STATISTICS runs_days');
    for (const table of ['charges', 'runs']) await runner.query(`DROP INDEX ${table}_by_time`);
    await runner.query('ALTER TABLE runs DROP COLUMN upstream_cost_micro_cny, DROP COLUMN channel_id');
    await runner.query('DROP DOMAIN micro_cny');
  }
}

/** As before, and: `channel_id` and `upstream_cost_micro_cny` where they are known. */
export async function concludeWithCost(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION conclude_run(p_tenant uuid, i jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE
      v_run runs%ROWTYPE;
      v_content text := i->>'content';
      v_supersedes boolean;
    BEGIN
      UPDATE runs SET state = i->>'state', finish_reason = i->>'finish_reason', error_code = i->>'error_code',
          prompt_tokens = (i->>'prompt_tokens')::int, completion_tokens = (i->>'completion_tokens')::int,
          usage_source = i->>'usage_source', channel_id = (i->>'channel_id')::uuid, upstream_cost_micro_cny = (i->>'upstream_cost_micro_cny')::int8, concluded_at = now()
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
          IF (i->>'withhold_question')::boolean THEN
            UPDATE messages SET content = '', tokens = 0, state = 'refused' WHERE tenant_id = p_tenant
              AND conversation_id = v_run.conversation_id AND position = v_run.position - 1;
          END IF;
          INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, state, superseded, run_id, model, finish_reason, error_code, tokens, tokenizer)
            VALUES (p_tenant, v_run.conversation_id, v_run.position, v_run.answer_id, 'assistant', v_content,
                    coalesce(i->>'answer_state', CASE i->>'state' WHEN 'finished' THEN 'complete' ELSE i->>'state' END), NOT v_supersedes, v_run.id, v_run.model,
                    i->>'finish_reason', i->>'error_code', (i->>'answer_tokens')::int, i->>'tokenizer');
        END IF;
      END IF;
      RETURN jsonb_build_object('outcome', 'concluded');
    END $$`);
  await runner.query(`CALL stamp_runner_function('conclude_run(uuid, jsonb)', '')`);
}
