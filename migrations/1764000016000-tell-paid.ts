import type { MigrationInterface, QueryRunner } from 'typeorm';
import { openMany } from './1763700002000-group-runs.js';

/** Opening a run tells whether its user had bought credits left, which the queue weighs; the pockets are locked and read there anyway. */
export class TellPaid1764000016000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION open_runs(jsonb)');
    await openTellingPaid(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION open_runs(jsonb)');
    await openMany(runner);
  }
}

/** As before, and: where the charge names the user's wallet, the answer's `paid` says whether anything bought was free in it before the hold. */
export async function openTellingPaid(runner: QueryRunner): Promise<void> {
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
      v_paid boolean;
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
        v_paid := coalesce(v_pockets.free[array_position(v_pockets.ids, (e.i->'charge'->>'wallet_id')::uuid)] > 0, false);
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
        v_answers[e.at] := jsonb_build_object('outcome', 'opened', 'run_id', v_run, 'held', (v_hold.charge).held::text, 'granted', v_grant, 'paid', v_paid);
      END LOOP;
      PERFORM write_opened(v_tenant, v_pockets, v_transfers, v_charges, v_held, v_granted);
      RETURN to_jsonb(v_answers);
    END $$`);
  await runner.query(`CALL stamp_runner_function('open_runs(jsonb)', 'bailiao_app')`);
}
