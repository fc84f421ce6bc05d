/** Cuts a stream of bytes into lines; an endless line is cut at `bound` characters. */
export class LineCutter {
  private rest = '';
  private readonly decoder = new TextDecoder();

  constructor(private readonly bound = 65_536) {}

  push(chunk: Uint8Array): string[] {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n');
    this.rest = (lines.pop() ?? '').slice(0, this.bound);
    return lines;
  }

  end(): string[] {
    const last = this.rest;
    this.rest = '';
    return last === '' ? [] : [last];
  }
}

const LEVELS: Readonly<Record<string, string>> = { warn: 'warn', error: 'error', fatal: 'fatal', '40': 'warn', '50': 'error', '60': 'fatal' };
const LEVEL = /"level":(?:"(warn|error|fatal)"|(40|50|60))[,}]/;
/** Where the level may stand; further on, the same text is a message's. */
const HEAD = 200;

/**
 * The short form of a JSON log line for the terminal, or undefined when it is
 * less than a warning. Text that is no JSON (a crash's stack) is passed on.
 */
export function shorten(line: string, width = 200): string | undefined {
  if (line.trim() === '') return undefined;
  if (!line.startsWith('{')) return line.slice(0, width);
  if (!LEVEL.test(line.slice(0, HEAD))) return undefined;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line.slice(0, width);
  }
  const level = LEVELS[String(fields['level'])] ?? 'warn';
  const text = typeof fields['msg'] === 'string' ? fields['msg'] : '';
  const nested = typeof fields['err'] === 'object' && fields['err'] !== null ? (fields['err'] as Record<string, unknown>) : fields;
  const reason = [nested['reason'], nested['message']].find((value) => typeof value === 'string') ?? '';
  return `[${level}] ${text}${reason !== '' && reason !== text ? `: ${reason}` : ''}`.slice(0, width);
}
