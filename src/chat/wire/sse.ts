import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import type { StreamFrame } from '../stream/run-event.js';
import { usageOf } from './openai.js';
import { together, type WireEncoder, type WireFormat, type WireSubject } from './wire.js';

/**
 * Server-Sent Events (WHATWG HTML, 9.2) for H5: named events; what is kept in
 * the log carries its seq as the event's id, so that `Last-Event-ID` resumes.
 * JSON escapes every line end, so data never splits.
 */
export const sse: WireFormat = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  framePerWrite: false,
  open: (subject) => encoder(subject),
};

function encoder(subject: WireSubject): WireEncoder {
  return (frame: StreamFrame) => {
    switch (frame.type) {
      case 'delta': {
        const pace = frame.pace === undefined ? '' : `,"pace":${frame.pace}`;
        return together(`event: delta\nid: ${frame.seq}\ndata: {"seq":${frame.seq},"content":${JSON.stringify(frame.content)}${pace}}\n\n`);
      }
      case 'started':
        return event('started', frame.seq, { run_id: subject.runId, conversation_id: subject.conversationId ?? null, message_id: subject.messageId, model: subject.model });
      case 'done':
        return event('done', frame.seq, { finish_reason: frame.finishReason, usage: usageOf(frame.usage) });
      case 'error':
        return event('error', frame.seq, { code: frame.code, message: frame.message, type: ERROR_CATALOGUE[frame.code].type });
      case 'broken':
        return together(`event: error\ndata: ${JSON.stringify({ code: frame.code, message: frame.message, type: ERROR_CATALOGUE[frame.code].type })}\n\n`);
      case 'queued':
        return together(`event: queued\ndata: ${JSON.stringify({ position: frame.position, eta_ms: frame.etaMs, run_id: subject.runId })}\n\n`);
      case 'heartbeat':
        return together(': waiting\n\n');
    }
  };
}

function event(name: string, seq: number, data: Readonly<Record<string, unknown>>): ReturnType<typeof together> {
  return together(`event: ${name}\nid: ${seq}\ndata: ${JSON.stringify({ seq, ...data })}\n\n`);
}
