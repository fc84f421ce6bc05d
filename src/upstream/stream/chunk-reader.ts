import { SurrogateJoiner, type DeltaBatch, type UpstreamUsage } from './delta.js';
import { failureInStream, UpstreamFailure } from './failure.js';
import { SseLines } from './sse-lines.js';

interface Delta {
  readonly content?: unknown;
  /** What a model thinks aloud, as DeepSeek and older vLLM name it. */
  readonly reasoning_content?: unknown;
  /** The same, as OpenRouter and newer vLLM name it. */
  readonly reasoning?: unknown;
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: Delta | null; readonly finish_reason?: unknown }[];
  readonly usage?: {
    readonly prompt_tokens?: unknown;
    readonly completion_tokens?: unknown;
    readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
    readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  } | null;
  readonly error?: { readonly code?: unknown } | null;
}

/** Most UTF-16 units of what one answer thinks: as many as it may say. */
const THOUGHT_LIMIT = 1 << 20;

type Beside = Pick<DeltaBatch, 'finishReason' | 'usage'>;

/** Reads the chunks of one answer out of its bytes. What is told before the first words goes with them: alone it opens no answer. */
export class ChunkReader {
  private readonly lines = new SseLines();
  private readonly joiner = new SurrogateJoiner();
  private before: Beside = {};
  private chunks = 0;
  private finished = false;
  private thought = 0;
  /** The upstream said [DONE]. */
  done = false;
  /** A batch was given: its first words, or an end that needs none. */
  opened = false;
  /** How the newest bytes brought the answer on, by words or an end, or by thoughts alone. A comment, or a chunk with nothing in it, does not. */
  progress: 'words' | 'thoughts' | undefined;

  /** All words of an answer came: whatever happens to the connection now takes nothing from it. */
  get isWhole(): boolean {
    return this.opened && (this.done || this.finished);
  }

  /** @throws UpstreamFailure, MalformedStream */
  push(bytes: Uint8Array): DeltaBatch | undefined {
    return this.read(this.lines.push(bytes));
  }

  /** @throws UpstreamFailure `cut` when the stream ended before the answer did; `malformed` or `empty` when there was none. */
  end(): DeltaBatch | undefined {
    const last = this.done ? undefined : this.read(this.lines.end());
    if (!this.done && !this.finished) throw new UpstreamFailure('cut');
    const tail = this.joiner.end();
    const rest = tail === '' ? last : this.batchOf([...(last?.contents ?? []), tail], last ?? {});
    if (!this.opened) throw this.nothing();
    return rest;
  }

  private read(payloads: readonly string[]): DeltaBatch | undefined {
    const contents: string[] = [];
    let beside: Beside = {};
    this.progress = undefined;
    for (const payload of payloads) {
      if (this.done) break;
      if (payload === '[DONE]') {
        this.done = true;
        this.progress = 'words';
        break;
      }
      const chunk = parseChunk(payload);
      this.chunks += 1;
      const choice = chunk.choices?.[0];
      this.collect(choice?.delta, contents);
      // Some servers say "" where nothing has ended yet.
      if (isText(choice?.finish_reason)) beside = { ...beside, finishReason: choice.finish_reason };
      const usage = readUsage(chunk);
      if (usage !== undefined) beside = { ...beside, usage };
    }
    if (beside.finishReason !== undefined) {
      this.finished = true;
      this.progress = 'words';
    }
    const tail = this.done ? this.joiner.end() : '';
    if (tail !== '') contents.push(tail);
    return this.batchOf(contents, beside);
  }

  private collect(delta: Delta | null | undefined, contents: string[]): void {
    const thought = isText(delta?.reasoning_content) ? delta.reasoning_content : delta?.reasoning;
    if (isText(thought)) this.think(thought);
    if (!isText(delta?.content)) return;
    this.progress = 'words';
    const whole = this.joiner.push(delta.content);
    if (whole !== '') contents.push(whole);
  }

  private think(thought: string): void {
    this.thought += thought.length;
    if (this.thought > THOUGHT_LIMIT) throw new UpstreamFailure('malformed', 200);
    this.progress ??= 'thoughts';
  }

  private batchOf(contents: readonly string[], beside: Beside): DeltaBatch | undefined {
    const all = { ...this.before, ...beside };
    this.before = this.opened ? {} : all;
    if (!this.opened && contents.length === 0 && !this.isWordless(all)) {
      if (this.done) throw this.nothing();
      return undefined;
    }
    this.opened = true;
    this.before = {};
    if (contents.length === 0 && all.finishReason === undefined && all.usage === undefined && !this.done) return undefined;
    return { contents, ...all, ...(this.done ? { last: true } : {}) };
  }

  /** Whether an answer without words is one all the same: it was filtered, or all its tokens went into thoughts. */
  private isWordless({ finishReason, usage }: Beside): boolean {
    if (finishReason === undefined && !this.done) return false;
    return (finishReason !== undefined && finishReason !== 'stop') || (usage?.completionTokens ?? 0) > 0;
  }

  /** A model that has nothing to say is not a sick channel; a stream with nothing in it is. */
  private nothing(): UpstreamFailure {
    return new UpstreamFailure(this.chunks === 0 ? 'malformed' : 'empty', 200);
  }
}

function parseChunk(payload: string): Chunk {
  let chunk: unknown;
  try {
    chunk = JSON.parse(payload);
  } catch (error) {
    throw new UpstreamFailure('malformed', undefined, undefined, error);
  }
  if (typeof chunk !== 'object' || chunk === null) throw new UpstreamFailure('malformed');
  const { error } = chunk as Chunk;
  if (error !== undefined && error !== null) throw failureInStream(error.code);
  return chunk;
}

/** Undefined for anything but whole, non-negative numbers: our own count is then what holds. */
function readUsage(chunk: Chunk): UpstreamUsage | undefined {
  const { usage } = chunk;
  if (!isCount(usage?.prompt_tokens) || !isCount(usage.completion_tokens)) return undefined;
  const cached = usage.prompt_tokens_details?.cached_tokens;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  return {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    cachedTokens: isCount(cached) ? Math.min(cached, usage.prompt_tokens) : 0,
    reasoningTokens: isCount(reasoning) ? Math.min(reasoning, usage.completion_tokens) : 0,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
