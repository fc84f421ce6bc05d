/** One message of a prompt. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Sampling wishes of an API caller, passed on as they are (OpenAI's names). */
export interface Sampling {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly presence_penalty?: number;
  readonly frequency_penalty?: number;
  readonly seed?: number;
  readonly stop?: string | readonly string[];
}

/** What a model is asked. */
export interface UpstreamRequest {
  /** Public model name. */
  readonly model: string;
  readonly messages: readonly PromptMessage[];
  /** Most tokens of the answer. */
  readonly maxTokens: number;
  readonly sampling: Sampling;
}
