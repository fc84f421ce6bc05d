import type { Config } from '../../platform/config/index.js';
import type { CallWatch } from '../stream/call-watch.js';
import { chain } from '../stream/chain.js';
import { SurrogateJoiner, type DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { UpstreamRequest } from '../stream/request.js';
import { Watchdog } from '../stream/timeouts.js';
import type { AnswerPart } from './engine/answer-channel.js';
import type { LocalAnswer, LocalEngine } from './local-engine.process.js';

/** Talks to a model that a child process of ours serves; to its caller the same as `OpenAiClient`. */
export class LocalClient {
  constructor(private readonly engine: LocalEngine, private readonly timeouts: Pick<Config['upstreamTimeouts'], 'firstTokenMs' | 'betweenTokensMs'>) {}

  /**
   * Opens the stream and waits for its first batch with words in it, so that a retry is still possible when there is none.
   * The time in the queue and for loading the model has bounds of its own; the first token is due after it.
   * @throws UpstreamFailure, also from the iterator: `connect` not available now, `rate_limited` no room, `context_length`, `timeout`,
   *   `cut` the process died, `server` the engine failed, `empty` the model said nothing; the signal's reason when the caller aborted.
   */
  async open(request: UpstreamRequest, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>> {
    const answer = await this.engine.open(request, signal);
    const dog = new Watchdog(this.timeouts.firstTokenMs, signal);
    // Also where nobody comes to read the rest: the place in the engine is for the next one.
    dog.signal.addEventListener('abort', () => answer.close(), { once: true });
    const stream = this.batches(answer, dog, signal, watch);
    return chain(await stream.next(), stream);
  }

  private async *batches(answer: LocalAnswer, dog: Watchdog, outer: AbortSignal, watch: CallWatch): AsyncGenerator<DeltaBatch> {
    const joiner = new SurrogateJoiner();
    let spoke = false;
    try {
      for (;;) {
        const part = await answer.next(dog.signal);
        dog.alive(this.timeouts.betweenTokensMs);
        const batch = read(part, joiner);
        if (batch.contents.length === 0 && batch.finishReason === undefined) continue;
        // There are none, but they say that the call was accepted.
        if (!spoke) watch.headers({});
        if (batch.usage !== undefined) watch.usage(batch.usage);
        if (!spoke && saysNothing(batch)) throw new UpstreamFailure('empty');
        spoke = true;
        if (batch.finishReason !== undefined) watch.whole();
        yield batch;
        if (batch.finishReason !== undefined) return;
      }
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      const failure = dog.fired ? new UpstreamFailure('timeout') : error;
      if (spoke) watch.broke(failure instanceof UpstreamFailure ? failure : new UpstreamFailure('server', undefined, undefined, failure));
      throw failure;
    } finally {
      dog.stop();
      answer.close();
    }
  }
}

/** Whether the model ended before its first word. Its end is a token, too; where there are more, they were thoughts. */
function saysNothing({ contents, finishReason, usage }: DeltaBatch): boolean {
  return contents.length === 0 && finishReason === 'stop' && (usage?.completionTokens ?? 0) <= 1;
}

function read({ texts, end }: AnswerPart, joiner: SurrogateJoiner): DeltaBatch {
  const contents = texts.map((text) => joiner.push(text)).filter((text) => text !== '');
  if (end === undefined) return { contents };
  // The words that came with the failure are shown first: the reader finds the end again.
  if (contents.length > 0 && end.type !== 'done') return { contents };
  if (end.type === 'died') throw new UpstreamFailure('cut');
  if (end.type === 'failed') throw new UpstreamFailure(end.reason === 'context_length' ? 'context_length' : 'server', undefined, undefined, new Error(end.message));
  const tail = joiner.end();
  // An answer that we cancelled has no reader; were there one, it must not take it for whole.
  if (end.finishReason === 'cancelled') throw new UpstreamFailure('cut');
  return { contents: tail === '' ? contents : [...contents, tail], finishReason: end.finishReason, usage: end.usage, last: true };
}
