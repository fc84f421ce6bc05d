import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableFile, csvLine, csvRecords, unguarded } from './csv.js';

const cellsOf = (text: string): readonly (readonly string[])[] => [...csvRecords(text)].map(({ cells }) => cells);

describe('csvRecords', () => {
  it.each([
    ['a,b\r\nc,d\r\n', [['a', 'b'], ['c', 'd']]],
    ['a,b\nc,d', [['a', 'b'], ['c', 'd']]],
    ['a\rb', [['a'], ['b']]],
    ['a,\n,b', [['a', ''], ['', 'b']]],
    ['a,', [['a', '']]],
    ['"a,b","c""d"\r\n"e\r\nf",g', [['a,b', 'c"d'], ['e\r\nf', 'g']]],
    ['\n\na', [[''], [''], ['a']]],
    ['', []],
  ])('of %j are %j', (text, records) => {
    expect(cellsOf(text)).toEqual(records);
  });

  it('know the line that they begin in, and go on after one that is at fault', () => {
    expect([...csvRecords('"a\nb"\nc"d,e\n"f"g,h\ni')]).toEqual([
      { line: 1, cells: ['a\nb'] },
      { line: 3, cells: ['c"d', 'e'], fault: 'a cell with quotes in it must stand in quotes' },
      { line: 4, cells: ['f', 'h'], fault: 'something stands between a closing quote and the comma' },
      { line: 5, cells: ['i'] },
    ]);
  });

  it('hold only so many cells', () => {
    const [record] = [...csvRecords(','.repeat(100_000))];
    expect([record?.cells.length, record?.fault]).toEqual([20, 'it has too many columns']);
  });

  it('end where a quote is never closed, with its line', () => {
    expect(() => [...csvRecords('a\n"b\nc\n')]).toThrow(new UnreadableFile('the quote in line 2 is never closed'));
  });

  it('give back what csvLine wrote, whatever it was, and no formula in it', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.string({ unit: fc.constantFrom('a', '词', '"', ',', '\n', '\r', '=', '-', "'", '@', '\t', ' ') }), { minLength: 1, maxLength: 7 }), { maxLength: 8 }), (rows) => {
      const text = rows.map((row) => csvLine(row)).join('');
      const read = cellsOf(text);
      expect(read.map((row) => row.map((cell) => unguarded(cell)))).toEqual(rows);
      for (const cell of read.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r＝＋－＠]/);
    }), { numRuns: 1_000 });
  });

  it('read any text to its end, or say that they can not', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r') , maxLength: 60 }), (text) => {
      let records: readonly { readonly line: number }[];
      try {
        records = [...csvRecords(text)];
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableFile);
        return;
      }
      const lines = records.map(({ line }) => line);
      expect(lines).toEqual([...lines].sort((one, other) => one - other));
      expect(lines.at(-1) ?? 0).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length);
    }), { numRuns: 2_000 });
  });
});
