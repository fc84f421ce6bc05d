import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { PlatformContext, RequestContext } from '../context/index.js';
import type { Stage } from '../rehearsal/index.js';
import { GroupedCall } from './grouped-call.js';
import { openTx, type PlatformTx, type TenantTx } from './tenant-tx.js';
import { checkedTenant, transact } from './transaction.js';
import { retryTransaction } from './transaction-retry.js';
import { withClient } from './with-client.js';

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

  constructor(private readonly app: DataSource, private readonly platform: DataSource, private readonly stage?: Stage) {
    const pool = poolOf(app);
    this.grouped = { open_runs: new GroupedCall(pool, 'open_runs'), conclude_runs: new GroupedCall(pool, 'conclude_runs'), record_verdicts: new GroupedCall(pool, 'record_verdicts') };
  }

  /** Runs `work` in a transaction that sees and writes the rows of `ctx.tenantId` only. Retried whole on serialisation failure, so `work` must not talk to anybody else. */
  async inTenant<T>(ctx: RequestContext, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.tenantWork(ctx, 'write', work);
  }

  /** As `inTenant`, for work that only reads: with one query it is one round trip. Errors: a write in it is refused (SQLSTATE 25006). */
  async readTenant<T>(ctx: RequestContext, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.tenantWork(ctx, 'read', work);
  }

  /** Runs platform-wide `work` as a role with explicit policies of its own. For resolving tenants, staff, sweepers and audits only. */
  async inPlatform<T>(ctx: PlatformContext, work: (tx: PlatformTx) => Promise<T>): Promise<T> {
    return retryTransaction(() => transact(this.platform, { access: 'write' }, (runner) => work(openTx(ctx, runner))));
  }

  /** As `inPlatform`, for work that only reads, like `readTenant`. */
  async readPlatform<T>(ctx: PlatformContext, work: (tx: PlatformTx) => Promise<T>): Promise<T> {
    return retryTransaction(() => transact(this.platform, { access: 'read' }, (runner) => work(openTx(ctx, runner))));
  }

  /**
   * One of the writes that come with every message, each by a SQL function that takes the rows of many callers and
   * tenants at once, sets the tenant of each row itself, and is a transaction of its own.
   */
  async call<Answer>(ctx: Pick<RequestContext, 'tenantId'>, name: GroupedFunction, row: object): Promise<Answer> {
    const tenant_id = checkedTenant(ctx.tenantId);
    if (this.stage?.undoes(tenant_id)) return this.undone((client) => this.grouped[name].callIn<Answer>(client, { ...row, tenant_id }));
    return this.grouped[name].call<Answer>({ ...row, tenant_id });
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
    const tenant_id = checkedTenant(ctx.tenantId);
    const open = Math.max(WARM_CONNECTIONS, poolOf(this.app).totalCount);
    await Promise.all(Array.from({ length: open }, () => this.undone(async (client) => {
      await this.grouped.open_runs.callIn(client, { ...opened, tenant_id });
      await this.grouped.conclude_runs.callIn(client, { ...concluded, tenant_id });
    })));
  }

  /** Whether both roles are served. Bounded by the pool's timeouts. */
  async ping(): Promise<void> {
    await Promise.all([this.app.query('SELECT 1'), this.platform.query('SELECT 1')]);
  }

  async close(): Promise<void> {
    await Promise.all([this.app.destroy(), this.platform.destroy()]);
  }

  private async tenantWork<T>(ctx: RequestContext, access: 'read' | 'write', work: (tx: TenantTx) => Promise<T>): Promise<T> {
    const { tenantId } = ctx;
    const end = this.stage?.undoes(tenantId) ? 'undo' : 'commit';
    return retryTransaction(() => transact(this.app, { access, tenantId, end }, (runner) => work(openTx(ctx, runner))));
  }

  /** Work on a connection of its own, of which nothing stays. */
  private async undone<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(poolOf(this.app), async (client) => {
      await client.query('BEGIN');
      try {
        return await work(client);
      } finally {
        await client.query('ROLLBACK');
      }
    });
  }
}

/** The pool beneath a data source: TypeORM knows no prepared statements. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { readonly master: Pool }).master;
}
