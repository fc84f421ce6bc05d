/** One dispatched server-sent event. */
export interface SseEvent {
  readonly event: string;
  /** The last event id after this event, as a browser would send it in `Last-Event-ID`. */
  readonly lastEventId: string;
  readonly data: string;
}

/** Reads server-sent events from bytes that may be cut anywhere (WHATWG HTML, "Interpreting an event stream"). */
export class SseReader {
  readonly events: SseEvent[] = [];
  readonly comments: string[] = [];
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private rest = '';
  private event = '';
  private lastEventId = '';
  private data: string[] = [];

  receive(bytes: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    if (line.startsWith(':')) {
      this.comments.push(line.slice(1).trim());
      return;
    }
    const [field = '', ...rest] = line.split(':');
    const value = rest.join(':').replace(/^ /, '');
    if (field === 'event') this.event = value;
    else if (field === 'id') this.lastEventId = value;
    else if (field === 'data') this.data.push(value);
  }

  private dispatch(): void {
    if (this.data.length > 0) {
      this.events.push({ event: this.event === '' ? 'message' : this.event, lastEventId: this.lastEventId, data: this.data.join('\n') });
    }
    this.event = '';
    this.data = [];
  }
}
