/** One `success: ` frame, parsed. */
export interface WxappFrame {
  readonly content: string;
  readonly [field: string]: unknown;
}

/** What the client's error branch read; `undefined` fields when it could not. */
export interface WxappFieldError {
  readonly code: unknown;
  readonly msg: unknown;
}

/**
 * A mini-program client as templates in the field write it, with their five
 * habits: (a) a network chunk is whole frames, (b) a chunk with `error` after
 * its first character is an error, (c) frames are split on `success: `, (d) a
 * chunk equal to zero or blank is the end, (e) bytes are characters.
 *
 * It never throws: what it could not read counts in `unreadable`, what came
 * after the end in `afterEnd`; a good server leaves both at zero.
 */
export class WxappFieldClient {
  text = '';
  readonly frames: WxappFrame[] = [];
  readonly errors: WxappFieldError[] = [];
  ends = 0;
  unreadable = 0;
  afterEnd = 0;

  /** One `onChunkReceived`. */
  receive(bytes: Uint8Array): void {
    const chunk = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    if (this.ends > 0 || this.errors.length > 0) this.afterEnd += 1;
    if (chunk.toLowerCase().indexOf('error') > 0) this.readError(chunk);
    else if (Number(chunk) === 0) this.ends += 1;
    else this.readFrames(chunk);
  }

  private readError(chunk: string): void {
    const [, ...data] = chunk.split('data: ');
    const parsed = this.parse(data.join('data: '));
    this.errors.push({ code: parsed?.['code'], msg: parsed?.['msg'] });
  }

  private readFrames(chunk: string): void {
    for (const part of chunk.split('success: ')) {
      if (part === '') continue;
      const parsed = this.parse(part);
      if (parsed === undefined) continue;
      const frame: WxappFrame = { ...parsed, content: typeof parsed['content'] === 'string' ? parsed['content'] : '' };
      this.frames.push(frame);
      this.text += frame.content;
    }
  }

  private parse(json: string): Record<string, unknown> | undefined {
    try {
      return JSON.parse(json) as Record<string, unknown>;
    } catch {
      this.unreadable += 1;
      return undefined;
    }
  }
}
