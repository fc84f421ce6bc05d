/** One dispatched server-sent event. */
export interface SseEvent {
  readonly event: string;
  /** Its own id; undefined for what is not kept. */
  readonly id: string | undefined;
  /** The last event id after this event, as a browser would send it in `Last-Event-ID`. */
  readonly lastEventId: string;
  /** The JSON of the event, parsed; OpenAI's `[DONE]` as it is. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the test looks into it
  readonly data: any;
  /** The text of the event as it came, its blank line included. */
  readonly raw: string;
}

/** Reads server-sent events from bytes that may be cut anywhere (WHATWG HTML, "Interpreting an event stream"). Data that is no JSON, and bytes that are no UTF-8, throw. */
export class SseReader {
  readonly events: SseEvent[] = [];
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private rest = '';
  private event = '';
  private id: string | undefined;
  private lastEventId = '';
  private data: string[] = [];
  private raw = '';

  receive(bytes: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      this.raw += `${line}\n`;
      this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    const [field = '', ...rest] = line.split(':');
    const value = rest.join(':').replace(/^ /, '');
    if (field === 'event') this.event = value;
    else if (field === 'id') this.id = value;
    else if (field === 'data') this.data.push(value);
  }

  private dispatch(): void {
    this.lastEventId = this.id ?? this.lastEventId;
    if (this.data.length > 0) {
      const text = this.data.join('\n');
      this.events.push({ event: this.event === '' ? 'message' : this.event, id: this.id, lastEventId: this.lastEventId, data: text === '[DONE]' ? text : JSON.parse(text), raw: this.raw });
    }
    this.event = '';
    this.id = undefined;
    this.data = [];
    this.raw = '';
  }
}

/** The words of the deltas, put together. */
export function wordsOf(events: readonly SseEvent[]): string {
  return events.filter((event) => event.event === 'delta').map((event) => event.data.content as string).join('');
}

/** The bytes of what is kept and numbered, as they came. */
export function keptBytes(events: readonly SseEvent[]): string {
  return events.filter((event) => event.id !== undefined).map((event) => event.raw).join('');
}
