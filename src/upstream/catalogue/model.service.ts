import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { encodingOf } from '../tokens/token-counter.js';
import type { Model } from './model.js';

/** Which models there are. Today those of the one configured channel. */
@Injectable()
export class ModelService {
  private readonly models: ReadonlyMap<string, Model>;

  constructor(@Inject(CONFIG) config: Config) {
    this.models = new Map(config.openai.models.map((model) => [model.name, { ...model, upstreamName: model.name, encoding: encodingOf(model.name) }]));
  }

  /** The models that a tenant offers; `allowed` undefined means all. */
  list(allowed: readonly string[] | undefined): readonly Model[] {
    return [...this.models.values()].filter((model) => allowed === undefined || allowed.includes(model.name));
  }

  /**
   * The model of a name, or the tenant's default where no name is given.
   * @throws DomainError `not_found` (param `model`) when the tenant has no such model.
   */
  pick(name: string | undefined, allowed: readonly string[] | undefined, preferred: string | undefined): Model {
    const offered = this.list(allowed);
    const model = name === undefined ? (offered.find((each) => each.name === preferred) ?? offered[0]) : offered.find((each) => each.name === name);
    if (model === undefined) {
      throw new DomainError('not_found', { param: 'model', message: name === undefined ? 'no model is offered here' : 'model is not one of those that GET /v1/models lists' });
    }
    return model;
  }

  /** The model of a run that was accepted already, whatever the tenant offers by now. */
  byName(name: string): Model | undefined {
    return this.models.get(name);
  }
}
