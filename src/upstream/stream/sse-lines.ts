/** Longest line that an upstream may send, in UTF-16 units: a bound on memory, far above any delta. */
export const LINE_LIMIT = 1 << 20;

/** The upstream's stream is not Server-Sent Events as we know them. */
export class MalformedStream extends Error {
  override readonly name = 'MalformedStream';
}

/**
 * Cuts a byte stream into the `data:` payloads of Server-Sent Events (WHATWG
 * HTML, 9.2.6), as far as OpenAI-compatible servers use them: one line of data
 * an event; comments and other fields are passed over. Characters and lines
 * may be split anywhere.
 */
export class SseLines {
  private readonly decoder = new TextDecoder('utf-8');
  private rest = '';

  /** @throws MalformedStream when a line grows past LINE_LIMIT. */
  push(bytes: Uint8Array): readonly string[] {
    const text = this.rest + this.decoder.decode(bytes, { stream: true });
    const found: string[] = [];
    let from = 0;
    for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', from)) {
      collect(text.slice(from, at), found);
      from = at + 1;
    }
    this.rest = text.slice(from);
    if (this.rest.length > LINE_LIMIT) throw new MalformedStream('the upstream sent a line without an end');
    return found;
  }

  /** The last line of a stream that ended without a line end. */
  end(): readonly string[] {
    const found: string[] = [];
    collect(this.rest + this.decoder.decode(), found);
    this.rest = '';
    return found;
  }
}

function collect(line: string, found: string[]): void {
  if (!line.startsWith('data:')) return;
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  const payload = line.slice(line.charCodeAt(5) === 0x20 ? 6 : 5, end);
  if (payload !== '') found.push(payload);
}
