import { CheckFailed, type CheckSubject, type Checker, type Finding } from './checker.js';
import { Circuit, type CallEnd, type CircuitOptions } from './circuit.js';
import { Gathering } from './gathering.js';
import { ModerationEndpoint, type ModerationEndpointOptions, type Scored } from './moderation-endpoint.client.js';
import { piecesOf } from './pieces.js';
import { findingOf } from './scores.js';

/** Long texts are judged in pieces: a short offence would drown in a long text. */
const PIECE = { length: 8_000, overlap: 200 } as const;
const GATHER = { waitMs: 5, mostItems: 32, mostWeight: 100_000, mostWaiting: 5_000 } as const;
/** Whoever waited for so long left because it was slow. */
const SLOW_MS = 1_000;
const CIRCUIT: CircuitOptions = { failures: 5, share: 0.5, calls: 20, windowMs: 10_000, openMs: 1_000, longestMs: 15_000, probeMs: 31_000 };

/** Layer 3: an OpenAI-compatible moderation endpoint. Without one it covers nobody. */
export class OpenAiChecker implements Checker {
  readonly layer = 'openai';
  private readonly endpoint: ModerationEndpoint | undefined;
  private readonly gathering: Gathering<string, Scored>;
  private readonly circuit = new Circuit(CIRCUIT);

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
    const began = performance.now();
    if (this.endpoint === undefined) throw new CheckFailed('unreachable', 'no endpoint is configured');
    const passage = this.circuit.enter(performance.now());
    if (passage === 'refused') throw new CheckFailed('open', 'the endpoint failed again and again');
    let end: CallEnd = 'worked';
    try {
      return await this.endpoint.score(texts, signal);
    } catch (error) {
      end = endOf(error, performance.now() - began);
      throw error;
    } finally {
      this.circuit.leave(passage, end, performance.now());
    }
  }
}

/** What a failed call says of the endpoint. That a text was refused is an answer, which nobody may write to shut the layer up; a caller whose patience was over says that it is slow, unless the caller has little: the circuit is everybody's. */
function endOf(error: unknown, tookMs: number): CallEnd {
  if (error instanceof CheckFailed) return error.failure === 'malformed' ? 'worked' : 'failed';
  return isTimeout(error) && tookMs >= SLOW_MS ? 'failed' : 'abandoned';
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
