import { SseReader, type SseEvent } from './sse-reader.js';

/** A streamed answer of the platform: its head, and its events one at a time or all together. */
export class StreamedAnswer {
  private readonly body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private readonly reader = new SseReader();
  private taken = 0;

  constructor(readonly response: Response, private readonly leaving: AbortController) {
    this.body = response.body?.getReader();
  }

  get status(): number {
    return this.response.status;
  }

  get runId(): string {
    const id = this.response.headers.get('x-run-id');
    if (id === null) throw new Error('the stream names no run');
    return id;
  }

  get headers(): Headers {
    return this.response.headers;
  }

  /** The client goes away, as a phone does. */
  leave(): void {
    this.leaving.abort();
  }

  /** The next event, comments passed over; undefined at the end. */
  async next(): Promise<SseEvent | undefined> {
    for (;;) {
      const event = this.reader.events[this.taken];
      if (event !== undefined) {
        this.taken += 1;
        return event;
      }
      const bytes = await this.read();
      if (bytes === undefined) return undefined;
      this.reader.receive(bytes);
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

  /** Resolves at the end of an answer in any format. */
  async ended(): Promise<void> {
    while ((await this.read()) !== undefined);
  }

  private async read(): Promise<Uint8Array | undefined> {
    const read = await this.body?.read();
    return read?.value;
  }
}
