import OpenAI from 'openai';
import type { Config } from '../../platform/config/index.js';
import type { CallWatch } from './call-watch.js';
import { chain } from './chain.js';
import { ChunkReader } from './chunk-reader.js';
import type { DeltaBatch } from './delta.js';
import { UpstreamFailure } from './failure.js';
import type { UpstreamRequest } from './request.js';
import { MalformedStream } from './sse-lines.js';
import { Watchdog } from './timeouts.js';
import type { Transport } from './transport.js';

/** How long a server may take to end its answer after it said [DONE]. */
const AFTER_DONE_MS = 500;

/** How long its usage and [DONE] may take after the reason to finish: the words are all there, and their reader waits for the end. */
const AFTER_FINISH_MS = 1_000;

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
        this.mind(dog, reader);
        if (batch?.usage !== undefined) watch.usage(batch.usage);
        if (batch !== undefined) yield batch;
      }
      const last = reader.end();
      if (last?.usage !== undefined) watch.usage(last.usage);
      if (last !== undefined) yield last;
      watch.whole();
    } catch (error) {
      if (reader.isWhole) {
        watch.whole();
        return;
      }
      if (outer.aborted) throw outer.reason;
      const failure = explain(error, dog);
      if (reader.opened) watch.broke(failure);
      throw failure;
    } finally {
      dog.stop();
    }
  }

  /** After [DONE] the rest is read to its end, briefly, so that the connection can serve again. */
  private mind(dog: Watchdog, reader: ChunkReader): void {
    const ms = reader.done ? AFTER_DONE_MS : reader.isWhole ? AFTER_FINISH_MS : reader.opened ? this.timeouts.betweenTokensMs : this.timeouts.firstTokenMs;
    if (reader.progress === 'words') dog.alive(ms);
    else if (reader.progress === 'thoughts') dog.thinking(ms, this.timeouts.thoughtMs);
    else dog.heard(ms);
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
function explain(error: unknown, dog: Watchdog): UpstreamFailure {
  if (dog.fired) return new UpstreamFailure('timeout');
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof UpstreamFailure) return each;
    if (each instanceof MalformedStream) return new UpstreamFailure('malformed', undefined, undefined, each);
  }
  return new UpstreamFailure('cut', undefined, undefined, error);
}
