import type { MigrationInterface, QueryRunner } from 'typeorm';
import { concludeUnjudged } from './1764000023000-withhold-unjudged.js';

/** The words of a question that was taken out when it was asked again, or meanwhile, are no title any more, and become none. */
export class WithholdTitles1764000025000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await concludeWithTitles(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION conclude_run(uuid, jsonb)');
    await concludeUnjudged(runner);
  }
}

/**
 * As before, and `withheld_title`: goes with the question that `withhold_question` takes out. `asked_again`: somebody may
 * have taken the question out meanwhile, so that it gives a title only where it stands; it is read once the conversation
 * is locked, as who takes it out locks it first. A first run's question nobody takes out before the run is over.
 */
export async function concludeWithTitles(runner: QueryRunner): Promise<void> {
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
        UPDATE conversations SET revision = revision + 1, active_at = now(), title = CASE WHEN (i->>'asked_again')::boolean THEN title ELSE coalesce(title, i->>'title') END
          WHERE tenant_id = p_tenant AND id = v_run.conversation_id;
        IF FOUND THEN
          v_supersedes := v_content <> '' OR NOT EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant
            AND conversation_id = v_run.conversation_id AND position = v_run.position AND NOT superseded);
          IF (i->>'withhold_question')::boolean THEN
            UPDATE messages SET content = '', tokens = 0, state = 'refused' WHERE tenant_id = p_tenant
              AND conversation_id = v_run.conversation_id AND position = v_run.position - 1;
            UPDATE conversations SET title = NULL
              WHERE tenant_id = p_tenant AND id = v_run.conversation_id AND title = i->>'withheld_title';
          ELSIF i->>'question' = 'unjudged' AND NOT EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant
              AND conversation_id = v_run.conversation_id AND position = v_run.position) THEN
            UPDATE messages SET state = 'unjudged' WHERE tenant_id = p_tenant
              AND conversation_id = v_run.conversation_id AND position = v_run.position - 1 AND state = 'complete';
          ELSIF i->>'question' = 'judged' THEN
            UPDATE messages SET state = 'complete' WHERE tenant_id = p_tenant
              AND conversation_id = v_run.conversation_id AND position = v_run.position - 1 AND state = 'unjudged';
          END IF;
          IF (i->>'asked_again')::boolean AND i->>'title' IS NOT NULL THEN
            UPDATE conversations SET title = i->>'title'
              WHERE tenant_id = p_tenant AND id = v_run.conversation_id AND title IS NULL AND EXISTS (SELECT 1 FROM messages WHERE tenant_id = p_tenant
                AND conversation_id = v_run.conversation_id AND position = v_run.position - 1 AND role = 'user' AND state = 'complete');
          END IF;
          IF v_supersedes THEN
            UPDATE messages SET superseded = true WHERE tenant_id = p_tenant AND conversation_id = v_run.conversation_id
              AND position = v_run.position AND NOT superseded;
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
