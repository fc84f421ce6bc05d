import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseReader } from '../../../test/kit/sse-reader.js';
import { anySubject, anyTelling, anyText, cutAnywhere } from '../../../test/kit/wire-arbitraries.js';
import { ERROR_CATALOGUE, ERROR_CODES } from '../../platform/errors/index.js';
import type { StreamFrame } from '../stream/run-event.js';
import { sseFormat } from './sse.js';
import type { WireSubject } from './wire.js';

const subject: WireSubject = { runId: 'run-1', conversationId: undefined, messageId: 'msg-1', model: 'm', createdAt: 1, includeUsage: false };
const usage = { promptTokens: 1, completionTokens: 2 };
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

const texts = (frame: StreamFrame): string[] => sseFormat.open(subject)(frame).map((write) => write.text);

function tell(of: WireSubject, frames: readonly StreamFrame[], cuts: readonly number[]): SseReader {
  const reader = new SseReader();
  for (const chunk of cutAnywhere(frames.flatMap(sseFormat.open(of)), cuts)) reader.receive(chunk);
  return reader;
}

interface Data {
  readonly seq?: number;
  readonly content?: string;
}
const dataOf = (reader: SseReader, name: string): Data[] => reader.events.filter(({ event }) => event === name).map(({ data }) => data as Data);

describe('sseFormat', () => {
  it('tells any text through any cut, with the seq of every kept event as its id', () => {
    fc.assert(
      fc.property(anySubject, anyTelling, sizes, (of, { text, frames, nextSeq }, cuts) => {
        const reader = tell(of, [...frames, { type: 'done', seq: nextSeq, finishReason: 'length', usage }], cuts);
        expect(dataOf(reader, 'delta').map(({ content }) => content).join('')).toBe(text);
        for (const { event, lastEventId, data } of reader.events) {
          expect(lastEventId).toBe(event === 'queued' ? '' : String((data as Data).seq));
        }
        expect(dataOf(reader, 'started')).toEqual([
          { seq: 1, run_id: of.runId, conversation_id: of.conversationId ?? null, message_id: of.messageId, model: of.model },
        ]);
        expect(dataOf(reader, 'done')).toEqual([{ seq: nextSeq, finish_reason: 'length', usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }]);
      }),
    );
  });

  it('keeps valid JSON on one line for any content and any error message, lone surrogates too', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...ERROR_CODES), (text, code) => {
        const [delta = ''] = texts({ type: 'delta', seq: 7, content: text });
        const [failure = ''] = texts({ type: 'error', seq: 8, code, message: text });
        expect(delta.split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(5);
        expect(JSON.parse(delta.slice(delta.indexOf('{')))).toEqual({ seq: 7, content: text });
        expect(JSON.parse(failure.slice(failure.indexOf('{')))).toEqual({ seq: 8, code, message: text, type: ERROR_CATALOGUE[code].type });
      }),
    );
  });

  it('writes each frame as documented', () => {
    expect(texts({ type: 'delta', seq: 7, content: '你\n' })).toEqual(['event: delta\nid: 7\ndata: {"seq":7,"content":"你\\n"}\n\n']);
    expect(texts({ type: 'delta', seq: 7, content: 'a', pace: 30 })).toEqual(['event: delta\nid: 7\ndata: {"seq":7,"content":"a","pace":30}\n\n']);
    expect(texts({ type: 'recall', seq: 9, fromSeq: 7, replace: '已\n撤回' })).toEqual(['event: recall\nid: 9\ndata: {"seq":9,"from_seq":7,"replace":"已\\n撤回"}\n\n']);
    expect(texts({ type: 'queued', position: 2, etaMs: 900 })).toEqual(['event: queued\ndata: {"position":2,"eta_ms":900}\n\n']);
    expect(texts({ type: 'heartbeat' })).toEqual([': heartbeat\n\n']);
  });
});
