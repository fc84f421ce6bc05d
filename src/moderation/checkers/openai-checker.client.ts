import { CheckFailed, type CheckSubject, type Checker, type Finding } from './checker.js';
import { CheckBreaker } from './check-breaker.js';
import { Gathering } from './gathering.js';
import { ModerationEndpoint, type ModerationEndpointOptions, type Scored } from './moderation-endpoint.client.js';
import { piecesOf } from './pieces.js';
import { findingOf } from './scores.js';

/** Long texts are judged in pieces: a short offence would drown in a long text. */
const PIECE = { length: 8_000, overlap: 200 } as const;
const GATHER = { waitMs: 5, mostItems: 32, mostWeight: 100_000, mostWaiting: 5_000 } as const;
const BREAKER = { failures: 5, openMs: 1_000, longestMs: 15_000 } as const;

/** Layer 3: an OpenAI-compatible moderation endpoint. Without one it covers nobody. */
export class OpenAiChecker implements Checker {
  readonly layer = 'openai';
  private readonly endpoint: ModerationEndpoint | undefined;
  private readonly gathering: Gathering<string, Scored>;
  private readonly breaker = new CheckBreaker({ ...BREAKER, clock: () => performance.now() });

  constructor(options: ModerationEndpointOptions | undefined) {
    this.endpoint = options === undefined ? undefined : new ModerationEndpoint(options);
    this.gathering = new Gathering<string, Scored>(
      { ...GATHER, weigh: (text) => text.length, refusal: () => new CheckFailed('busy', 'too many texts wait'), isOneItemsFault: (error) => error instanceof CheckFailed && error.failure === 'malformed' },
      (texts, signal) => this.send(texts, signal),
    );
  }

  get configured(): boolean {
    return this.endpoint !== undefined;
  }

  async covers(): Promise<boolean> {
    return this.configured;
  }

  async check({ thresholds }: CheckSubject, texts: readonly string[], signal: AbortSignal): Promise<Finding> {
    signal.throwIfAborted();
    const pieces = texts.flatMap((text) => piecesOf(text, PIECE.length, PIECE.overlap));
    const scored = await this.gathering.ask(pieces, signal);
    return findingOf(scored.map(({ scores }) => scores), thresholds, scored[0]?.model ?? 'none');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.endpoint?.close();
  }

  private async send(texts: readonly string[], signal: AbortSignal): Promise<readonly Scored[]> {
    if (this.endpoint === undefined) throw new CheckFailed('unreachable', 'no endpoint is configured');
    if (!this.breaker.admits()) throw new CheckFailed('open', 'the endpoint failed again and again');
    try {
      const scored = await this.endpoint.score(texts, signal);
      this.breaker.succeeded();
      return scored;
    } catch (error) {
      this.note(error);
      throw error;
    }
  }

  /** A text that was refused says nothing of the endpoint; a caller whose patience was over says that it is slow. */
  private note(error: unknown): void {
    if (error instanceof CheckFailed ? error.failure === 'malformed' : !isTimeout(error)) this.breaker.abandoned();
    else this.breaker.failedOnce();
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
