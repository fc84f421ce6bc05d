/** What we use of node-llama-cpp 3.22.1, so that our types can be checked where the engine is not installed. */
declare module 'node-llama-cpp' {
  export function getLlama(options: {
    readonly gpu: false;
    readonly build: 'never';
    readonly skipDownload: true;
    readonly progressLogs: false;
    readonly logLevel: LlamaLogLevel;
    readonly maxThreads: number;
  }): Promise<Llama>;

  export enum LlamaLogLevel {
    error = 'error',
  }

  export interface Llama {
    loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  }

  export interface LlamaModel {
    readonly trainContextSize: number;
    readonly tokenizer: unknown;
    createContext(options: { readonly sequences: number; readonly contextSize: number; readonly threads: number }): Promise<LlamaContext>;
  }

  export interface LlamaContext {
    /** Of each sequence, in tokens. */
    readonly contextSize: number;
    getSequence(): LlamaContextSequence;
  }

  export interface LlamaContextSequence {
    readonly tokenMeter: TokenMeter;
    clearHistory(): Promise<void>;
  }

  export interface TokenMeter {
    getState(): TokenMeterState;
    diff(earlier: TokenMeterState): TokenMeterState;
  }

  export interface TokenMeterState {
    readonly usedInputTokens: number;
    readonly usedOutputTokens: number;
  }

  export type ChatHistoryItem = { type: 'system'; text: string } | { type: 'user'; text: string } | { type: 'model'; response: string[] };

  export interface GenerateOptions {
    readonly onResponseChunk?: (chunk: { readonly type: 'segment' | undefined; readonly text: string; readonly tokens: readonly unknown[] }) => void;
    readonly signal?: AbortSignal;
    readonly stopOnAbortSignal?: boolean;
    readonly maxTokens?: number;
    readonly temperature?: number;
    readonly topP?: number;
    readonly seed?: number;
    readonly repeatPenalty?: false | { readonly penalty: number; readonly frequencyPenalty: number; readonly presencePenalty: number };
    readonly customStopTriggers?: readonly string[];
  }

  export class LlamaChat {
    constructor(options: { readonly contextSequence: LlamaContextSequence });
    readonly chatWrapper: { generateContextState(options: { readonly chatHistory: readonly ChatHistoryItem[] }): { readonly contextText: { tokenize(tokenizer: unknown): readonly unknown[] } } };
    generateResponse(history: ChatHistoryItem[], options: GenerateOptions): Promise<{ readonly metadata: { readonly stopReason: string } }>;
    dispose(): void;
  }
}
