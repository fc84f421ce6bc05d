import { StreamedAnswer } from './streamed-answer.js';

export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What an API answers is for the test to look into.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly text: string;
}

/** A client of the platform's HTTP API, as any program would be. */
export class Api {
  constructor(readonly url: string) {}

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const response = await this.send(method, path, options);
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('application/json');
    return { status: response.status, headers: response.headers, text, body: json && text !== '' ? JSON.parse(text) : undefined };
  }

  get(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post(path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', path, body === undefined ? options : { ...options, body });
  }

  /** A call whose answer must be good; gives its body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  async ok(method: string, path: string, options: CallOptions = {}): Promise<any> {
    const answer = await this.call(method, path, options);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  /** Opens a streamed answer. */
  async stream(method: string, path: string, options: CallOptions = {}): Promise<StreamedAnswer> {
    const leave = new AbortController();
    const signal = options.signal === undefined ? leave.signal : AbortSignal.any([leave.signal, options.signal]);
    return new StreamedAnswer(await this.send(method, path, { ...options, signal }), leave);
  }

  private send(method: string, path: string, options: CallOptions): Promise<Response> {
    const content = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    return fetch(this.url + path, {
      method,
      headers: {
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...options.headers,
      },
      ...(content === undefined ? {} : { body: content }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }
}
