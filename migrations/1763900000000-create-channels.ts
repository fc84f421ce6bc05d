import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What both kinds of channels have. `models` lists `{model, upstream_name, price?: {input, cached_input, output}}`; prices are micro-yuan per 1,000 tokens. */
const CHANNEL = `
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  kind text NOT NULL CHECK (kind IN ('openai', 'local')),
  base_url text NOT NULL CHECK (length(base_url) BETWEEN 1 AND 500),
  sealed_key text,
  proxy_url text CHECK (length(proxy_url) BETWEEN 1 AND 500),
  region text CHECK (length(region) BETWEEN 1 AND 40),
  tags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 20),
  models jsonb NOT NULL CHECK (
    jsonb_typeof(models) = 'array' AND jsonb_array_length(models) BETWEEN 1 AND 200
    AND jsonb_array_length(models) = jsonb_array_length(jsonb_path_query_array(models, '$[*] ? (
      @.model like_regex "^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$" && @.upstream_name like_regex "^.{1,200}$"
      && (!exists(@.price) || (@.price.input >= 0 && @.price.cached_input >= 0 && @.price.output >= 0)))'))),
  requests_per_minute int CHECK (requests_per_minute > 0),
  tokens_per_minute int8 CHECK (tokens_per_minute > 0),
  max_concurrent int CHECK (max_concurrent > 0),
  priority int NOT NULL CHECK (priority BETWEEN 0 AND 1000),
  weight int NOT NULL CHECK (weight BETWEEN 1 AND 1000),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
  state_reason text CHECK (length(state_reason) BETWEEN 1 AND 200),
  state_changed_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CHECK (state = 'disabled' OR state_reason IS NULL)`;

/** The ways to the models: the platform's own, and those of tenants that bring their key. Two tables, so that the database keeps the second kind apart by itself. */
export class CreateChannels1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE models (
        name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$'),
        context_window int NOT NULL CHECK (context_window BETWEEN 100 AND 99999999),
        max_answer_tokens int NOT NULL CHECK (max_answer_tokens BETWEEN 1 AND 9999999),
        tokenizer text CHECK (tokenizer IN ('o200k_base', 'cl100k_base')),
        enabled boolean NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CHECK (max_answer_tokens < context_window)
      )`);
    await runner.query(`CALL stamp_platform_table('models', 'SELECT, INSERT, UPDATE, DELETE')`);
    await runner.query(`CREATE TABLE channels (id uuid PRIMARY KEY, ${CHANNEL}, CONSTRAINT channels_name_key UNIQUE (name))`);
    await runner.query(`CALL stamp_platform_table('channels', 'SELECT, INSERT, UPDATE, DELETE')`);
    await runner.query(`
      CREATE TABLE tenant_channels (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL, ${CHANNEL},
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT tenant_channels_name_key UNIQUE (tenant_id, name)
      )`);
    // The platform's role reads them all for the directory, disables one whose key is dead, and seals keys anew.
    await runner.query(`CALL stamp_tenant_table('tenant_channels', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, UPDATE')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tenant_channels', 'channels', 'models']) await runner.query(`DROP TABLE ${table}`);
  }
}
