/** CSV against Papa Parse, in whatever pieces the text comes; and what is no CSV. */
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { CsvParser } from '../../src/io/csv.ts';
import { random } from '../support/random.ts';
import { failureOf } from '../support/refusals.ts';
import { io } from './support.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 300);

/** All rows, of a text given in pieces. */
function parse(pieces: readonly string[], delimiter: string | undefined, nullKey?: string): { cells: (string | null)[]; line: number }[] {
  const parser = new CsvParser('x.csv', delimiter, nullKey);
  const rows: { cells: (string | null)[]; line: number }[] = [];
  pieces.forEach((piece, i) => {
    parser.push(piece);
    for (let row = parser.next(i === pieces.length - 1); row; row = parser.next(i === pieces.length - 1)) rows.push({ cells: [...row.cells], line: row.line });
  });
  return rows;
}

describe('rows', () => {
  it('are those of Papa Parse, wherever the text is cut', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const int = (bound: number): number => Math.floor(next() * bound);
      const delimiter = [',', ';', '\t', '|'][int(4)]!;
      const newline = (['\n', '\r\n', '\r'] as const)[int(3)]!;
      const width = 1 + int(5);
      const cell = (): string => {
        const text = ['', 'a', 'b c', 'x"y', '"', delimiter, 'l1\nl2', 'ünï\u{1f98a}', '""', ' '][int(10)]!;
        const isQuoted = next() < 0.3 || /["\r\n]/.test(text) || text.includes(delimiter);
        return isQuoted ? `"${text.replaceAll('"', '""')}"` : text;
      };
      const text = Array.from({ length: int(6) }, () => Array.from({ length: width }, cell).join(delimiter)).join(newline) + (next() < 0.5 ? newline : '');
      const expected = Papa.parse<string[]>(text, { delimiter, newline, skipEmptyLines: true }).data;
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const to = at + 1 + int(5);
        pieces.push(text.slice(at, to));
        at = to;
      }
      pieces.push('');
      const got = parse(pieces, delimiter).map(({ cells }) => cells.map((value) => value ?? ''));
      // Papa Parse leaves out a row that is one empty text in quotes; it is a row.
      expect(got.filter((cells) => cells.length > 1 || cells[0] !== ''), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(expected.filter((cells) => cells.length > 1 || cells[0] !== ''));
    }
  });

  it('tell nothing from an empty text in quotes', () => {
    expect(parse(['a,,""\n'], ',')).toEqual([{ cells: ['a', null, ''], line: 1 }]);
    expect(parse(['a,NULL,"NULL",\n'], ',', 'NULL')).toEqual([{ cells: ['a', null, 'NULL', ''], line: 1 }]);
    // Nothing stands behind the last delimiter, not even the end of a line.
    expect(parse(['a,'], ',')).toEqual([{ cells: ['a', null], line: 1 }]);
    expect(parse(['a,'], ',', 'NULL')).toEqual([{ cells: ['a', ''], line: 1 }]);
  });

  it('know their lines', () => {
    expect(parse(['a,"x\ny"\r\n\r\n\nb,c'], ',').map(({ line }) => line)).toEqual([1, 5]);
  });

  it.each([
    ['a,b\tc', ','], ['a;b;c,d', ';'], ['a\tb', '\t'], ['a|b|c', '|'], ['"a;b;c;d",e', ','], ['alone', ','],
  ])('%j has the delimiter %j', (text, delimiter) => {
    expect(parse([`${text}\n`], undefined)).toEqual(parse([`${text}\n`], delimiter));
  });

  it('are refused where a quote has no end, or a wrong one', () => {
    expect(failureOf(() => parse(['a,"b'], ',')).message).toMatch(/x\.csv, line 1, column "number 2": expected a quote/);
    expect(failureOf(() => parse(['"a"b,c\n'], ',')).message).toMatch(/got "b,c/);
    // Well before all of a large file is in memory.
    const parser = new CsvParser('x.csv', ',');
    expect(failureOf(() => {
      for (let i = 0; i < 64; i++) {
        parser.push(i === 0 ? '"' : 'x'.repeat(1 << 20));
        parser.next(false);
      }
    }).code).toBe('INVALID_ARGUMENT');
  });
});

describe('a file', () => {
  const rows = async (text: string | Uint8Array, options: object = {}): Promise<unknown[]> => {
    const table = await io.openTable({ name: 'x.csv', bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text }, options);
    const all: unknown[] = [];
    for await (const batch of table.batches()) for (let row = 0; row < batch.rows; row++) all.push(Object.fromEntries([...batch.columns].map(([name, values]) => [name, values[row]])));
    return all;
  };
  const failure = async (text: string | Uint8Array): Promise<{ code: string; message: string; detail: object }> => rows(text).then(() => expect.unreachable(), (error: unknown) => error as never);

  it('may begin with a byte order mark and have lines that end in CR LF', async () => {
    expect(await rows('\uFEFFa,b\r\n1,x\r\n')).toEqual([{ a: 1, b: 'x' }]);
  });

  it('may have no header', async () => {
    expect(await rows('1,x\n2,y\n', { header: false })).toEqual([{ column_1: 1, column_2: 'x' }, { column_1: 2, column_2: 'y' }]);
  });

  it('keeps columns whose names every object has', async () => {
    const table = await io.openTable({ name: 'x.csv', bytes: new TextEncoder().encode('__proto__,constructor,toString\n1,2,3\n') });
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([['__proto__', 'Int64'], ['constructor', 'Int64'], ['toString', 'Int64']]);
  });

  it('is refused where it is none, with the place', async () => {
    expect(await failure('a,b\n1,2\n3\n')).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.csv', row: 1, line: 3, expected: '2 cells, as many as there are columns', got: '1' } });
    expect(await failure('a,b,a\n1,2,3\n')).toMatchObject({ detail: { column: 'a', got: 'two' } });
    expect(await failure('')).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await failure(Uint8Array.of(97, 10, 0xc3, 0x28, 10))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { expected: 'text in UTF-8' } });
    expect(await failure(Uint8Array.of(97, 10, 0xc3))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { expected: 'text in UTF-8' } });
    // As spreadsheets save it, with and without its mark.
    for (const text of ['\uFEFFa,b\n1,2\n', 'a,b\n1,2\n']) expect(await failure(new Uint8Array(Buffer.from(text, 'utf16le')))).toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.csv', got: expect.stringContaining('UTF-16') as string } });
    expect(await failure(Uint8Array.of(0xfe, 0xff, 0, 97, 0, 10))).toMatchObject({ detail: { got: expect.stringContaining('UTF-16') as string } });
  });

  it('that is large is read in pieces, characters of several bytes across them', async () => {
    const words = ['é', '\u{1f98a}', 'plain', '"q ""uoted"', 'x'.repeat(77)];
    let text = 'n,word\n';
    const expected: unknown[] = [];
    for (let n = 0; text.length < 2_500_000; n++) {
      const word = words[n % words.length]!;
      text += `${n},${word}\n`;
      expected.push({ n, word: word.startsWith('"') ? 'q "uoted' : word });
    }
    expect(await rows(text)).toEqual(expected);
  });
});
