import type { AnswerFormat } from './plan.js';

/** Reads one answer's body as it comes and judges it. Text is Latin-1 of the bytes: frames are counted, not shown. */
export interface AnswerReader {
  /** Frames with words so far. */
  readonly frames: number;
  push(text: string): void;
  /** Undefined when the answer was whole and as long as expected, else the kind of its fault. */
  verdict(tokens: number): string | undefined;
}

const LINE_LIMIT = 1 << 16;
const BODY_LIMIT = 1 << 20;
const CONTENT = '"content":"';
const QUOTE = 0x22;

/** Makes the reader of a format. */
export function readerOf(format: AnswerFormat): AnswerReader {
  switch (format) {
    case 'openai':
      return new LineReader(judgeOpenAi);
    case 'wxapp':
      return new LineReader(judgeWxapp);
    case 'completion':
      return new CompletionReader();
  }
}

type LineKind = 'words' | 'end' | 'error' | 'other';

function judgeOpenAi(line: string): LineKind {
  if (!line.startsWith('data: ')) return 'other';
  if (line === 'data: [DONE]') return 'end';
  if (line.startsWith('data: {"error"')) return 'error';
  return hasWords(line) ? 'words' : 'other';
}

function judgeWxapp(line: string): LineKind {
  if (line.startsWith('success: {')) return hasWords(line) ? 'words' : 'other';
  if (line === '0') return 'end';
  return line.startsWith('event: error') ? 'error' : 'other';
}

/** The first frame of a stream and the last ones have no content, or an empty one. */
function hasWords(line: string): boolean {
  const at = line.indexOf(CONTENT);
  return at >= 0 && line.charCodeAt(at + CONTENT.length) !== QUOTE;
}

class LineReader implements AnswerReader {
  frames = 0;
  private rest = '';
  private ended = false;
  private fault: string | undefined;

  constructor(private readonly judge: (line: string) => LineKind) {}

  push(text: string): void {
    const all = this.rest === '' ? text : this.rest + text;
    let from = 0;
    for (let to = all.indexOf('\n'); to >= 0; to = all.indexOf('\n', from)) {
      this.take(all.slice(from, all.charCodeAt(to - 1) === 0x0d ? to - 1 : to));
      from = to + 1;
    }
    this.rest = all.slice(from);
    if (this.rest.length > LINE_LIMIT) this.fault ??= 'endless line';
  }

  verdict(tokens: number): string | undefined {
    if (this.fault !== undefined) return this.fault;
    if (!this.ended) return 'no end mark';
    return this.frames === tokens ? undefined : 'wrong number of frames';
  }

  private take(line: string): void {
    const kind = this.judge(line);
    if (this.ended && kind !== 'other') this.fault ??= 'frames after the end';
    else if (kind === 'words') this.frames += 1;
    else if (kind === 'end') this.ended = true;
    else if (kind === 'error') this.fault ??= 'error frame';
  }
}

/** A completion that was not streamed counts as one frame. */
class CompletionReader implements AnswerReader {
  private body = '';

  get frames(): number {
    return this.body === '' ? 0 : 1;
  }

  push(text: string): void {
    if (this.body.length < BODY_LIMIT) this.body += text;
  }

  verdict(tokens: number): string | undefined {
    try {
      const { choices, usage } = JSON.parse(this.body) as { choices?: { message?: { content?: unknown } }[]; usage?: { completion_tokens?: unknown } };
      const content = choices?.[0]?.message?.content;
      if (typeof content !== 'string' || content === '') return 'no words';
      return usage?.completion_tokens === tokens ? undefined : 'wrong number of tokens';
    } catch {
      return 'no JSON';
    }
  }
}
