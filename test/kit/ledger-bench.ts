import pg from 'pg';
import { inject } from 'vitest';
import { urlForRole } from '../../src/platform/config/database-roles.js';
import { Database } from '../../src/platform/database/database.js';
import { makeDataSource } from '../../src/platform/database/data-source.js';
import type { Stage } from '../../src/platform/rehearsal/index.js';
import { TEMPLATE } from './servers.js';

let used = 0;

/** A database of its own with the whole schema and no platform on it: for tests that speak to the ledger itself, as the app's role. */
export class LedgerBench {
  private constructor(readonly url: string, readonly database: Database, private readonly owner: pg.Pool, private readonly name: string, private readonly serverUrl: string) {}

  /** @param entities of the repositories under test; the ledger needs none */
  static async open(entities: Parameters<typeof makeDataSource>[3] = [], stage?: Stage): Promise<LedgerBench> {
    const servers = inject('servers');
    used += 1;
    const name = `ledger_${process.pid}_${used}`;
    await onServer(servers.databaseUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    const url = new URL(servers.databaseUrl);
    url.pathname = `/${name}`;
    const key = Buffer.from(servers.masterKey, 'base64');
    const sources = (['bailiao_app', 'bailiao_platform'] as const).map((role) => makeDataSource(urlForRole(url.toString(), key, role), role, 8, entities));
    const [app, platform] = await Promise.all(sources.map((source) => source.initialize()));
    if (app === undefined || platform === undefined) throw new Error('no data source');
    const owner = new pg.Pool({ connectionString: url.toString(), max: 4 });
    // Dropping the database cuts off connections that are still taking their leave; a query that fails says so itself.
    owner.on('connect', (client) => client.on('error', () => undefined));
    return new LedgerBench(url.toString(), new Database(app, platform, stage), owner, name, servers.databaseUrl);
  }

  /** The address of a role of the app. */
  urlFor(role: 'bailiao_app' | 'bailiao_platform'): string {
    return urlForRole(this.url, Buffer.from(inject('servers').masterKey, 'base64'), role);
  }

  /** SQL as the owner of the tables. */
  async sql<Row extends pg.QueryResultRow>(text: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.owner.query<Row>(text, parameters)).rows;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.owner.end();
    await onServer(this.serverUrl, `DROP DATABASE ${this.name} WITH (FORCE)`);
  }
}

async function onServer(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
