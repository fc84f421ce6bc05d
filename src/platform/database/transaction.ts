import type { PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { isId } from '../values/index.js';

/** What a transaction may do, for whom, and what becomes of it. */
export interface TransactionKind {
  /** `read`: PostgreSQL refuses writes, and nobody waits for the end. */
  readonly access: 'read' | 'write';
  /** Whose rows row-level security shows; undefined: the role's own policies decide. */
  readonly tenantId?: string;
  /** `undo`: what was written in a rehearsal. Committed unless told. */
  readonly end?: 'commit' | 'undo';
}

/**
 * Runs `work` in a transaction of a connection of its own. Connections are in pg's pipeline mode: the begin travels with
 * the first query of `work` and is not waited for by itself, which leaves two round trips for a write of one statement and
 * one for a read.
 * Errors: those of `work`, else the driver's; a commit that PostgreSQL turned into a rollback (a failure inside that `work` swallowed).
 */
export async function transact<T>(source: DataSource, kind: TransactionKind, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    const client = (await runner.connect()) as PoolClient;
    const begun = client.query(beginning(kind));
    // Told below: until then a failure of it shows itself in the queries behind it.
    begun.catch(() => undefined);
    // TypeORM's entity managers begin no transaction of their own within one.
    (runner as { isTransactionActive: boolean }).isTransactionActive = true;
    const result = await settled(client, begun, () => work(runner));
    if (kind.end === 'undo') await client.query('ROLLBACK');
    else if (kind.access === 'read') client.query('COMMIT').catch(() => undefined);
    else if ((await client.query('COMMIT')).command !== 'COMMIT') throw new Error('a transaction was rolled back at its commit: a statement in it had failed');
    return result;
  } finally {
    await runner.release();
  }
}

/** What `work` gives. When it fails everything is rolled back, and a beginning that failed is named in its place. */
async function settled<T>(client: PoolClient, begun: Promise<unknown>, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await begun;
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    await begun;
    throw error;
  }
}

/** One message: a tenant's id has a fixed form, so it can stand in the text. */
function beginning({ access, tenantId }: TransactionKind): string {
  const begin = access === 'read' ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION';
  if (tenantId === undefined) return begin;
  return `${begin}; SET LOCAL app.tenant_id = '${checkedTenant(tenantId)}'`;
}

/** @throws Error for what is no tenant's id: it must not reach a statement. */
export function checkedTenant(tenantId: string): string {
  if (!isId(tenantId)) throw new Error('a context without a tenant reached the tenant door');
  return tenantId;
}
