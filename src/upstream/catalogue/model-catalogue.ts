import type { ModelSetting } from '../../platform/config/index.js';
import { modelOf, type ListedModel, type Model } from './model.js';

/** Which models there are, in memory: those of the environment's channel, in its order, then those that staff entered. What staff says of a name counts for both. */
export class ModelCatalogue {
  private byNames: ReadonlyMap<string, Model> = new Map();

  constructor(private readonly environment: readonly ModelSetting[]) {
    this.replace([]);
  }

  get models(): readonly Model[] {
    return [...this.byNames.values()];
  }

  byName(name: string): Model | undefined {
    return this.byNames.get(name);
  }

  /** From here on these are what staff entered. */
  replace(listed: readonly ListedModel[]): void {
    const known = new Map(this.environment.map((model) => [model.name, modelOf(model, null)]));
    for (const model of listed) {
      if (model.enabled) known.set(model.name, modelOf(model, model.tokenizer));
      else known.delete(model.name);
    }
    this.byNames = known;
  }
}
