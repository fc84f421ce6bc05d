import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { ID, decodeCursor, pageOf, type Page } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { actingUserId } from '../../identity/index.js';
import { GrantService } from '../grants/grant.service.js';
import { WalletRepository } from './wallet.repository.js';
import type { After, UsageRow, Wallet, WalletTransfer } from './wallet.js';
import { transferLines, usageLines } from './wallet-csv.js';

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Rows that an export reads at once. */
const EXPORT_PAGE = 500;

type Read<Row> = (tx: TenantTx, userId: string, after: After | undefined, limit: number) => Promise<readonly Row[]>;

/** What a user has, and where it went. */
@Injectable()
export class WalletService {
  constructor(
    private readonly database: Database,
    private readonly repository: WalletRepository,
    private readonly grants: GrantService,
    private readonly tenants: TenantService,
  ) {}

  /** The caller's wallet; free credits that are due arrive with the look at it. */
  async read(ctx: RequestContext): Promise<Wallet> {
    const userId = actingUserId(ctx);
    const grants = await this.grants.due(ctx.tenantId, userId);
    const pockets = await this.database.inTenant(ctx, async (tx) => {
      await this.repository.grant(tx, userId, grants);
      return this.repository.pockets(tx, userId);
    });
    this.grants.remember(ctx.tenantId, userId, grants);
    const { lowBalanceCredits } = await this.tenants.settingsOf(ctx.tenantId);
    const balance = pockets.reduce((sum, pocket) => sum + pocket.free, 0n);
    return {
      balance,
      held: pockets.reduce((sum, pocket) => sum + pocket.held, 0n),
      expiring: pockets.flatMap((pocket) => (pocket.expiresAt === undefined || pocket.free === 0n ? [] : [{ credits: pocket.free, expiresAt: pocket.expiresAt }])),
      low: balance < BigInt(lowBalanceCredits),
    };
  }

  /** @throws invalid_request (param cursor) */
  async transfers(ctx: RequestContext, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<WalletTransfer>> {
    return this.page(ctx, page, this.repository.transfers.bind(this.repository), (row) => [row.at.toISOString(), row.id]);
  }

  /** @throws invalid_request (param cursor) */
  async usage(ctx: RequestContext, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<UsageRow>> {
    return this.page(ctx, page, await this.usageReader(ctx), (row) => [row.at.toISOString(), row.runId]);
  }

  /** All transfers as the lines of a CSV file. */
  exportTransfers(ctx: RequestContext): AsyncGenerator<string> {
    return transferLines(this.all(ctx, this.repository.transfers.bind(this.repository), (row) => ({ at: row.at.toISOString(), id: row.id })));
  }

  /** All usage as the lines of a CSV file. */
  async *exportUsage(ctx: RequestContext): AsyncGenerator<string> {
    yield* usageLines(this.all(ctx, await this.usageReader(ctx), (row) => ({ at: row.at.toISOString(), id: row.runId })));
  }

  /** Usage, with the models under the names that this client may see. */
  private async usageReader(ctx: RequestContext): Promise<Read<UsageRow>> {
    const shown = await this.tenants.modelNames(ctx);
    return async (...page) => (await this.repository.usage(...page)).map((row) => ({ ...row, model: shown(row.model) }));
  }

  private async page<Row>(ctx: RequestContext, page: { readonly cursor?: string; readonly limit: number }, read: Read<Row>, keyOf: (row: Row) => readonly string[]): Promise<Page<Row>> {
    const key = decodeCursor(page.cursor, [MOMENT, ID]);
    const after = key === undefined ? undefined : { at: key[0] ?? '', id: key[1] ?? '' };
    const rows = await this.database.readTenant(ctx, (tx) => read(tx, actingUserId(ctx), after, page.limit));
    return pageOf(rows, page.limit, keyOf);
  }

  private async *all<Row>(ctx: RequestContext, read: Read<Row>, keyOf: (row: Row) => After): AsyncGenerator<Row> {
    for (let after: After | undefined; ; ) {
      const rows = await this.database.readTenant(ctx, (tx) => read(tx, actingUserId(ctx), after, EXPORT_PAGE));
      const page = rows.slice(0, EXPORT_PAGE);
      yield* page;
      const last = page.at(-1);
      if (rows.length <= EXPORT_PAGE || last === undefined) return;
      after = keyOf(last);
    }
  }
}
