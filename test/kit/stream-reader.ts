/** One event of a stream in the `sse` format. */
export interface SseEvent {
  readonly event: string;
  readonly id: string | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the test looks into it
  readonly data: any;
  /** The bytes of the event as they came, its blank line included. */
  readonly raw: string;
}

/** Reads a streamed answer; an event at a time, or whole. */
export class StreamReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private readonly decoder = new TextDecoder();
  private rest = '';
  private over = false;

  constructor(readonly response: Response, private readonly leaving: AbortController) {
    this.reader = response.body?.getReader();
  }

  get status(): number {
    return this.response.status;
  }

  get runId(): string {
    const id = this.response.headers.get('x-run-id');
    if (id === null) throw new Error('the stream names no run');
    return id;
  }

  /** The client goes away, as a phone does. */
  leave(): void {
    this.leaving.abort();
  }

  /** The next event, comments passed over; undefined at the end. */
  async next(): Promise<SseEvent | undefined> {
    for (;;) {
      const cut = this.rest.indexOf('\n\n');
      if (cut >= 0) {
        const raw = this.rest.slice(0, cut + 2);
        this.rest = this.rest.slice(cut + 2);
        const event = parse(raw);
        if (event !== undefined) return event;
      } else if (!(await this.fill())) return undefined;
    }
  }

  /** Reads until an event fits, which is the last of those given. */
  async until(fits: (event: SseEvent) => boolean): Promise<readonly SseEvent[]> {
    const events: SseEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the stream ended first, after ${JSON.stringify(events.at(-1)?.data)}`);
      events.push(event);
      if (fits(event)) return events;
    }
  }

  /** All events to the end. */
  async all(): Promise<readonly SseEvent[]> {
    const events: SseEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  /** The rest of the stream as text. */
  async text(): Promise<string> {
    while (await this.fill());
    const text = this.rest;
    this.rest = '';
    return text;
  }

  /** The rest as the chunks that the network gave. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const read = await this.reader?.read();
      if (read === undefined || read.done) return;
      yield read.value;
    }
  }

  private async fill(): Promise<boolean> {
    if (this.over || this.reader === undefined) return false;
    const { done, value } = await this.reader.read();
    if (done) {
      this.over = true;
      return false;
    }
    this.rest += this.decoder.decode(value, { stream: true });
    return true;
  }
}

function parse(raw: string): SseEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of raw.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { event: fields.get('event') ?? 'message', id: fields.get('id'), data: data === '[DONE]' ? data : JSON.parse(data), raw };
}

/** The words of the deltas, put together. */
export function wordsOf(events: readonly SseEvent[]): string {
  return events.filter((event) => event.event === 'delta').map((event) => event.data.content as string).join('');
}

/** The bytes of what is kept and numbered, as they came. */
export function keptBytes(events: readonly SseEvent[]): string {
  return events.filter((event) => event.id !== undefined).map((event) => event.raw).join('');
}
