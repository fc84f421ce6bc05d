import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { integerJson, newId, type Credits } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { GrantService, grantRow } from '../grants/grant.service.js';
import { walletOf } from '../ledger/account.js';
import { affordableTokens, costOf, worstCost } from '../prices/cost.js';
import { PriceService } from '../prices/price.service.js';
import type { Charge, Estimate, HoldRequest, MeteredUsage, Settlement } from './charge.js';

/**
 * The money of an answer. Reserving and collecting are part of the two
 * statements that open and conclude runs (SQL functions `hold_credits` and
 * `settle_credits`); here stands how much.
 */
@Injectable()
export class MeteringService {
  constructor(private readonly prices: PriceService, private readonly grants: GrantService, private readonly tenants: TenantService) {}

  /** An answer of this tenant begins in a moment: its prices are read meanwhile. */
  foresee(ctx: RequestContext): void {
    this.prices.foresee(ctx.tenantId);
  }

  /** What to reserve for an answer that begins now, by the prices in force. */
  async hold(ctx: RequestContext, estimate: Estimate): Promise<HoldRequest> {
    const [prices, grants, settings] = await Promise.all([
      this.prices.inForce(ctx.tenantId, estimate.model),
      this.grants.due(ctx.tenantId, estimate.userId),
      this.tenants.settingsOf(ctx.tenantId),
    ]);
    const wanted = worstCost(prices, estimate.promptTokens, estimate.maxTokens);
    const minimum = worstCost(prices, estimate.promptTokens, Math.min(estimate.maxTokens, settings.minimumAnswerTokens));
    const row = {
      wanted: wanted.toString(), minimum: minimum.toString(), model: estimate.model, price_list_id: prices.id,
      wallet_id: walletOf(ctx.tenantId, estimate.userId).id, conversation_id: estimate.conversationId ?? null, api_key_id: estimate.apiKeyId ?? null, grants: grants.map(grantRow),
    };
    return { estimate, prices, wanted, minimum, grants, row };
  }

  /** The two rows of an answer to a user whom nobody knows, paid from credits that were a gift: for rehearsals. */
  rehearsal(tenantId: string, userId: string, model: string): { readonly held: HoldRequest['row']; readonly collected: Settlement['row'] } {
    const gift = grantRow({ key: 'rehearsal', amount: 10n, reason: 'signup', expiresAt: undefined });
    const held = { wanted: '2', minimum: '1', model, price_list_id: newId(), wallet_id: walletOf(tenantId, userId).id, conversation_id: null, api_key_id: null, grants: [gift] };
    return { held, collected: { cost: '1', prompt_tokens: 1, cached_tokens: 0, completion_tokens: 1, reasoning_tokens: 0, usage_source: 'counted' } };
  }

  /** The grants of a request were given, or had been before. */
  granted(ctx: RequestContext, request: HoldRequest): void {
    this.grants.remember(ctx.tenantId, request.estimate.userId, request.grants);
  }

  /** How many tokens the answer may have for what was reserved. */
  answerRoom(request: HoldRequest, held: Credits): number {
    if (held >= request.wanted) return request.estimate.maxTokens;
    return Math.max(1, affordableTokens(request.prices, request.estimate.promptTokens, held, request.estimate.maxTokens));
  }

  /** The refusal of an answer that the user can't pay. */
  refusal(ctx: RequestContext, request: HoldRequest, available: Credits): DomainError {
    const message = ctx.locale === 'zh'
      ? `余额不足，请充值：本次至少需要 ${request.minimum} 点，可用 ${available} 点`
      : `The balance is too low: this needs at least ${request.minimum} credits, ${available} are available. Please top up.`;
    return new DomainError('insufficient_balance', { message, details: { needed: integerJson(request.minimum), available: integerJson(available) } });
  }

  /** What to collect. `priceListId` undefined: nobody knows any more what the run was, and nothing of it was kept, so it costs nothing. */
  async settlement(tenantId: string, priceListId: string | undefined, usage: MeteredUsage, free: boolean): Promise<Settlement> {
    const cost = free || priceListId === undefined ? 0n : costOf(await this.prices.byId(tenantId, priceListId), usage);
    const row = {
      cost: cost.toString(), prompt_tokens: usage.promptTokens, cached_tokens: usage.cachedTokens,
      completion_tokens: usage.completionTokens, reasoning_tokens: usage.reasoningTokens, usage_source: usage.source,
    };
    return { cost, row };
  }

  /** What the statement answered, as a charge; undefined where nothing had been reserved. */
  async charge(tenantId: string, answer: { readonly charged: string | null; readonly balance: string | null }): Promise<Charge | undefined> {
    if (answer.charged === null || answer.balance === null) return undefined;
    const { lowBalanceCredits } = await this.tenants.settingsOf(tenantId);
    const balance = BigInt(answer.balance);
    return { credits: BigInt(answer.charged), balance, low: balance < BigInt(lowBalanceCredits) };
  }
}
