import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, integerJson, pageOf, type Credits, type Fen, type Page } from '../../platform/values/index.js';
import { TenantPay } from '../../tenants/index.js';
import { UserService } from '../../identity/index.js';
import { tenantAccount, walletOf, type Account } from '../ledger/account.js';
import { derivedId } from '../ledger/derived-id.js';
import { LedgerRefused, LedgerService } from '../ledger/ledger.service.js';
import type { Transfer } from '../ledger/transfer.js';
import type { Finding, FindingState } from './finding.js';
import { FindingRepository } from './finding.repository.js';
import { PaymentService } from './payment.service.js';

/** What a person decided about a finding. */
export type FindingDecision =
  /** Ask WeChat about its order again, and take the answer in. */
  | { readonly action: 'recheck' }
  /** Move credits (to the user, or with a minus from him) and cash (arrived, or with a minus gone), once. */
  | { readonly action: 'repair'; readonly reason: string; readonly userId: string | undefined; readonly credits: Credits; readonly fen: Fen }
  | { readonly action: 'dismiss'; readonly reason: string };

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const RECHECK_MS = 15_000;

/** What did not add up, for the person who sorts it out. Every repair is a ledger transfer. */
@Injectable()
export class FindingService {
  constructor(
    private readonly database: Database,
    private readonly findings: FindingRepository,
    private readonly ledger: LedgerService,
    private readonly payments: PaymentService,
    private readonly tenantPay: TenantPay,
    private readonly users: UserService,
  ) {}

  /** Newest first. @throws invalid_request (cursor) */
  async list(ctx: RequestContext, state: FindingState | undefined, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<Finding>> {
    const key = decodeCursor(page.cursor, [MOMENT, ID]);
    const before = key === undefined ? undefined : { at: key[0] ?? '', id: key[1] ?? '' };
    const rows = await this.database.readTenant(ctx, (tx) => this.findings.list(tx, { state, before, count: page.limit + 1 }));
    return pageOf(rows, page.limit, (finding) => [finding.firstSeenAt.toISOString(), finding.id]);
  }

  /** @throws not_found, conflict (resolved already; a wallet that has too little), invalid_request, unavailable when WeChat can't be asked */
  async resolve(ctx: RequestContext, id: string, decision: FindingDecision): Promise<Finding> {
    if (decision.action === 'recheck') return this.recheck(ctx, id);
    if (decision.action === 'repair' && decision.userId !== undefined) await this.users.find(ctx, decision.userId);
    const staffId = ctx.actor.kind === 'staff' ? ctx.actor.staffId : undefined;
    return this.database.inTenant(ctx, async (tx) => {
      const finding = this.open(await this.lock(tx, id));
      if (decision.action === 'repair') {
        await this.apply(tx, finding, decision);
        await this.findings.resolve(tx, id, 'repaired', staffId, { action: 'repair', reason: decision.reason, user_id: decision.userId ?? null, credits: integerJson(decision.credits), fen: integerJson(decision.fen) });
      } else await this.findings.resolve(tx, id, 'dismissed', staffId, { action: 'dismiss', reason: decision.reason });
      return this.lock(tx, id);
    });
  }

  private async recheck(ctx: RequestContext, id: string): Promise<Finding> {
    const finding = this.open(await this.database.inTenant(ctx, (tx) => this.lock(tx, id)));
    if (finding.outTradeNo === undefined) throw new DomainError('conflict', { param: 'action', message: 'this finding names no order that WeChat could be asked about' });
    const { pay } = await this.tenantPay.account(ctx.tenantId);
    const trade = await pay.query(finding.outTradeNo, AbortSignal.timeout(RECHECK_MS)).catch((error: unknown) => {
      throw new DomainError('unavailable', { cause: error });
    });
    const outcome = trade === undefined ? 'not_paid' : await this.payments.accept(ctx, trade, 'query');
    return this.database.inTenant(ctx, async (tx) => {
      if (outcome === 'paid' || outcome === 'already_paid') await this.findings.resolve(tx, id, 'repaired', ctx.actor.kind === 'staff' ? ctx.actor.staffId : undefined, { action: 'recheck', outcome });
      return this.lock(tx, id);
    });
  }

  private async apply(tx: Parameters<LedgerService['apply']>[0], finding: Finding, { userId, credits, fen }: Extract<FindingDecision, { action: 'repair' }>): Promise<void> {
    if (credits !== 0n && userId === undefined) throw new DomainError('invalid_request', { param: 'user_id', message: 'user_id must name the user whose credits are moved' });
    if (credits === 0n && fen === 0n) throw new DomainError('invalid_request', { param: 'credits', message: 'a repair must move credits or fen' });
    const { tenantId } = tx.ctx;
    const transfers: Transfer[] = [];
    const move = (part: 'credits' | 'fen', amount: bigint, from: Account, to: Account, ownerId: string | undefined): void => {
      const [debit, credit] = amount > 0n ? [from, to] : [to, from];
      transfers.push({ kind: 'single', id: derivedId(`${finding.id}:repair:${part}`), reason: 'repair', reference: finding.id, ownerId, debit, credit, amount: amount > 0n ? amount : -amount });
    };
    if (credits !== 0n && userId !== undefined) move('credits', credits, tenantAccount(tenantId, 'issued'), walletOf(tenantId, userId), userId);
    if (fen !== 0n) move('fen', fen, tenantAccount(tenantId, 'payer'), tenantAccount(tenantId, 'cash'), undefined);
    try {
      await this.ledger.apply(tx, transfers);
    } catch (error) {
      if (error instanceof LedgerRefused && error.fault === 'insufficient') throw new DomainError('conflict', { param: credits < 0n ? 'credits' : 'fen', message: 'the account has less than this repair would take' });
      throw error;
    }
  }

  private async lock(tx: Parameters<LedgerService['apply']>[0], id: string): Promise<Finding> {
    const finding = await this.findings.lock(tx, id);
    if (finding === undefined) throw new DomainError('not_found', { param: 'finding_id' });
    return finding;
  }

  private open(finding: Finding): Finding {
    if (finding.state !== 'open') throw new DomainError('conflict', { param: 'finding_id', message: `this finding is ${finding.state} already` });
    return finding;
  }
}
