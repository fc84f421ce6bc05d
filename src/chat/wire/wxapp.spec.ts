import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySubject, anyTelling, anyText, mergeWrites } from '../../../test/kit/wire-arbitraries.js';
import { WxappFieldClient } from '../../../test/kit/wxapp-field-client.js';
import { ERROR_CATALOGUE, ERROR_CODES } from '../../platform/errors/index.js';
import { DELTA_LIMIT, type StreamFrame } from '../stream/run-event.js';
import type { WireSubject } from './wire.js';
import { wxappFormat } from './wxapp.js';

const subject: WireSubject = { runId: 'run-1', conversationId: 'con-1', messageId: 'msg-1', model: 'm', createdAt: 1, includeUsage: false };
const usage = { promptTokens: 12, completionTokens: 34 };
const merges = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });

const texts = (frame: StreamFrame): string[] => wxappFormat.open(subject)(frame).map((write) => write.text);

function tell(of: WireSubject, frames: readonly StreamFrame[], how: readonly boolean[]): WxappFieldClient {
  const client = new WxappFieldClient();
  for (const chunk of mergeWrites(frames.flatMap(wxappFormat.open(of)), how)) client.receive(chunk);
  return client;
}

describe('wxappFormat', () => {
  it('tells any text to a client of the five habits, and ends once', () => {
    fc.assert(
      fc.property(anySubject, anyTelling, merges, (of, { text, frames, nextSeq }, how) => {
        const client = tell(of, [...frames, { type: 'done', seq: nextSeq, finishReason: 'stopped', usage }], how);
        expect(client.text).toBe(text);
        expect(client).toMatchObject({ errors: [], ends: 1, unreadable: 0, afterEnd: 0 });
        expect(client.frames[1]).toMatchObject({ seq: 1, run_id: of.runId, conversation_id: of.conversationId ?? null, message_id: of.messageId });
        expect(client.frames.at(-1)).toMatchObject({ done: true, finish_reason: 'stopped', usage: { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 } });
      }),
    );
  });

  it('tells any text and then any error, whose message is read whole, without an end marker', () => {
    fc.assert(
      fc.property(anySubject, anyTelling, merges, fc.constantFrom(...ERROR_CODES), anyText, (of, { text, frames, nextSeq }, how, code, said) => {
        const message = said.slice(0, DELTA_LIMIT);
        const client = tell(of, [...frames, { type: 'error', seq: nextSeq, code, message }], how);
        expect(client.text).toBe(text);
        expect(client.errors).toEqual([{ code: ERROR_CATALOGUE[code].wxapp, msg: message }]);
        expect(client).toMatchObject({ ends: 0, unreadable: 0, afterEnd: 0 });
      }),
    );
  });

  it('writes printable ASCII frames of at most 4 KiB, with none of the loaded words in a payload', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\u0001', '你', '\ud83d', 'e', 'r', 'o'), minLength: DELTA_LIMIT, maxLength: DELTA_LIMIT }), (content) => {
        const [text = ''] = texts({ type: 'delta', seq: Number.MAX_SAFE_INTEGER, content, pace: 1_000 });
        const payload = /^success: (\{.*\})\r\n$/.exec(text)?.[1] ?? '';
        expect(JSON.parse(payload)).toMatchObject({ content, pace: 1_000 });
        expect(payload).toMatch(/^[\x20-\x7e]+$/);
        expect(payload).not.toMatch(/error|success/i);
        expect(text.length).toBeLessThanOrEqual(4_096);
      }),
    );
  });

  it('tells a recall to clients that know it, and nothing to those that do not', () => {
    fc.assert(
      fc.property(anySubject, anyTelling, merges, anyText, (of, { text, frames, nextSeq }, how, said) => {
        const replace = said.slice(0, DELTA_LIMIT);
        const client = tell(of, [...frames, { type: 'recall', seq: nextSeq, fromSeq: 2, replace }, { type: 'done', seq: nextSeq + 1, finishReason: 'content_filter', usage }], how);
        expect(client.text).toBe(text);
        expect(client).toMatchObject({ errors: [], ends: 1, unreadable: 0, afterEnd: 0 });
        expect(client.frames.at(-2)).toEqual({ content: '', seq: nextSeq, recall: { from_seq: 2, replace } });
        const [frame = ''] = texts({ type: 'recall', seq: nextSeq, fromSeq: 2, replace });
        expect(frame).toMatch(/^success: [\x20-\x7e]*\r\n$/);
        expect(frame.length).toBeLessThanOrEqual(4_096);
        expect(frame.slice(1)).not.toMatch(/error|success: /i);
      }),
    );
  });

  it('sets the end marker and an error apart', () => {
    const encode = wxappFormat.open(subject);
    expect(encode({ type: 'done', seq: 3, finishReason: 'stop', usage }).map((write) => write.apart)).toEqual([false, true]);
    expect(encode({ type: 'done', seq: 3, finishReason: 'stop', usage }).at(-1)?.text).toBe('0\r\n\r\n');
    expect(encode({ type: 'error', seq: 3, code: 'insufficient_balance', message: '余额不足' })).toEqual([
      { text: 'event: error\ndata: {"code":101,"msg":"\\u4f59\\u989d\\u4e0d\\u8db3"}\r\n', apart: true },
    ]);
  });

  it('writes signs of life as frames with empty content', () => {
    expect(texts({ type: 'heartbeat' })).toEqual(['success: {"content":""}\r\n']);
    expect(texts({ type: 'queued', position: 2, etaMs: 900 })).toEqual(['success: {"content":"","position":2,"eta_ms":900}\r\n']);
    expect(texts({ type: 'started', seq: 1 })).toEqual([
      'success: {"content":"","seq":1,"run_id":"run-1","conversation_id":"con-1","message_id":"msg-1"}\r\n',
    ]);
  });

  it('cuts an endless error message, not inside a character', () => {
    const [text = ''] = texts({ type: 'error', seq: 2, code: 'internal', message: `${'你'.repeat(DELTA_LIMIT - 1)}😀${'x'.repeat(9_000)}` });
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({ code: 500, msg: '你'.repeat(DELTA_LIMIT - 1) });
  });
});

describe('WxappFieldClient', () => {
  const utf8 = new TextEncoder();
  const after = (...chunks: string[]): WxappFieldClient => {
    const client = new WxappFieldClient();
    for (const chunk of chunks) client.receive(utf8.encode(chunk));
    return client;
  };

  it('has the habits that the format is made for', () => {
    expect(after('success: {"content":"no error"}\r\n').errors).toHaveLength(1);
    expect(after('success: {"content":"a success: b"}\r\n').unreadable).toBeGreaterThan(0);
    expect(after('success: {"content":"你"}\r\n').text).not.toBe('你');
    expect(after('\r\n').ends).toBe(1);
    expect(after('success: {"content":"a"}\r\n0\r\n\r\n')).toMatchObject({ ends: 0, unreadable: 1 });
    expect(after('success: {"content":', '"a"}\r\n').unreadable).toBe(2);
    expect(after('0\r\n\r\n', 'success: {"content":"late"}\r\n').afterEnd).toBe(1);
  });
});
