/** Fingerprint field of every answer: says that no model was asked. */
export const FINGERPRINT = 'fp_bailiao_simulator';

/** Usage in OpenAI's shape. Completion tokens = emitted pieces; prompt tokens = 4 a message + half its UTF-16 units, rounded up. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** Where a frame's text is split around the piece; computed once a stream, so that a frame costs one concatenation. */
export interface FrameShape {
  readonly before: string;
  readonly after: string;
  /** Bytes of both in UTF-8. */
  readonly bytes: number;
}

/** Builds the server-sent frames of one streamed answer, in the shape of OpenAI's `chat.completion.chunk`. */
export class Frames {
  readonly content: FrameShape;
  readonly reasoning: FrameShape;
  readonly #head: string;
  readonly #tail: string;
  readonly #end: string;

  constructor(id: string, created: number, model: string, withUsage: boolean, lineEnd: 'lf' | 'crlf') {
    this.#end = lineEnd === 'crlf' ? '\r\n\r\n' : '\n\n';
    this.#head = `data: {"id":"${id}","object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},"system_fingerprint":"${FINGERPRINT}",`;
    // With include_usage the API puts a null usage into every chunk but the last.
    this.#tail = `${withUsage ? ',"usage":null' : ''}}${this.#end}`;
    this.content = this.#shape('content');
    this.reasoning = this.#shape('reasoning_content');
  }

  #shape(field: string): FrameShape {
    const before = `${this.#head}"choices":[{"index":0,"delta":{"${field}":`;
    const after = `},"logprobs":null,"finish_reason":null}]${this.#tail}`;
    return { before, after, bytes: Buffer.byteLength(before) + Buffer.byteLength(after) };
  }

  /** The first frame: names the role. */
  role(): string {
    return `${this.#head}"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]${this.#tail}`;
  }

  /** The last frame of the choice. */
  finish(reason: string): string {
    return `${this.#head}"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":${JSON.stringify(reason)}}]${this.#tail}`;
  }

  /** The frame without choices that carries the usage. */
  usage(usage: Usage): string {
    return `${this.#head}"choices":[],"usage":${JSON.stringify(usage)}}${this.#end}`;
  }

  /** An error after the stream has begun. */
  error(): string {
    return `data: {"error":{"message":"The simulator was told to fail inside the stream.","type":"server_error","param":null,"code":"server_error"}}${this.#end}`;
  }

  /** A data line that is no JSON. */
  malformed(): string {
    return `${this.#head}"choices":[{"index":0,"delta":{"content":"${this.#end}`;
  }

  comment(): string {
    return `: keep-alive${this.#end}`;
  }

  done(): string {
    return `data: [DONE]${this.#end}`;
  }
}
