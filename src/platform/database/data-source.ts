import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';

export type EntityList = readonly EntityTarget<ObjectLiteral>[];

/**
 * A connection pool of one role. Waiting for a connection is bounded by 2 s,
 * a statement by 10 s unless told, so that a slow database makes errors and not a pile-up.
 */
export function makeDataSource(url: string, name: string, poolSize: number, entities: EntityList, statementMs = 10_000): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: `bailiao ${name}`,
    entities: [...entities] as never[],
    poolSize,
    connectTimeoutMS: 2_000,
    synchronize: false,
    migrationsRun: false,
    logging: false,
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    installExtensions: false,
    // With pipelining a query is sent while those before it are under way: a transaction's begin travels with its first query.
    extra: { pipeline: true, statement_timeout: statementMs, query_timeout: statementMs + 2_000, idle_in_transaction_session_timeout: 15_000, keepAlive: true, idleTimeoutMillis: 60_000 },
    // A connection that breaks while it lies idle in the pool is replaced at its next use; without a handler the process would end.
    poolErrorHandler: () => undefined,
  });
}
