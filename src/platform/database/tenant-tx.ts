import type { EntityManager, QueryRunner } from 'typeorm';
import type { PlatformContext, RequestContext } from '../context/index.js';

/**
 * A transaction of one tenant. A method that takes it joins the caller's
 * transaction. Only `Database.inTenant` makes one, after the tenant was set
 * for row-level security.
 */
export interface TenantTx {
  readonly ctx: RequestContext;
  readonly manager: EntityManager;
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A transaction of platform-wide work. Only `Database.inPlatform` makes one; grep for it to audit. */
export interface PlatformTx {
  readonly ctx: PlatformContext;
  readonly manager: EntityManager;
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

export function openTx<C>(ctx: C, runner: QueryRunner): { ctx: C; manager: EntityManager; query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]> } {
  return {
    ctx,
    manager: runner.manager,
    query: async <Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> => rowsOf<Row>(await runner.query(sql, [...parameters])),
  };
}

/** TypeORM answers rows for SELECT and `[rows, count]` for UPDATE and DELETE. */
function rowsOf<Row>(answer: unknown): readonly Row[] {
  if (!Array.isArray(answer)) return [];
  if (answer.length === 2 && Array.isArray(answer[0]) && typeof answer[1] === 'number') return answer[0] as Row[];
  return answer as Row[];
}
