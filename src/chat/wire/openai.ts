import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import type { FinishReason, StreamFrame, Usage } from '../stream/run-event.js';
import { lineJson } from './line-json.js';
import { usageJson, type UsageJson } from './usage-json.js';
import type { WireEncoder, WireFormat, WireSubject, WireWrite } from './wire.js';

/** The finish reasons that OpenAI clients know; the user's own stop is a `stop`. */
export type OpenAiFinishReason = Exclude<FinishReason, 'stopped'>;

/** The body of an answer that is not streamed (OpenAI API reference, "The chat completion object"). */
export interface ChatCompletion {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: {
    readonly index: 0;
    readonly message: { readonly role: 'assistant'; readonly content: string; readonly refusal: null };
    readonly logprobs: null;
    readonly finish_reason: OpenAiFinishReason;
  }[];
  readonly usage: UsageJson;
}

const finishReasonOf = (reason: FinishReason): OpenAiFinishReason => (reason === 'stopped' ? 'stop' : reason);
const completionId = (subject: WireSubject): string => `chatcmpl-${subject.runId}`;
const write = (text: string): WireWrite => ({ text, apart: false });

const HEARTBEAT = [write(': heartbeat\n\n')];
const DONE = write('data: [DONE]\n\n');

/**
 * The stream of `POST /v1/chat/completions` (OpenAI API reference, "The chat
 * completion chunk object"). With `include_usage` every chunk carries
 * `usage: null` and one without choices brings the numbers at the end.
 *
 * An error is a `data:` line with the usual error body. The stock client throws
 * its APIError there and reads no further; `[DONE]` follows for those that wait for it.
 */
export const openaiFormat: WireFormat = {
  name: 'openai',
  contentType: 'text/event-stream; charset=utf-8',
  open: (subject) => encoderFor(subject),
};

/** One answer as a whole, for a caller that did not ask for a stream. */
export function chatCompletion(subject: WireSubject, content: string, finishReason: FinishReason, usage: Usage): ChatCompletion {
  return {
    id: completionId(subject),
    object: 'chat.completion',
    created: subject.createdAt,
    model: subject.model,
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: finishReasonOf(finishReason) },
    ],
    usage: usageJson(usage),
  };
}

function encoderFor(subject: WireSubject): WireEncoder {
  const { createdAt: created, model } = subject;
  const head = lineJson({ id: completionId(subject), object: 'chat.completion.chunk', created, model }).slice(0, -1);
  const beforeDelta = `data: ${head},"choices":[{"index":0,"delta":`;
  const afterChoices = subject.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const beforeContent = `${beforeDelta}{"content":`;
  const afterContent = `},"logprobs":null,"finish_reason":null}${afterChoices}`;

  return (frame: StreamFrame): readonly WireWrite[] => {
    switch (frame.type) {
      case 'delta':
        return [write(beforeContent + lineJson(frame.content) + afterContent)];
      case 'recall':
        // The API has no words for it: that the answer was filtered is told by its finish_reason.
        return [];
      case 'started':
        return [write(`${beforeDelta}{"role":"assistant","content":""${afterContent}`)];
      case 'done': {
        const finish = `${beforeDelta}{},"logprobs":null,"finish_reason":"${finishReasonOf(frame.finishReason)}"}${afterChoices}`;
        if (!subject.includeUsage) return [write(finish), DONE];
        const usage = `data: ${head},"choices":[],"usage":${lineJson(usageJson(frame.usage))}}\n\n`;
        return [write(finish), write(usage), DONE];
      }
      case 'error':
      case 'broken': {
        const { type } = ERROR_CATALOGUE[frame.code];
        return [write(`data: ${lineJson({ error: { message: frame.message, type, param: null, code: frame.code } })}\n\n`), DONE];
      }
      case 'queued':
        return [write(`: queued position=${frame.position} eta_ms=${frame.etaMs}\n\n`)];
      case 'heartbeat':
        return HEARTBEAT;
    }
  };
}
