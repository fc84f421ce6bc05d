import { encodingOf, type Encoding } from '../tokens/token-counter.js';

/** A model that tenants may offer. */
export interface Model {
  /** Public name; a channel knows what it is called at its upstream. */
  readonly name: string;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Most tokens of one answer. */
  readonly maxAnswerTokens: number;
  readonly encoding: Encoding;
}

/** What staff enters of a model. */
export interface ModelDraft {
  readonly contextWindow: number;
  readonly maxAnswerTokens: number;
  /** null: by its name. */
  readonly tokenizer: Encoding | null;
  /** A disabled one is offered to nobody, also where the environment names it. */
  readonly enabled: boolean;
}

/** A model as staff sees it. */
export interface ListedModel extends ModelDraft {
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function modelOf(model: Pick<Model, 'name' | 'contextWindow' | 'maxAnswerTokens'>, tokenizer: Encoding | null): Model {
  const { name, contextWindow, maxAnswerTokens } = model;
  return { name, contextWindow, maxAnswerTokens, encoding: tokenizer ?? encodingOf(name) };
}
