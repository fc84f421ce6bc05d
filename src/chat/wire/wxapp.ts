import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import type { StreamFrame } from '../stream/run-event.js';
import { asciiJson } from './ascii-json.js';
import { usageOf } from './openai.js';
import { together, type WireEncoder, type WireFormat, type WireSubject, type WireWrite } from './wire.js';

/**
 * What mini-program templates in the field parse (`wx.request` with
 * `enableChunked`): lines `success: {"content":"…"}`, closed by `0`. Those
 * clients take a network chunk for whole frames, for an error when the word
 * occurs in it after its first character, and for the end when it equals zero
 * or is blank; they split on `success: ` and decode bytes as they come. So:
 * ASCII only, neither word inside a payload, signs of life as frames without
 * content, and errors and the end mark each in a chunk of its own.
 */
export const wxapp: WireFormat = {
  name: 'wxapp',
  contentType: 'text/plain; charset=utf-8',
  framePerWrite: true,
  open: (subject) => encoder(subject),
};

const END_MARK: WireWrite = { text: '0\r\n\r\n', apart: true };

function encoder(subject: WireSubject): WireEncoder {
  return (frame: StreamFrame) => {
    switch (frame.type) {
      case 'delta':
        return frameOf({ content: frame.content, seq: frame.seq, ...(frame.pace === undefined ? {} : { pace: frame.pace }) });
      case 'started':
        return frameOf({ content: '', seq: frame.seq, run_id: subject.runId, conversation_id: subject.conversationId ?? null, message_id: subject.messageId, model: subject.model });
      case 'done':
        return [...frameOf({ content: '', seq: frame.seq, done: true, finish_reason: frame.finishReason, usage: usageOf(frame.usage) }), END_MARK];
      case 'error':
        // Its code tells the client what to do; the stream then closes without an end mark, which would read as an answer that is whole.
        return [{ text: `event: error\ndata: ${asciiJson({ code: ERROR_CATALOGUE[frame.code].wxapp, msg: frame.message, seq: frame.seq })}\r\n`, apart: true }];
      case 'broken':
        return [{ text: `event: error\ndata: ${asciiJson({ code: ERROR_CATALOGUE[frame.code].wxapp, msg: frame.message })}\r\n`, apart: true }];
      case 'queued':
        return frameOf({ content: '', queued: { position: frame.position, eta_ms: frame.etaMs }, run_id: subject.runId });
      case 'heartbeat':
        return frameOf({ content: '' });
    }
  };
}

function frameOf(payload: Readonly<Record<string, unknown>>): readonly WireWrite[] {
  return together(`success: ${asciiJson(payload)}\r\n`);
}
