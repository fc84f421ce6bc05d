import { SEVERITIES, WORD_ACTIONS } from '../text/lexicon-entry.js';
import { csvLine, csvRecords, unguarded } from './csv.js';
import { CATEGORY, ENTRY_KINDS, REPLY, WORD_TEXT, type WordDraft } from './word-list.js';

/** `text/plain`: one word a line, lines that begin with `#` are comments; `text/csv`: with columns as below. */
export const WORD_FILE_TYPES = ['text/plain', 'text/csv'] as const;
export type WordFileType = (typeof WORD_FILE_TYPES)[number];

/** A line that says something: a word, or what is wrong with it. */
export type WordLine = { readonly line: number; readonly draft: WordDraft } | { readonly line: number; readonly fault: string };

const COLUMNS = ['text', 'category', 'severity', 'action', 'reply', 'pinyin', 'kind'] as const;
type Column = (typeof COLUMNS)[number];

/** Spreadsheets take a UTF-8 file for what it is only with this mark before it. */
const BOM = '\uFEFF';
const YES = ['true', '1', 'yes', 'y', '是'];
const NO = ['', 'false', '0', 'no', 'n', '否'];

/** One for each line, so that a reader can pause: undefined where it says nothing. @throws UnreadableFile */
export function readWordFile(text: string, type: WordFileType): Generator<WordLine | undefined> {
  return type === 'text/csv' ? csvWords(text) : plainWords(text);
}

export function csvHeader(): string {
  return BOM + csvLine(COLUMNS);
}

/** A word as `readWordFile` reads it. */
export function csvWord({ text, category, severity, action, reply, pinyin, kind }: WordDraft): string {
  return csvLine([text, category ?? '', severity ?? '', action ?? '', reply ?? '', pinyin ? 'true' : '', kind]);
}

function* plainWords(text: string): Generator<WordLine | undefined> {
  const lines = /([^\r\n]*)(?:\r\n|\r|\n|$)/y;
  for (let line = 1; lines.lastIndex < text.length; line += 1) {
    const word = (lines.exec(text)?.[1] ?? '').trim();
    yield word === '' || word.startsWith('#') ? undefined : lineOf(line, { text: word });
  }
}

function* csvWords(text: string): Generator<WordLine | undefined> {
  let columns: readonly Column[] | undefined;
  for (const { line, cells, fault } of csvRecords(text)) {
    if (columns === undefined) {
      const header = headerOf(cells);
      columns = header ?? COLUMNS;
      if (header !== undefined) continue;
    }
    if (fault !== undefined) yield { line, fault };
    else if (cells.every((cell) => cell.trim() === '')) yield undefined;
    else yield cells.length > columns.length ? { line, fault: 'it has more cells than there are columns' } : lineOf(line, named(columns, cells));
  }
}

/** The columns, in their order, where the first record names them; else they are the known ones in the known order. */
function headerOf(cells: readonly string[]): readonly Column[] | undefined {
  const names = cells.map((cell) => COLUMNS.find((column) => column === cell.trim().toLowerCase()));
  const columns = names.filter((name) => name !== undefined);
  return columns.length === cells.length && columns.includes('text') && new Set(columns).size === columns.length ? columns : undefined;
}

function named(columns: readonly Column[], cells: readonly string[]): Partial<Record<Column, string>> {
  const byName: Partial<Record<Column, string>> = {};
  cells.forEach((cell, at) => {
    const column = columns[at];
    if (column !== undefined) byName[column] = unguarded(cell.trim());
  });
  return byName;
}

function lineOf(line: number, cells: Partial<Record<Column, string>>): WordLine {
  const { text = '', category = '', reply = '' } = cells;
  const severity = oneOf(SEVERITIES, cells.severity);
  const action = oneOf(WORD_ACTIONS, cells.action);
  const kind = oneOf(ENTRY_KINDS, cells.kind);
  const pinyin = (cells.pinyin ?? '').toLowerCase();
  const plainReply = reply.replace(/\r\n?/g, '\n');
  const fault = (text: string): WordLine => ({ line, fault: text });
  if (!WORD_TEXT.test(text)) return fault('text must have 1 to 100 characters, and no control characters');
  if (category !== '' && !CATEGORY.test(category)) return fault('category must have at most 40 characters, and no control characters');
  if (severity === null) return fault(`severity must be one of ${SEVERITIES.join(', ')}`);
  if (action === null) return fault(`action must be one of ${WORD_ACTIONS.join(', ')}`);
  if (kind === null) return fault(`kind must be one of ${ENTRY_KINDS.join(', ')}`);
  if (plainReply !== '' && !REPLY.test(plainReply)) return fault('reply must have at most 500 characters, and no control characters');
  if (!YES.includes(pinyin) && !NO.includes(pinyin)) return fault('pinyin must be true or false');
  return { line, draft: { text, kind: kind ?? 'word', category: given(category), severity, action, reply: given(plainReply), pinyin: YES.includes(pinyin) } };
}

/** undefined: nothing is given; null: something else. */
function oneOf<T extends string>(values: readonly T[], cell: string | undefined): T | undefined | null {
  if (cell === undefined || cell === '') return undefined;
  return values.find((value) => value === cell.toLowerCase()) ?? null;
}

function given(cell: string): string | undefined {
  return cell === '' ? undefined : cell;
}
