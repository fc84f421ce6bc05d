import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The log of judgements, a partition for each month (UTC), and the log of who read its texts. Both only grow: no role of
 * the app may change a row, and rows go by functions alone that keep the least time the law asks for
 * (Cybersecurity Law, network logs: six months).
 */
export class CreateVerdicts1764000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createVerdicts(runner);
    await createPartitions(runner);
    await createWriting(runner);
    await createReads(runner);
    for (const months of [0, 1, 2]) await runner.query(`SELECT make_verdict_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1))::date)`, [months]);
    await allowRoles(runner, `'platform_admin', 'moderator'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM staff WHERE role = 'moderator'`);
    await allowRoles(runner, `'platform_admin'`);
    for (const name of ['expire_verdicts(uuid, timestamptz, int)', 'record_verdicts(jsonb)', 'drop_verdict_partition(date)', 'make_verdict_partition(date)']) await runner.query(`DROP FUNCTION ${name}`);
    await runner.query('DROP TABLE verdict_reads');
    await runner.query('DROP TABLE verdicts');
  }
}

/**
 * A clean pass keeps no text: its digest and length tell whether the same was judged before. `created_at` is the time inside `id` (UUID version 7), so an id names its row whole.
 * Words of closed lists have no CHECKs here: rows come by `record_verdicts` alone, several for each message, and CHECKs were a third of what a row costs.
 */
async function createVerdicts(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE verdicts (
      tenant_id uuid NOT NULL,
      created_at timestamptz(3) NOT NULL,
      id uuid NOT NULL,
      stage text NOT NULL,
      layer text NOT NULL,
      version text NOT NULL,
      asked text NOT NULL,
      action text NOT NULL,
      label text NOT NULL,
      score real,
      trace_id text,
      failure text,
      hit text,
      latency_ms int NOT NULL,
      cached boolean NOT NULL,
      shadow boolean NOT NULL,
      user_id uuid,
      conversation_id uuid,
      run_id uuid,
      message_id uuid,
      text_sha256 text NOT NULL,
      text_length int NOT NULL,
      text text,
      text_sealed text,
      PRIMARY KEY (tenant_id, created_at, id),
      CHECK (num_nonnulls(text, text_sealed) <= CASE WHEN asked = 'pass' AND failure IS NULL THEN 0 ELSE 1 END)
    ) PARTITION BY RANGE (created_at)`);
  await runner.query('CREATE INDEX verdicts_user ON verdicts (tenant_id, user_id, created_at DESC) WHERE user_id IS NOT NULL');
  await runner.query('CREATE INDEX verdicts_run ON verdicts (tenant_id, run_id) WHERE run_id IS NOT NULL');
  await runner.query(`CREATE INDEX verdicts_acted ON verdicts (tenant_id, action, created_at DESC) WHERE action <> 'pass'`);
  await runner.query(`CALL stamp_tenant_table('verdicts', 'SELECT', 'SELECT')`);
  await runner.query(`CALL stamp_runner_table('verdicts', 'SELECT, INSERT, DELETE')`);
}

/**
 * Making and dropping months. They run as the owner of the tables, which no process of the app may be, and so look
 * hard at their one argument: a month that is near, or one that is long over. A new month gets its policies before it
 * is attached; attaching locks out nobody who reads or writes.
 */
async function createPartitions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION make_verdict_partition(p_month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '3s' SET timezone = 'UTC' AS $$
    DECLARE
      v_name text := 'verdicts_' || to_char(p_month, 'YYYY_MM');
      v_this date := date_trunc('month', now())::date;
      v_next date := (p_month + interval '1 month')::date;
    BEGIN
      IF p_month IS NULL OR p_month <> date_trunc('month', p_month)::date OR p_month < v_this - interval '1 month' OR p_month > v_this + interval '3 months' THEN
        RAISE EXCEPTION 'not the first day of a month that is near' USING ERRCODE = '22023';
      END IF;
      IF to_regclass(v_name) IS NOT NULL THEN RETURN false; END IF;
      PERFORM pg_advisory_xact_lock(hashtextextended('verdict partitions', 0));
      IF to_regclass(v_name) IS NOT NULL THEN RETURN false; END IF;
      EXECUTE format('CREATE TABLE %I (LIKE verdicts INCLUDING ALL)', v_name);
      EXECUTE format('CALL stamp_tenant_table(%L, ''SELECT'', ''SELECT'')', v_name);
      EXECUTE format('ALTER TABLE verdicts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, p_month::timestamptz, v_next::timestamptz);
      RETURN true;
    END $$`);
  await runner.query(`
    CREATE FUNCTION drop_verdict_partition(p_month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '3s' SET timezone = 'UTC' AS $$
    DECLARE
      v_name text := 'verdicts_' || to_char(p_month, 'YYYY_MM');
    BEGIN
      IF p_month IS NULL OR p_month <> date_trunc('month', p_month)::date OR p_month + interval '1 month' > now() - interval '183 days' THEN
        RAISE EXCEPTION 'not the first day of a month that was over 183 days ago' USING ERRCODE = '22023';
      END IF;
      IF NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = 'verdicts'::regclass AND inhrelid = to_regclass(v_name)) THEN RETURN false; END IF;
      EXECUTE format('DROP TABLE %I', v_name);
      RETURN true;
    END $$`);
  for (const name of ['make_verdict_partition(date)', 'drop_verdict_partition(date)']) {
    await runner.query(`REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION ${name} TO bailiao_platform`);
  }
}

