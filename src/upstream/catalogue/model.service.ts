import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { aliasesOn, shownModel, type TenantSettings } from '../../tenants/index.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import type { Encoding } from '../tokens/token-counter.js';
import type { Model } from './model.js';
import { ModelCatalogue } from './model-catalogue.js';

/** Who asks for a model, and what their tenant set. */
export interface Audience {
  readonly ctx: Pick<RequestContext, 'tenantId' | 'platform'>;
  readonly settings: Pick<TenantSettings, 'models' | 'defaultModel' | 'modelAliases'>;
}

/** A model as an audience knows it. */
export interface OfferedModel {
  readonly model: Model;
  /** What it is called before them: the alias that hides its name, else its name. */
  readonly shownAs: string;
}

/**
 * Which models there are, and what they are called before whom. A model is offered where the tenant's settings allow
 * it and a channel that is not disabled serves it to that tenant. Synchronous, from memory.
 */
@Injectable()
export class ModelService {
  constructor(private readonly catalogue: ModelCatalogue, private readonly channels: ChannelDirectory) {}

  /** Under every name that the audience may use: a model's own, unless an alias hides it, then its aliases. */
  list(audience: Audience): readonly OfferedModel[] {
    const aliases = aliasesOn(audience.settings.modelAliases, audience.ctx.platform);
    const taken = new Set(aliases.map(([alias]) => alias));
    return this.catalogue.models
      .filter((model) => this.isOffered(model.name, audience))
      .flatMap((model) => {
        const own = this.offered(model, audience).shownAs === model.name && !taken.has(model.name) ? [model.name] : [];
        const others = aliases.filter(([, target]) => target.model === model.name).map(([alias]) => alias);
        return [...own, ...others].map((shownAs) => ({ model, shownAs }));
      });
  }

  /**
   * The model of a name that a client sent, or the tenant's default where it sent none.
   * @throws DomainError `not_found` (param `model`) when the audience knows no such model; `unavailable` when all its channels are disabled.
   */
  pick(name: string | undefined, audience: Audience): OfferedModel {
    if (name === undefined) return this.default(audience);
    const alias = aliasesOn(audience.settings.modelAliases, audience.ctx.platform).find(([each]) => each === name)?.[1];
    const picked = this.pickStored(alias?.model ?? name, audience);
    if (alias === undefined && picked.shownAs !== name) throw unknown();
    return picked;
  }

  /**
   * The model of a name that we kept, such as a conversation's: always its own.
   * @throws DomainError `not_found` (param `model`) when it is not offered any more; `unavailable` when all its channels are disabled.
   */
  pickStored(name: string, audience: Audience): OfferedModel {
    const model = this.catalogue.byName(name);
    if (model === undefined || !isAllowed(name, audience)) throw unknown();
    if (!this.isServed(name, audience)) throw this.channels.knows(audience.ctx.tenantId, name) ? new DomainError('unavailable') : unknown();
    return this.offered(model, audience);
  }

  /** The model of a run that was accepted already, whatever the tenant offers by now. */
  byName(name: string): Model | undefined {
    return this.catalogue.byName(name);
  }

  /** The tokenizers of all models. */
  encodings(): readonly Encoding[] {
    return [...new Set(this.catalogue.models.map(({ encoding }) => encoding))];
  }

  /** One whose channels are disabled is not replaced by another, which has another price. */
  private default(audience: Audience): OfferedModel {
    const { defaultModel } = audience.settings;
    if (defaultModel !== undefined && this.catalogue.byName(defaultModel) !== undefined && isAllowed(defaultModel, audience) && this.channels.knows(audience.ctx.tenantId, defaultModel)) return this.pickStored(defaultModel, audience);
    const offered = this.catalogue.models.filter((each) => this.isOffered(each.name, audience));
    const [model] = offered;
    if (model === undefined) throw new DomainError('not_found', { param: 'model', message: 'no model is offered here' });
    return this.offered(model, audience);
  }

  private isOffered(name: string, audience: Audience): boolean {
    return isAllowed(name, audience) && this.isServed(name, audience);
  }

  private isServed(name: string, { ctx }: Audience): boolean {
    return this.channels.candidates(ctx.tenantId, name).length > 0;
  }

  private offered(model: Model, { ctx, settings }: Audience): OfferedModel {
    return { model, shownAs: shownModel(settings.modelAliases, ctx.platform, model.name) };
  }
}

function isAllowed(name: string, { settings }: Audience): boolean {
  return settings.models === undefined || settings.models.includes(name);
}

function unknown(): DomainError {
  return new DomainError('not_found', { param: 'model', message: 'model is not one of those that GET /v1/models lists' });
}
