/** The file is not what its type says: nothing of it can be believed. The message is for whoever sent it. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

export interface CsvRecord {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Why it can't be believed; the records after it can. */
  readonly fault?: string;
}

const MOST_CELLS = 20;
const PLAIN_CELL = /[^,\r\n]*/y;

/**
 * The records of a CSV file (RFC 4180; lines may end in CRLF, LF or CR), one at a time, in time proportional to the text.
 * @throws UnreadableFile where a quote is never closed: all that follows would belong to one cell.
 */
export function* csvRecords(text: string): Generator<CsvRecord> {
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const start = line;
    const cells: string[] = [];
    let fault: string | undefined;
    for (;;) {
      const cell = text[at] === '"' ? quotedCell(text, at, line) : plainCell(text, at);
      line += cell.breaks;
      fault ??= cells.length === MOST_CELLS ? 'it has too many columns' : cell.fault;
      if (cells.length < MOST_CELLS) cells.push(cell.value);
      at = cell.end;
      if (text[at] !== ',') break;
      at += 1;
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line += 1;
    yield { line: start, cells, ...(fault === undefined ? {} : { fault }) };
  }
}

interface Cell {
  readonly value: string;
  /** The place of the comma or line end after it. */
  readonly end: number;
  readonly breaks: number;
  readonly fault?: string;
}

function plainCell(text: string, from: number): Cell {
  const end = cellEnd(text, from);
  const value = text.slice(from, end);
  return { value, end, breaks: 0, ...(value.includes('"') ? { fault: 'a cell with quotes in it must stand in quotes' } : {}) };
}

function quotedCell(text: string, from: number, line: number): Cell {
  const parts: string[] = [];
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new UnreadableFile(`the quote in line ${line} is never closed`);
    parts.push(text.slice(at, quote));
    at = quote + 1;
    if (text[at] !== '"') break;
    at += 1;
  }
  const end = cellEnd(text, at);
  const value = parts.join('"');
  return { value, end, breaks: value.match(/\r\n|\r|\n/g)?.length ?? 0, ...(end === at ? {} : { fault: 'something stands between a closing quote and the comma' }) };
}

function cellEnd(text: string, from: number): number {
  PLAIN_CELL.lastIndex = from;
  PLAIN_CELL.test(text);
  return PLAIN_CELL.lastIndex;
}

/** What spreadsheets may take for the beginning of a formula, after any number of the quotes that say that it is none. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/;

/** One line. A text that a spreadsheet would run as a formula gets a quote before it; `unguarded` takes it away again. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

export function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

function quoted(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
