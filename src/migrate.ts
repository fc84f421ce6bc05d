import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../migrations/index.js';
import { ConfigurationError, readMigrationConfig } from './platform/config/index.js';
import { prepareRoles } from './platform/database/index.js';

/** `npm run migrate [up|down|down-all|status]`: brings the schema to this build's, as the owner of the tables. */
const LOCK = 7_220_115;

async function main(direction: string): Promise<void> {
  const config = readMigrationConfig(process.env);
  const source = new DataSource({ type: 'postgres', url: config.ownerUrl, migrations: [...MIGRATIONS], migrationsTableName: 'migrations', connectTimeoutMS: 5_000, applicationName: 'bailiao migrate', installExtensions: false });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    // Two migrations at once would both see the same ones missing; roles belong to the whole server.
    await lock.query('SELECT pg_advisory_lock($1)', [LOCK]);
    if (direction === 'up') {
      await prepareRoles(lock, config.masterKey);
      const done = await source.runMigrations({ transaction: 'each' });
      report(done.length === 0 ? 'schema is up to date' : [...done.map((migration) => `applied ${migration.name}`), `migrations applied: ${done.length}`].join('\n'));
    } else if (direction === 'down') {
      await source.undoLastMigration({ transaction: 'each' });
      report('undid the last migration');
    } else if (direction === 'down-all') {
      const count = (await lock.query('SELECT count(*)::int AS count FROM migrations') as { count: number }[])[0]?.count ?? 0;
      for (let undone = 0; undone < count; undone += 1) await source.undoLastMigration({ transaction: 'each' });
      report(`undid ${count} migrations`);
    } else if (direction === 'status') {
      report((await source.showMigrations()) ? 'migrations are waiting' : 'schema is up to date');
    } else {
      throw new ConfigurationError([`the command takes up, down, down-all or status, not this`]);
    }
  } finally {
    await lock.release();
    await source.destroy();
  }
}

function report(text: string): void {
  process.stdout.write(`${text}\n`);
}

main(process.argv[2] ?? 'up').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'migration failed'}\n`);
  process.exitCode = 1;
});
