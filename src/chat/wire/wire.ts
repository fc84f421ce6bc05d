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

/** One write to the socket: one whole frame of the format. */
export interface WireWrite {
  readonly text: string;
  /** Must reach the client in a chunk of its own: it is kept apart from its neighbours in time. */
  readonly apart: boolean;
}

export type WireFormatName = 'openai' | 'sse' | 'wxapp';

/** Tells frames in a format. Keeps no state between frames, so that a resumed stream is byte for byte the rest of an unbroken one. */
export type WireEncoder = (frame: StreamFrame) => readonly WireWrite[];

/** A wire format: pure. */
export interface WireFormat {
  readonly name: WireFormatName;
  readonly contentType: string;
  /** Each frame must be a write of its own, and may not be merged with others into one. */
  readonly framePerWrite: boolean;
  /** An encoder for one run; what is the same in all frames is prepared once. */
  open(subject: WireSubject): WireEncoder;
}

/** A plain write. */
export function together(text: string): readonly WireWrite[] {
  return text === '' ? [] : [{ text, apart: false }];
}
