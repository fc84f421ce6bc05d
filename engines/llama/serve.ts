/**
 * The process that holds a model: forked by `src/upstream/local`, which speaks to it in the messages imported below (types only:
 * this file runs by itself, with Node's own type stripping). llama.cpp aborts on some broken files; then only this process is gone.
 */
import { setPriority } from 'node:os';
import type { ChatHistoryItem, GenerateOptions, LlamaChat, LlamaContextSequence, LlamaModel } from 'node-llama-cpp';
import type { FromEngine, GenerateCommand, LoadCommand, ToEngine } from '../../src/upstream/local/engine/messages.js';

/** llama.cpp's own default, where the caller wishes nothing. */
const DEFAULT_TEMPERATURE = 0.8;
/** Tokens of the context that the engine needs free of prompt and answer. */
const RESERVED_TOKENS = 4;
/** Below the app's own processes, which answer people while this one computes. */
const NICENESS = 5;

interface Loaded {
  readonly model: LlamaModel;
  readonly contextTokens: number;
  readonly Chat: typeof LlamaChat;
  readonly free: LlamaContextSequence[];
}

let loaded: Loaded | undefined;
const running = new Map<number, AbortController>();

function say(message: FromEngine): void {
  if (process.connected) process.send?.(message);
}

async function load({ path, sequences, contextTokens, threads }: LoadCommand): Promise<void> {
  const llamaCpp = await import('node-llama-cpp').catch(() => undefined);
  if (llamaCpp === undefined) return say({ type: 'load_failed', reason: 'absent', message: 'node-llama-cpp is not installed: npm run model:engine' });
  try {
    const llama = await llamaCpp.getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: llamaCpp.LlamaLogLevel.error, maxThreads: threads });
    const model = await llama.loadModel({ modelPath: path });
    const context = await model.createContext({ sequences, contextSize: Math.min(contextTokens, model.trainContextSize), threads });
    loaded = { model, contextTokens: context.contextSize, Chat: llamaCpp.LlamaChat, free: Array.from({ length: sequences }, () => context.getSequence()) };
    say({ type: 'ready', contextTokens: context.contextSize });
  } catch (error) {
    const absent = error instanceof Error && error.name === 'NoBinaryFoundError';
    say({ type: 'load_failed', reason: absent ? 'absent' : 'model', message: absent ? 'the engine has no build for this machine' : messageOf(error) });
  }
}

async function generate(command: GenerateCommand): Promise<void> {
  const { id } = command;
  const sequence = loaded?.free.pop();
  if (loaded === undefined || sequence === undefined) return say({ type: 'failed', id, reason: 'engine', message: 'no sequence is free' });
  const cancel = new AbortController();
  running.set(id, cancel);
  try {
    say(await answer(command, loaded, sequence, cancel.signal));
  } catch (error) {
    say({ type: 'failed', id, reason: 'engine', message: messageOf(error) });
  } finally {
    running.delete(id);
    loaded.free.push(sequence);
  }
}

/** Writes the answer out as it comes; gives how it ended. */
async function answer(command: GenerateCommand, { model, contextTokens, Chat }: Loaded, sequence: LlamaContextSequence, signal: AbortSignal): Promise<FromEngine> {
  const { id } = command;
  // Nothing of an earlier answer stays, which may have been another tenant's.
  await sequence.clearHistory();
  const chat = new Chat({ contextSequence: sequence });
  try {
    const history = historyOf(command);
    const promptTokens = chat.chatWrapper.generateContextState({ chatHistory: history }).contextText.tokenize(model.tokenizer).length;
    const room = contextTokens - promptTokens - RESERVED_TOKENS;
    // The engine itself would silently forget the oldest messages instead.
    if (room < 1) return { type: 'failed', id, reason: 'context_length', message: `the prompt has ${promptTokens} tokens, the context ${contextTokens}` };
    const before = sequence.tokenMeter.getState();
    let thought = 0;
    const onResponseChunk: GenerateOptions['onResponseChunk'] = ({ type, text, tokens }) => {
      if (type === 'segment') thought += tokens.length;
      else if (text !== '') say({ type: 'text', id, text });
    };
    const options = { ...samplingOf(command), maxTokens: Math.min(command.maxTokens, room), signal, stopOnAbortSignal: true, onResponseChunk };
    const stopReason = await chat.generateResponse(history, options).then(
      ({ metadata }) => metadata.stopReason,
      (error: unknown) => {
        // Cancelled before its first word, it throws all the same.
        if (signal.aborted) return 'abort';
        throw error;
      },
    );
    const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter.diff(before);
    const usage = { promptTokens: usedInputTokens, completionTokens: usedOutputTokens, cachedTokens: 0, reasoningTokens: Math.min(thought, usedOutputTokens) };
    return { type: 'done', id, finishReason: stopReason === 'abort' ? 'cancelled' : stopReason === 'maxTokens' ? 'length' : 'stop', usage };
  } finally {
    chat.dispose();
  }
}

/** The last item is the answer that is to be written. */
function historyOf({ messages }: GenerateCommand): ChatHistoryItem[] {
  const items = messages.map(({ role, content }): ChatHistoryItem => (role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content }));
  return [...items, { type: 'model', response: [] }];
}

/** OpenAI's wishes in the engine's words. */
function samplingOf({ sampling }: GenerateCommand): GenerateOptions {
  const { temperature = DEFAULT_TEMPERATURE, top_p, presence_penalty = 0, frequency_penalty = 0, seed, stop } = sampling;
  return {
    temperature,
    ...(top_p === undefined ? {} : { topP: top_p }),
    seed: seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Math.abs(seed) % 2 ** 32,
    // 1 is no penalty for repetition as such, which OpenAI's API does not know.
    repeatPenalty: presence_penalty === 0 && frequency_penalty === 0 ? false : { penalty: 1, presencePenalty: presence_penalty, frequencyPenalty: frequency_penalty },
    ...(stop === undefined ? {} : { customStopTriggers: typeof stop === 'string' ? [stop] : stop }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unknown';
}

process.on('message', (message: ToEngine) => {
  switch (message.type) {
    case 'load':
      void load(message);
      break;
    case 'generate':
      void generate(message);
      break;
    case 'cancel':
      running.get(message.id)?.abort();
      break;
    case 'exit':
      process.exit(0);
  }
});
// The app is gone: so are we. Signals meant for the whole group are the app's to answer, which first lets answers end.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
setPriority(NICENESS);
