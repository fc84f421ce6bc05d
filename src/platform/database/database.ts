import type { Pool } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import type { PlatformContext, RequestContext } from '../context/index.js';
import { isId } from '../values/index.js';
import { GroupedCall } from './grouped-call.js';
import { openTx, type PlatformTx, type TenantTx } from './tenant-tx.js';
import { retryTransaction } from './transaction-retry.js';

/** Two groups run at once, and reads go beside them. */
const WARM_CONNECTIONS = 2;

/** SQL functions that take the rows of many callers and tenants at once. */
type GroupedFunction = 'open_runs' | 'conclude_runs' | 'record_verdicts';

/**
 * The one door to PostgreSQL.
 * Errors: the driver's; the error filter turns those of an absent server into `unavailable`.
 */
export class Database {
  private readonly grouped: Readonly<Record<GroupedFunction, GroupedCall>>;

  constructor(private readonly app: DataSource, private readonly platform: DataSource) {
    const pool = poolOf(app);
    this.grouped = { open_runs: new GroupedCall(pool, 'open_runs'), conclude_runs: new GroupedCall(pool, 'conclude_runs'), record_verdicts: new GroupedCall(pool, 'record_verdicts') };
  }

  /** Runs `work` in a transaction that sees and writes the rows of `ctx.tenantId` only. Retried whole on serialisation failure, so `work` must not talk to anybody else. */
  async inTenant<T>(ctx: RequestContext, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    const tenantId = checkedTenant(ctx);
    return retryTransaction(() =>
      transact(this.app, async (runner) => {
        await runner.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId]);
        return work(openTx(ctx, runner));
      }),
    );
  }

  /** Runs platform-wide `work` as a role with explicit policies of its own. For resolving tenants, staff, sweepers and audits only. */
  async inPlatform<T>(ctx: PlatformContext, work: (tx: PlatformTx) => Promise<T>): Promise<T> {
    return retryTransaction(() => transact(this.platform, (runner) => work(openTx(ctx, runner))));
  }

  /**
   * One of the writes that come with every message, each by a SQL function that takes the rows of many callers and
   * tenants at once, sets the tenant of each row itself, and is a transaction of its own.
   */
  async call<Answer>(ctx: Pick<RequestContext, 'tenantId'>, name: GroupedFunction, row: object): Promise<Answer> {
    return this.grouped[name].call<Answer>({ ...row, tenant_id: checkedTenant(ctx) });
  }

  /** Opens connections and prepares the hot statements ahead of the first request. */
  async warm(): Promise<void> {
    for (const call of Object.values(this.grouped)) await call.warm(WARM_CONNECTIONS);
  }

  /**
   * Opens and concludes a run of nobody on the connections that the first requests will find, and undoes it: what the
   * two functions do inside is planned and compiled by then, which costs each connection tens of ms once.
   */
  async rehearse(ctx: RequestContext, opened: object, concluded: object): Promise<void> {
    const tenant_id = checkedTenant(ctx);
    const pool = poolOf(this.app);
    const clients = await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => pool.connect()));
    await Promise.all(clients.map(async (client) => {
      try {
        await client.query('BEGIN');
        await this.grouped.open_runs.callIn(client, { ...opened, tenant_id });
        await this.grouped.conclude_runs.callIn(client, { ...concluded, tenant_id });
      } finally {
        // A connection whose rollback fails is of no use to anybody.
        await client.query('ROLLBACK').then(() => client.release(), (error: Error) => client.release(error));
      }
    }));
  }

  /** Whether both roles are served. Bounded by the pool's timeouts. */
  async ping(): Promise<void> {
    await Promise.all([this.app.query('SELECT 1'), this.platform.query('SELECT 1')]);
  }

  async close(): Promise<void> {
    await Promise.all([this.app.destroy(), this.platform.destroy()]);
  }
}

/** The pool beneath a data source: TypeORM knows no prepared statements. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { readonly master: Pool }).master;
}

function checkedTenant(ctx: Pick<RequestContext, 'tenantId'>): string {
  if (!isId(ctx.tenantId)) throw new Error('a context without a tenant reached the tenant door');
  return ctx.tenantId;
}

async function transact<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction();
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
