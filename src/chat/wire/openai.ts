import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import type { FinishReason, StreamFrame, Usage } from '../stream/run-event.js';
import { together, type WireEncoder, type WireFormat, type WireSubject } from './wire.js';

/** OpenAI's words for how an answer ended; a stop by the user is theirs, too. */
const FINISH_REASON: Readonly<Record<FinishReason, 'stop' | 'length' | 'content_filter'>> = { stop: 'stop', length: 'length', content_filter: 'content_filter', stopped: 'stop' };

/**
 * The stream of the OpenAI API: `chat.completion.chunk` objects, usage in a
 * last chunk without choices when it was asked for, then `[DONE]`. An error is
 * an `error` object, which the official clients throw.
 */
export const openai: WireFormat = {
  name: 'openai',
  contentType: 'text/event-stream; charset=utf-8',
  framePerWrite: false,
  open: (subject) => encoder(subject),
};

function encoder(subject: WireSubject): WireEncoder {
  const head = `data: {"id":"${idOf(subject)}","object":"chat.completion.chunk","created":${subject.createdAt},"model":${JSON.stringify(subject.model)},"choices":`;
  const tail = subject.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  const chunk = (delta: string, finish: string): string => `${head}[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]${tail}`;
  return (frame: StreamFrame) => {
    switch (frame.type) {
      case 'delta':
        return together(chunk(`{"content":${JSON.stringify(frame.content)}}`, 'null'));
      case 'started':
        return together(chunk('{"role":"assistant","content":""}', 'null'));
      case 'done':
        return together(`${chunk('{}', `"${FINISH_REASON[frame.finishReason]}"`)}${subject.includeUsage ? `${head}[],"usage":${JSON.stringify(usageOf(frame.usage))}}\n\n` : ''}data: [DONE]\n\n`);
      case 'error':
      case 'broken':
        return together(`data: ${JSON.stringify({ error: { code: frame.code, message: frame.message, type: ERROR_CATALOGUE[frame.code].type, param: null } })}\n\n`);
      case 'queued':
        return together(`: queued ${frame.position}\n\n`);
      case 'heartbeat':
        return together(': waiting\n\n');
    }
  };
}

/** The body of a completion that was not streamed. */
export function chatCompletion(subject: WireSubject, content: string, finishReason: FinishReason, usage: Usage) {
  return {
    id: idOf(subject),
    object: 'chat.completion' as const,
    created: subject.createdAt,
    model: subject.model,
    choices: [{ index: 0, message: { role: 'assistant' as const, content, refusal: null }, logprobs: null, finish_reason: FINISH_REASON[finishReason] }],
    usage: usageOf(usage),
  };
}

export function usageOf(usage: Usage): { prompt_tokens: number; completion_tokens: number; total_tokens: number } {
  return { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens, total_tokens: usage.promptTokens + usage.completionTokens };
}

function idOf(subject: WireSubject): string {
  return `chatcmpl-${subject.runId}`;
}
