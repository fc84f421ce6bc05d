import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { TenantService } from '../../tenants/index.js';
import { ModelService, type Model } from '../../upstream/index.js';

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
    const models = this.models.list(settings.models);
    return [...models].sort((a, b) => (b.name === settings.defaultModel ? 1 : 0) - (a.name === settings.defaultModel ? 1 : 0)).map(offered);
  }

  /** @throws DomainError `not_found` (param `model`). */
  async read(ctx: RequestContext, name: string): Promise<OfferedModel> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    return offered(this.models.pick(name, settings.models, undefined));
  }
}

function offered(model: Model): OfferedModel {
  return { id: model.name, object: 'model', created: 0, owned_by: 'bailiao', context_window: model.contextWindow, max_answer_tokens: model.maxAnswerTokens };
}
