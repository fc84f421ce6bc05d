import { segmentsOf } from './segments.js';
import { TurnBudget } from './turn-budget.js';

/** The tokenizers of OpenAI's models. */
export type Encoding = 'o200k_base' | 'cl100k_base';

type Count = (text: string) => number;

/** Segments between two looks at the clock; a segment takes some 0.1 ms at worst. */
const LOOK_EVERY = 4;

/** Tokens that the chat format adds: 3 a message, 3 that prime the answer. Source: OpenAI cookbook, counting tokens for chat. */
const PER_MESSAGE = 3;
const PRIMING = 3;

const LOADERS: Readonly<Record<Encoding, () => Promise<Count>>> = {
  o200k_base: async () => ordinary((await import('gpt-tokenizer/encoding/o200k_base')).countTokens),
  cl100k_base: async () => ordinary((await import('gpt-tokenizer/encoding/cl100k_base')).countTokens),
};

/** Lets waiting input and output run. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Counts tokens in process, without ever holding the event loop: hostile texts
 * (one character 20,000 times takes the bare tokenizer seconds) are cut, and
 * all who count share a few ms of each turn.
 * Exact for texts with words or punctuation; a few tokens too high for runs of
 * more than 128 units without any.
 */
export class TokenCounter {
  private readonly counts = new Map<Encoding, Promise<Count>>();

  private readonly budget: TurnBudget;

  constructor(yieldTurn: () => Promise<void> = nextTurn, clock: () => number = () => performance.now()) {
    this.budget = new TurnBudget(yieldTurn, clock);
  }

  /** Loads the tables ahead of the first request; a table takes some 300 ms. */
  async warm(encodings: readonly Encoding[]): Promise<void> {
    for (const encoding of encodings) (await this.load(encoding))('warm');
  }

  /** Tokens of a text. Text that looks like a special token counts as the plain text it is. */
  async count(text: string, encoding: Encoding): Promise<number> {
    const count = await this.load(encoding);
    let tokens = 0;
    let looked = 0;
    for (const segment of segmentsOf(text)) {
      // Asked again after the wait: many wake together, and the first may have used up the turn.
      while (looked % LOOK_EVERY === 0 && !this.budget.left) await this.budget.wait();
      looked += 1;
      tokens += count(segment);
    }
    return tokens;
  }

  /** Tokens of a prompt, with what the chat format adds. */
  async countMessages(messages: readonly { readonly content: string }[], encoding: Encoding): Promise<number> {
    let tokens = PRIMING;
    for (const message of messages) tokens += PER_MESSAGE + (await this.count(message.content, encoding));
    return tokens;
  }

  private load(encoding: Encoding): Promise<Count> {
    const loaded = this.counts.get(encoding);
    if (loaded !== undefined) return loaded;
    const loading = LOADERS[encoding]();
    this.counts.set(encoding, loading);
    return loading;
  }
}

function ordinary(countTokens: (text: string, options: { readonly allowedSpecial: Set<string>; readonly disallowedSpecial: Set<string> }) => number): Count {
  const options = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, options);
}

/** The tokenizer of a model. Other makers' models are counted with o200k_base, which is an approximation: their own counts come back as usage. */
export function encodingOf(model: string): Encoding {
  return /^(gpt-4(?![o.\d])|gpt-3\.5)/.test(model) ? 'cl100k_base' : 'o200k_base';
}
