import type { StreamFrame } from '../stream/run-event.js';

/** What an encoder must know of the run that it writes. */
export interface WireSubject {
  readonly runId: string;
  readonly conversationId: string | undefined;
  /** The id that the answer has, or will have, in the history. */
  readonly messageId: string;
  /** Public model name. */
  readonly model: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** `openai` only: the caller asked for `stream_options.include_usage`. */
  readonly includeUsage: boolean;
}

/** One write to the socket. */
export interface WireWrite {
  readonly text: string;
  /** Must reach the client in a chunk of its own: everything before it is flushed first, and given time to leave. */
  readonly apart: boolean;
}

/** A wire format: pure, without state between frames, so that a resumed stream is byte for byte the rest of an unbroken one. */
export interface WireFormat {
  readonly name: 'openai' | 'sse' | 'wxapp';
  readonly contentType: string;
  /** The writes that tell `frame`; each is one whole frame of the format. */
  encode(subject: WireSubject, frame: StreamFrame): readonly WireWrite[];
}
