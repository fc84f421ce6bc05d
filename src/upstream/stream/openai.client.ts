import OpenAI from 'openai';
import type { Config } from '../../platform/config/index.js';
import type { CallWatch } from './call-watch.js';
import { chain } from './chain.js';
import { SurrogateJoiner, type DeltaBatch, type UpstreamUsage } from './delta.js';
import { UpstreamFailure } from './failure.js';
import type { UpstreamRequest } from './request.js';
import { MalformedStream, SseLines } from './sse-lines.js';
import { Watchdog } from './timeouts.js';
import type { Transport } from './transport.js';

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: unknown }; readonly finish_reason?: unknown }[];
  readonly usage?: {
    readonly prompt_tokens?: unknown;
    readonly completion_tokens?: unknown;
    readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
    readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  } | null;
  readonly error?: { readonly code?: unknown };
}

/** How long a server may take to end its answer after it said [DONE]. */
const AFTER_DONE_MS = 500;

/** Talks to one OpenAI-compatible server. */
export class OpenAiClient {
  private readonly sdk: OpenAI;

  constructor(channel: { readonly baseUrl: string; readonly apiKey: string }, transport: Pick<Transport, 'fetch'>, private readonly timeouts: Config['upstreamTimeouts']) {
    this.sdk = new OpenAI({ baseURL: channel.baseUrl, apiKey: channel.apiKey, maxRetries: 0, timeout: 24 * 3_600_000, fetch: transport.fetch, logLevel: 'off' });
  }

  /**
   * Opens the stream and waits for its first batch with words in it, so that a retry is still possible when there is none.
   * @throws UpstreamFailure, also from the iterator; the signal's reason when the caller aborted.
   */
  async open(request: UpstreamRequest, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>> {
    const dog = new Watchdog(this.timeouts.connectMs + this.timeouts.firstTokenMs, signal);
    const stream = this.batches(request, dog, signal, watch);
    try {
      const first = await stream.next();
      return chain(first, stream);
    } catch (error) {
      dog.stop();
      throw error;
    }
  }

  private async *batches(request: UpstreamRequest, dog: Watchdog, outer: AbortSignal, watch: CallWatch): AsyncGenerator<DeltaBatch> {
    const reader = new ChunkReader();
    try {
      const body = await this.send(request, dog.signal, watch);
      dog.alive(this.timeouts.firstTokenMs);
      for await (const bytes of body) {
        const batch = reader.push(bytes);
        // After [DONE] the rest is read to its end, briefly, so that the connection can serve again.
        dog.alive(reader.done ? AFTER_DONE_MS : reader.spoke ? this.timeouts.betweenTokensMs : this.timeouts.firstTokenMs);
        if (batch?.usage !== undefined) watch.usage(batch.usage);
        if (batch !== undefined) yield batch;
      }
      const last = reader.end();
      if (last?.usage !== undefined) watch.usage(last.usage);
      if (last !== undefined) yield last;
      watch.whole();
    } catch (error) {
      if (reader.done) {
        watch.whole();
        return;
      }
      if (reader.spoke && !outer.aborted) watch.broke();
      throw explain(error, dog, outer);
    } finally {
      dog.stop();
    }
  }

  private async send(request: UpstreamRequest, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<Uint8Array>> {
    const { stop, ...sampling } = request.sampling;
    const response = await this.sdk.chat.completions
      .create(
        {
          model: request.model,
          messages: request.messages as OpenAI.ChatCompletionMessageParam[],
          max_tokens: request.maxTokens,
          ...sampling,
          ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? stop : [...stop] }),
          stream: true,
          stream_options: { include_usage: true },
        },
        { signal },
      )
      .asResponse();
    watch.headers((response as unknown as { readonly rawHeaders: Readonly<Record<string, string | string[] | undefined>> }).rawHeaders);
    return response.body as unknown as AsyncIterable<Uint8Array>;
  }
}

/** The SDK wraps what its fetch throws as a connection error with the cause inside. */
function explain(error: unknown, dog: Watchdog, outer: AbortSignal): unknown {
  if (outer.aborted) return outer.reason;
  if (dog.fired) return new UpstreamFailure('timeout');
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof UpstreamFailure) return each;
    if (each instanceof MalformedStream) return new UpstreamFailure('malformed', undefined, undefined, each);
  }
  return new UpstreamFailure('cut', undefined, undefined, error);
}

/** Reads the chunks of one answer out of its bytes. */
class ChunkReader {
  private readonly lines = new SseLines();
  private readonly joiner = new SurrogateJoiner();
  private finished = false;
  done = false;
  spoke = false;

  push(bytes: Uint8Array): DeltaBatch | undefined {
    return this.read(this.lines.push(bytes));
  }

  /** @throws UpstreamFailure `cut` when the stream ended before the answer did. */
  end(): DeltaBatch | undefined {
    const last = this.done ? undefined : this.read(this.lines.end());
    const tail = this.joiner.end();
    if (!this.done && !this.finished) throw new UpstreamFailure('cut');
    if (tail === '') return last;
    return { ...last, contents: [...(last?.contents ?? []), tail] };
  }

  private read(payloads: readonly string[]): DeltaBatch | undefined {
    const contents: string[] = [];
    let finishReason: string | undefined;
    let usage: UpstreamUsage | undefined;
    for (const payload of payloads) {
      if (this.done) break;
      if (payload === '[DONE]') {
        this.done = true;
        break;
      }
      const chunk = parseChunk(payload);
      const choice = chunk.choices?.[0];
      const content = choice?.delta?.content;
      if (typeof content === 'string' && content !== '') {
        const whole = this.joiner.push(content);
        if (whole !== '') contents.push(whole);
      }
      if (typeof choice?.finish_reason === 'string') finishReason = choice.finish_reason;
      usage = readUsage(chunk) ?? usage;
    }
    if (finishReason !== undefined) this.finished = true;
    const tail = this.done ? this.joiner.end() : '';
    if (tail !== '') contents.push(tail);
    if (contents.length > 0) this.spoke = true;
    if (contents.length === 0 && finishReason === undefined && usage === undefined && !this.done) return undefined;
    return { contents, ...(finishReason === undefined ? {} : { finishReason }), ...(usage === undefined ? {} : { usage }), ...(this.done ? { last: true } : {}) };
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
  if ((chunk as Chunk).error !== undefined && (chunk as Chunk).error !== null) throw new UpstreamFailure('server');
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
