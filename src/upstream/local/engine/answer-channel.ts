import type { AnswerEnd } from './messages.js';

/** What of an answer has arrived since the last look. `end` is absent while more may come. */
export interface AnswerPart {
  readonly texts: readonly string[];
  readonly end?: AnswerEnd | { readonly type: 'died' };
}

/** An answer on its way from the engine's process to its one reader. Bounded by the answer's own `maxTokens`. */
export class AnswerChannel {
  private texts: string[] = [];
  private end: AnswerPart['end'];
  private wake: (() => void) | undefined;
  private tellEnded!: () => void;
  /** Resolves when the engine is done with it, well or not. */
  readonly whenEnded = new Promise<void>((resolve) => (this.tellEnded = resolve));

  get ended(): boolean {
    return this.end !== undefined;
  }

  push(text: string): void {
    this.texts.push(text);
    this.wake?.();
  }

  finish(end: NonNullable<AnswerPart['end']>): void {
    this.end ??= end;
    this.tellEnded();
    this.wake?.();
  }

  /**
   * Waits for something to arrive, and gives all of it.
   * @throws the signal's reason
   */
  async next(signal: AbortSignal): Promise<AnswerPart> {
    if (this.texts.length === 0 && this.end === undefined) await this.arrival(signal);
    signal.throwIfAborted();
    const texts = this.texts;
    this.texts = [];
    return this.end === undefined ? { texts } : { texts, end: this.end };
  }

  private async arrival(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let wake = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (wake = resolve));
    this.wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    try {
      await arrived;
    } finally {
      this.wake = undefined;
      signal.removeEventListener('abort', wake);
    }
  }
}
