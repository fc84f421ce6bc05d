import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { TenantService } from '../../tenants/index.js';
import { ModelService, type OfferedModel as Offer } from '../../upstream/index.js';

/** A model as OpenAI's `GET /v1/models` shows it, with its bounds beside. */
export interface OfferedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
  readonly context_window: number;
  readonly max_answer_tokens: number;
}

/** The models that a tenant offers, its default first. */
@Injectable()
export class OfferService {
  constructor(private readonly tenants: TenantService, private readonly models: ModelService) {}

  async list(ctx: RequestContext): Promise<readonly OfferedModel[]> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    const rank = ({ model }: Offer): number => (model.name === settings.defaultModel ? 0 : 1);
    return [...this.models.list({ ctx, settings })].sort((a, b) => rank(a) - rank(b)).map((offer) => offered(offer, offer.shownAs));
  }

  /** @throws DomainError `not_found` (param `model`). */
  async read(ctx: RequestContext, name: string): Promise<OfferedModel> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    return offered(this.models.pick(name, { ctx, settings }), name);
  }
}

function offered({ model }: Offer, id: string): OfferedModel {
  return { id, object: 'model', created: 0, owned_by: 'bailiao', context_window: model.contextWindow, max_answer_tokens: model.maxAnswerTokens };
}
