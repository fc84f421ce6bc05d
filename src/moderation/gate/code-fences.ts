/** Most characters of a line that are looked at, so that nothing unbounded is held: an opening or closing line is shorter. */
const LOOKED_AT = 256;

/** What may stand before a fence in its line: indentation, quote marks, list markers. */
const BEFORE = '(?:[ \\t>]|[-*+][ \\t]|\\d{1,9}[.)][ \\t])*';
/** A line that may still become one that opens a fence. */
const MAY_OPEN = new RegExp(`^${BEFORE}(?:[-*+]?|\\d{1,9}[.)]?|\`{0,2}|~{0,2}|\`{3,}[^\`]*|~{3,}.*)$`, 'su');
const OPENS = new RegExp(`^(${BEFORE})(\`{3,}(?=[^\`]*$)|~{3,})`, 'su');
const CLOSES = /^([ \t>]*)(`{3,}|~{3,})[ \t]*$/u;
/** A closing fence may be indented by so many columns more than its container, which is told from the opening fence. */
const INDENT = 3;

interface Fence {
  readonly mark: string;
  /** Most columns before the closing fence. */
  readonly indent: number;
}

/**
 * Replaces fenced code blocks (CommonMark 0.31, 4.5) by a note, in a text that comes in chunks, cut anywhere. A fence
 * closes by at least as many of the same marks, with nothing behind them, or with the text. Fences in lists and quotes
 * count, and so do those indented by four columns and more: that is code anyway. What may become a fence is held back:
 * in a line that begins like one, at most 256 characters.
 */
export class CodeFences {
  /** The current line, as long as it matters. */
  private line = '';
  /** The current line is no fence: it passes as it comes. */
  private passes = false;
  private fence: Fence | undefined;

  /** @param note Stands in place of each block. */
  constructor(private readonly note: string) {}

  /** What may be shown of the text so far. */
  push(chunk: string): string {
    let shown = '';
    for (const part of chunk.split(/(?<=[\r\n])|(?=[\r\n])/u)) shown += part === '\n' || part === '\r' ? this.lineEnd(part) : this.add(part);
    return shown;
  }

  /** The text is over. */
  end(): string {
    const shown = this.lineEnd('');
    this.fence = undefined;
    return shown;
  }

  private add(part: string): string {
    if (this.passes) return this.fence === undefined ? part : '';
    const before = this.line.length;
    const rest = part.slice(Math.max(0, LOOKED_AT - before));
    this.line += part.slice(0, LOOKED_AT - before);
    if (this.fence !== undefined) {
      // Too long to close it, if it goes on.
      this.passes = rest !== '';
      return '';
    }
    if (rest === '' && MAY_OPEN.test(this.line)) return '';
    return this.decide() + (this.fence === undefined ? rest : '');
  }

  private lineEnd(mark: string): string {
    const shown = this.passes ? '' : this.fence === undefined ? this.decide() : this.closed();
    const visible = this.fence === undefined;
    this.line = '';
    this.passes = false;
    return visible ? shown + mark : shown;
  }

  /** Whether the line opens a block, by what is known of it. */
  private decide(): string {
    const [whole, before = '', mark = ''] = OPENS.exec(this.line) ?? [];
    const shown = whole === undefined ? this.line : this.note;
    if (whole !== undefined) this.fence = { mark, indent: Math.max(INDENT, before.length + (before.length > INDENT ? INDENT : 0)) };
    this.line = '';
    this.passes = true;
    return shown;
  }

  private closed(): string {
    const [whole, before = '', mark = ''] = CLOSES.exec(this.line) ?? [];
    const fence = this.fence;
    if (whole !== undefined && fence !== undefined && before.length <= fence.indent && mark.startsWith(fence.mark)) this.fence = undefined;
    return '';
  }
}
