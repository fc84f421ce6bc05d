import type { UpstreamUsage } from '../../stream/delta.js';
import type { PromptMessage, Sampling } from '../../stream/request.js';

/** What the app says to the engine's process. The first message is `load`; after `ready` answers are asked for, each by a number of its own. */
export type ToEngine = LoadCommand | GenerateCommand | { readonly type: 'cancel'; readonly id: number } | { readonly type: 'exit' };

export interface LoadCommand {
  readonly type: 'load';
  /** Path of the GGUF file. */
  readonly path: string;
  /** Answers at once. */
  readonly sequences: number;
  /** Most tokens of prompt and answer together; less where the model was trained on less. */
  readonly contextTokens: number;
  /** Threads that compute. */
  readonly threads: number;
}

export interface GenerateCommand {
  readonly type: 'generate';
  readonly id: number;
  readonly messages: readonly PromptMessage[];
  /** Most tokens of the answer. */
  readonly maxTokens: number;
  readonly sampling: Sampling;
}

/** What the engine's process says. Every `generate` ends with exactly one `done` or `failed`, also a cancelled one. */
export type FromEngine =
  | { readonly type: 'ready'; readonly contextTokens: number }
  | { readonly type: 'load_failed'; readonly reason: 'absent' | 'model'; readonly message: string }
  | { readonly type: 'text'; readonly id: number; readonly text: string }
  | AnswerEnd;

/** How an answer ended; `usage` also of what was produced before a cancel. */
export type AnswerEnd =
  | { readonly type: 'done'; readonly id: number; readonly finishReason: 'stop' | 'length' | 'cancelled'; readonly usage: UpstreamUsage }
  | { readonly type: 'failed'; readonly id: number; readonly reason: 'context_length' | 'engine'; readonly message: string };