/** Writing the rows of many tenants in one statement, each under its own tenant's policy; and the end of a tenant's rows. Both as the narrow role `bailiao_runner`. */
async function createWriting(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION record_verdicts(p_rows jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      v_rows verdicts[] := ARRAY(SELECT r FROM jsonb_populate_recordset(NULL::verdicts, p_rows) AS r);
      v_tenant uuid;
    BEGIN
      FOR v_tenant IN SELECT DISTINCT r.tenant_id FROM unnest(v_rows) AS r ORDER BY 1 LOOP
        PERFORM set_config('app.tenant_id', v_tenant::text, true);
        INSERT INTO verdicts SELECT * FROM unnest(v_rows) AS r WHERE r.tenant_id = v_tenant ON CONFLICT DO NOTHING;
      END LOOP;
      RETURN (SELECT coalesce(jsonb_agg(true), '[]') FROM jsonb_array_elements(p_rows));
    END $$`);
  await runner.query(`CALL stamp_runner_function('record_verdicts(jsonb)', 'bailiao_app')`);
  await runner.query(`
    CREATE FUNCTION expire_verdicts(p_tenant uuid, p_before timestamptz, p_most int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      v_gone int;
    BEGIN
      IF p_tenant IS DISTINCT FROM current_tenant() THEN RAISE EXCEPTION 'the tenant of the transaction is another one' USING ERRCODE = '42501'; END IF;
      IF p_before IS NULL OR p_before > now() - interval '183 days' THEN RAISE EXCEPTION 'rows of the last 183 days stay' USING ERRCODE = '22023'; END IF;
      DELETE FROM verdicts WHERE tenant_id = p_tenant AND created_at < p_before AND (created_at, id) IN (
        SELECT created_at, id FROM verdicts WHERE tenant_id = p_tenant AND created_at < p_before ORDER BY created_at, id LIMIT p_most);
      GET DIAGNOSTICS v_gone = ROW_COUNT;
      RETURN v_gone;
    END $$`);
  await runner.query(`CALL stamp_runner_function('expire_verdicts(uuid, timestamptz, int)', 'bailiao_app')`);
}

/** Whose eyes a judged text was shown to. */
async function createReads(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE verdict_reads (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      staff_id uuid NOT NULL,
      verdict_id uuid NOT NULL,
      request_id text NOT NULL CHECK (length(request_id) <= 200),
      read_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant_id, id)
    )`);
  await runner.query(`CALL stamp_tenant_table('verdict_reads', 'SELECT, INSERT', 'SELECT')`);
}

async function allowRoles(runner: QueryRunner, roles: string): Promise<void> {
  await runner.query('ALTER TABLE staff DROP CONSTRAINT staff_role_check');
  await runner.query(`ALTER TABLE staff ADD CONSTRAINT staff_role_check CHECK (role IN (${roles}))`);
}
