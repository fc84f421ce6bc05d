import type { MigrationInterface, QueryRunner } from 'typeorm';

const SEVERITIES = `('low', 'medium', 'high')`;
const ACTIONS = `('label', 'review', 'mask', 'answer', 'block')`;

/** `version` grows with every change of the list or of a word in it; `word_count` is kept with the words, under the list's lock. */
const LIST = `
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  category text NOT NULL CHECK (length(category) BETWEEN 1 AND 40),
  severity text NOT NULL CHECK (severity IN ${SEVERITIES}),
  action text NOT NULL CHECK (action IN ${ACTIONS}),
  enabled boolean NOT NULL,
  version int8 NOT NULL DEFAULT 1 CHECK (version > 0),
  word_count int NOT NULL DEFAULT 0 CHECK (word_count >= 0),
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()`;

/** What is null holds as its list says. */
const WORD = `
  list_id uuid NOT NULL,
  id uuid NOT NULL,
  text text NOT NULL CHECK (length(text) BETWEEN 1 AND 100),
  kind text NOT NULL CHECK (kind IN ('word', 'allow')),
  category text CHECK (length(category) BETWEEN 1 AND 40),
  severity text CHECK (severity IN ${SEVERITIES}),
  action text CHECK (action IN ${ACTIONS}),
  reply text CHECK (length(reply) BETWEEN 1 AND 500),
  pinyin boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()`;

/** The lists of words that texts are searched for: the platform's, which hold for every tenant, and the tenants' own. Two pairs of tables, so that the database keeps the second kind apart by itself. */
export class CreateWordLists1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE word_lists (id uuid PRIMARY KEY, ${LIST}, CONSTRAINT word_lists_name_key UNIQUE (name))`);
    await runner.query(`CALL stamp_platform_table('word_lists', 'SELECT, INSERT, UPDATE, DELETE')`);
    await runner.query(`
      CREATE TABLE words (${WORD},
        PRIMARY KEY (list_id, id),
        CONSTRAINT words_text_key UNIQUE (list_id, text),
        FOREIGN KEY (list_id) REFERENCES word_lists ON DELETE CASCADE
      )`);
    await runner.query(`CALL stamp_platform_table('words', 'SELECT, INSERT, UPDATE, DELETE')`);
    await runner.query(`
      CREATE TABLE tenant_word_lists (
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL, ${LIST},
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT tenant_word_lists_name_key UNIQUE (tenant_id, name)
      )`);
    // The platform's role reads which versions hold, of all tenants at once.
    await runner.query(`CALL stamp_tenant_table('tenant_word_lists', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
    await runner.query(`
      CREATE TABLE tenant_words (tenant_id uuid NOT NULL, ${WORD},
        PRIMARY KEY (tenant_id, list_id, id),
        CONSTRAINT tenant_words_text_key UNIQUE (tenant_id, list_id, text),
        FOREIGN KEY (tenant_id, list_id) REFERENCES tenant_word_lists ON DELETE CASCADE
      )`);
    await runner.query(`CALL stamp_tenant_table('tenant_words', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tenant_words', 'tenant_word_lists', 'words', 'word_lists']) await runner.query(`DROP TABLE ${table}`);
  }
}
