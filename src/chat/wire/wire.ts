import type { StreamFrame } from '../stream/run-event.js';

/** What an encoder must know of the run that it writes. */
export interface WireSubject {
  readonly runId: string;
  readonly conversationId: string | undefined;
  /** The id that the answer has, or will have, in the history. */
  readonly messageId: string;
  /** What the client is told that the model is called: its public name, or the alias that hides it. */
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

/** The writes that tell one frame; each is one whole frame of the format. */
export type WireEncoder = (frame: StreamFrame) => readonly WireWrite[];

/** The names that `format=` takes. */
export const WIRE_NAMES = ['openai', 'sse', 'wxapp'] as const;
export type WireName = (typeof WIRE_NAMES)[number];

/** A way to tell a run to a client. Pure: no clock, no I/O. */
export interface WireFormat {
  readonly name: WireName;
  readonly contentType: string;
  /**
   * Prepares what is the same in every frame of the run. The encoder keeps
   * nothing between frames, so that a resumed stream, on any node, is byte for
   * byte the rest of an unbroken one.
   */
  open(subject: WireSubject): WireEncoder;
}
