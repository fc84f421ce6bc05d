import type { Environment } from './environment.js';

/** A model of the default channel, as `OPENAI_MODELS` lists it. */
export interface ModelSetting {
  /** Public name, and the name at the upstream. */
  readonly name: string;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Most tokens of one answer. */
  readonly maxAnswerTokens: number;
}

const DEFAULT_WINDOW = 32_768;
const DEFAULT_ANSWER = 4_096;
const ENTRY = /^([A-Za-z0-9][\w.:/-]{0,99})(?:@(\d{3,8})(?:\/(\d{1,7}))?)?$/;

/**
 * Parses `OPENAI_MODELS`: names separated by commas, each with an optional
 * `@<context window>/<longest answer>` in tokens, the first being the default:
 * `deepseek-chat@65536/8192,gpt-4o-mini@128000/16384`.
 */
export function readModels(environment: Environment): readonly ModelSetting[] {
  const list = environment.text('OPENAI_MODELS', 'the models of the default channel, with window and longest answer in tokens, the default first, such as deepseek-chat@65536/8192,gpt-4o-mini@128000/16384');
  const models: ModelSetting[] = [];
  for (const entry of list.split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    const match = ENTRY.exec(entry);
    const contextWindow = match?.[2] === undefined ? DEFAULT_WINDOW : parseInt(match[2], 10);
    const maxAnswerTokens = match?.[3] === undefined ? Math.min(DEFAULT_ANSWER, contextWindow >> 1) : parseInt(match[3], 10);
    if (!match?.[1] || maxAnswerTokens < 1 || maxAnswerTokens >= contextWindow) {
      environment.fault('OPENAI_MODELS', 'must list names like deepseek-chat@65536/8192 (window/answer, the answer smaller than the window), separated by commas');
      return [];
    }
    models.push({ name: match[1], contextWindow, maxAnswerTokens });
  }
  if (models.length === 0 && list !== '') environment.fault('OPENAI_MODELS', 'is missing: name at least one model of the default channel, such as deepseek-chat@65536/8192');
  if (new Set(models.map((model) => model.name)).size !== models.length) environment.fault('OPENAI_MODELS', 'names a model twice');
  return models;
}
