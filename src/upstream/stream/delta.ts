/** Tokens as the upstream counted them. */
export interface UpstreamUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Part of the prompt that came from the upstream's cache. */
  readonly cachedTokens: number;
  /** Part of the completion that was thought and not shown. */
  readonly reasoningTokens: number;
}

/** What arrived in one network read: pieces of the answer, and on the last batch how it ended. */
export interface DeltaBatch {
  readonly contents: readonly string[];
  /** OpenAI's `finish_reason`, once it was said. */
  readonly finishReason?: string;
  readonly usage?: UpstreamUsage;
  /** The upstream said that there are no more words. Absent where it only ends. */
  readonly last?: true;
}

/**
 * Keeps surrogate pairs whole: some upstreams send an emoji as two deltas of
 * half a character each. An unpaired half becomes U+FFFD.
 */
export class SurrogateJoiner {
  private held = '';

  push(content: string): string {
    const text = this.held + content;
    this.held = '';
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.held = text.slice(-1);
      return text.slice(0, -1).toWellFormed();
    }
    return text.isWellFormed() ? text : text.toWellFormed();
  }

  /** What is left at the end. */
  end(): string {
    const rest = this.held;
    this.held = '';
    return rest === '' ? '' : '\uFFFD';
  }
}
