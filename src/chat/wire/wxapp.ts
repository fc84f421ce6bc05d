import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import { DELTA_LIMIT, type StreamFrame } from '../stream/run-event.js';
import { asciiJsonString, asciiJsonText } from './ascii-json.js';
import { billJson, usageJson } from './usage-json.js';
import type { WireEncoder, WireFormat, WireSubject, WireWrite } from './wire.js';

/** Closes an answer that ended well. A write of its own: clients compare the whole chunk with zero. */
const END: WireWrite = { text: '0\r\n\r\n', apart: true };

const success = (fields: string): WireWrite => ({ text: `success: {"content":""${fields}}\r\n`, apart: false });
const HEARTBEAT = [success('')];

/**
 * The format that mini-program templates in the field parse, for
 * `wx.request({ enableChunked: true })`. Their clients (a) take each network
 * chunk for whole frames, (b) take a chunk for an error when `error` occurs in
 * it after its first character, (c) split on `success: `, (d) take a chunk that
 * equals zero or is blank for the end, (e) have no reliable UTF-8 decoder. So:
 * one frame per write, at most 4 KiB, printable ASCII, none of those words in a
 * payload, and the end marker apart from everything.
 *
 * An error is itself the end: no marker follows it and the response is closed.
 * Merged with the error by the network, a marker would make the error's JSON
 * unreadable, and the client would show nothing instead of "log in" or "top up".
 */
export const wxappFormat: WireFormat = {
  name: 'wxapp',
  // Not quite SSE, but proxies leave this type uncompressed and unbuffered, and it is what servers of the field send.
  contentType: 'text/event-stream; charset=utf-8',
  open: (subject) => encoderFor(subject),
};

function encoderFor(subject: WireSubject): WireEncoder {
  return (frame: StreamFrame): readonly WireWrite[] => {
    switch (frame.type) {
      case 'delta': {
        const pace = frame.pace === undefined ? '' : `,"pace":${frame.pace}`;
        return [{ text: `success: {"content":"${asciiJsonText(frame.content)}","seq":${frame.seq}${pace}}\r\n`, apart: false }];
      }
      case 'recall':
        return [success(`,"seq":${frame.seq},"recall":{"from_seq":${frame.fromSeq},"replace":"${asciiJsonText(frame.replace)}"}`)];
      case 'started':
        return [success(`,"seq":${frame.seq}${identity(subject)}`)];
      case 'done': {
        const usage = JSON.stringify(usageJson(frame.usage));
        const bill = frame.bill === undefined ? '' : `,${JSON.stringify(billJson(frame.bill)).slice(1, -1)}`;
        return [success(`,"seq":${frame.seq},"done":true,"finish_reason":"${frame.finishReason}","usage":${usage}${bill}`), END];
      }
      case 'error':
      case 'broken': {
        const { wxapp } = ERROR_CATALOGUE[frame.code];
        return [{ text: `event: error\ndata: {"code":${wxapp},"msg":"${asciiJsonText(clip(frame.message))}"}\r\n`, apart: true }];
      }
      case 'queued':
        return [success(`,"position":${frame.position},"eta_ms":${frame.etaMs}`)];
      case 'heartbeat':
        return HEARTBEAT;
    }
  };
}

function identity(subject: WireSubject): string {
  const conversation = subject.conversationId === undefined ? 'null' : asciiJsonString(subject.conversationId);
  return `,"run_id":${asciiJsonString(subject.runId)},"conversation_id":${conversation},"message_id":${asciiJsonString(subject.messageId)}`;
}

/** Keeps an error frame below 4 KiB as well, without half a character at its end. */
function clip(message: string): string {
  if (message.length <= DELTA_LIMIT) return message;
  const last = message.charCodeAt(DELTA_LIMIT - 1);
  return message.slice(0, last >= 0xd800 && last <= 0xdbff ? DELTA_LIMIT - 1 : DELTA_LIMIT);
}
