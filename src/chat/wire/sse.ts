import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import type { StreamFrame } from '../stream/run-event.js';
import { lineJson } from './line-json.js';
import { billJson, usageJson } from './usage-json.js';
import type { WireEncoder, WireFormat, WireSubject, WireWrite } from './wire.js';

const write = (text: string): readonly WireWrite[] => [{ text, apart: false }];
const event = (name: string, seq: number, data: string): readonly WireWrite[] => write(`event: ${name}\nid: ${seq}\ndata: ${data}\n\n`);

const HEARTBEAT = write(': heartbeat\n\n');

/**
 * Named server-sent events for H5 (WHATWG HTML, "Server-sent events"). What the
 * log keeps carries its `seq` as `id`, so that a browser's `Last-Event-ID`
 * resumes; signs of life carry none and leave the client's last id as it is.
 * An `EventSource` connects again after the end of a response: the one who serves
 * the stream answers 204 to a `Last-Event-ID` that names the terminal event.
 */
export const sseFormat: WireFormat = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  open: (subject) => encoderFor(subject),
};

function encoderFor(subject: WireSubject): WireEncoder {
  return (frame: StreamFrame): readonly WireWrite[] => {
    switch (frame.type) {
      case 'delta': {
        const pace = frame.pace === undefined ? '' : `,"pace":${frame.pace}`;
        return event('delta', frame.seq, `{"seq":${frame.seq},"content":${lineJson(frame.content)}${pace}}`);
      }
      case 'recall':
        return event('recall', frame.seq, `{"seq":${frame.seq},"from_seq":${frame.fromSeq},"replace":${lineJson(frame.replace)}}`);
      case 'started':
        return event('started', frame.seq, lineJson({
          seq: frame.seq,
          run_id: subject.runId,
          conversation_id: subject.conversationId ?? null,
          message_id: subject.messageId,
          model: subject.model,
        }));
      case 'done':
        return event('done', frame.seq, lineJson({ seq: frame.seq, finish_reason: frame.finishReason, usage: usageJson(frame.usage), ...billJson(frame.bill) }));
      case 'error': {
        const { type } = ERROR_CATALOGUE[frame.code];
        return event('error', frame.seq, lineJson({ seq: frame.seq, code: frame.code, message: frame.message, type }));
      }
      case 'broken': {
        const { type } = ERROR_CATALOGUE[frame.code];
        return write(`event: error\ndata: ${lineJson({ code: frame.code, message: frame.message, type })}\n\n`);
      }
      case 'queued':
        return write(`event: queued\ndata: {"position":${frame.position},"eta_ms":${frame.etaMs}}\n\n`);
      case 'heartbeat':
        return HEARTBEAT;
    }
  };
}
