import type { DataSource } from 'typeorm';

/** The schema is not the one that this build was made for. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/**
 * Refuses to run on a schema that lacks a migration of this build. A schema that is ahead is accepted: the
 * release before runs beside the next one during a roll-out.
 * @throws SchemaError that says what to do.
 */
export async function checkSchema(source: DataSource, expected: readonly string[]): Promise<void> {
  const done = await source.query<{ name: string }[]>('SELECT name FROM migrations').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === '42P01') return [];
    throw error;
  });
  const names = new Set(done.map((row) => row.name));
  const missing = expected.filter((name) => !names.has(name));
  if (missing.length > 0) throw new SchemaError(`The database lacks ${missing.length} migration(s), first ${missing[0]}. Run "npm run migrate" with DATABASE_URL set to the owner of the tables.`);
}
