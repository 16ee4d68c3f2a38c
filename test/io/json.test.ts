/** JSON against `JSON.parse`, integers that a number cannot hold, and files of rows in their forms. */
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/io/parse-json.ts';
import { random } from '../support/random.ts';
import { failureOf } from '../support/refusals.ts';
import { io } from './support.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 300);
/** Makes the parser its own: a run of sixteen digits. */
const LONG = '1234567890.1234567890123456';

describe('a text', () => {
  it('is what JSON.parse makes of it', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = random(seed);
      const int = (bound: number): number => Math.floor(next() * bound);
      const space = (): string => ' \n\t\r'.slice(0, int(3));
      const text = (): string => JSON.stringify(['', 'a', '\\', '"', '\\"', '\u0001', '\u{1f98a}', '\ud800', 'line\n', '__proto__'][int(10)]);
      const value = (depth: number): string => {
        const kind = int(depth > 4 ? 5 : 7);
        if (kind === 5) return `[${space()}${Array.from({ length: int(4) }, () => space() + value(depth + 1) + space()).join(',')}]`;
        if (kind === 6) return `{${space()}${Array.from({ length: int(4) }, () => `${space()}${text()}${space()}:${value(depth + 1)}`).join(',')}${space()}}`;
        return [text(), ['0', '-0', '12', '1.5e3', '-1E-7', '0.1', '1e400'][int(7)]!, 'true', 'false', 'null'][kind]!;
      };
      const whole = `[${LONG},${value(0)}]`;
      expect(parseJson(whole, {}), `seed ${seed}: ${whole}`).toEqual(JSON.parse(whole));
      // Damaged: both refuse it, or both read it.
      const at = int(whole.length);
      const damaged = next() < 0.5 ? whole.slice(0, at) : whole.slice(0, at) + ['"', '{', ',', ']', 'x', '\\', '\n'][int(7)]! + whole.slice(at);
      let expected: unknown;
      try {
        expected = { value: JSON.parse(damaged) as unknown };
      } catch {
        expected = 'INVALID_ARGUMENT';
      }
      let got: unknown;
      try {
        got = { value: parseJson(damaged, {}) };
      } catch (error) {
        got = (error as { code: string }).code;
      }
      expect(got, `seed ${seed}: ${damaged}`).toEqual(expected);
    }
  });

  it('keeps integers beyond 2^53', () => {
    expect(parseJson('[9007199254740993, -9223372036854775808, 9007199254740991, 1e20, 12345678901234567.0]', {})).toEqual([9007199254740993n, -9223372036854775808n, 9007199254740991, 1e20, 12345678901234568]);
    expect(parseJson('{"__proto__": 9007199254740993}', {})).toEqual(JSON.parse('{"__proto__": 0}', (key, value: unknown) => (key === '__proto__' ? 9007199254740993n : value)));
  });

  it('may be no deeper than can be read, whichever parser it is', () => {
    expect(failureOf(() => parseJson(`${'['.repeat(100_000)}1234567890123456789${']'.repeat(100_000)}`, {})).code).toBe('INVALID_ARGUMENT');
    expect(failureOf(() => parseJson('['.repeat(100_000), {})).code).toBe('INVALID_ARGUMENT');
    expect(failureOf(() => parseJson(`"${'x'.repeat(1 << 24)} 1234567890123456789`, {})).code).toBe('INVALID_ARGUMENT');
    expect(parseJson(`["${'x\\"'.repeat(1 << 22)}", 1234567890123456789]`, {})).toHaveLength(2);
  });
});

const rows = async (text: string, name = 'x.json'): Promise<unknown[]> => {
  const table = await io.openTable({ name, bytes: new TextEncoder().encode(text) });
  const all: unknown[] = [];
  for await (const batch of table.batches({ batchRows: 7 })) for (let row = 0; row < batch.rows; row++) all.push(Object.fromEntries([...batch.columns].map(([name, values]) => [name, values[row]])));
  return all;
};

describe('a file of JSON', () => {
  it.each([
    ['rows', '[{"a":1,"b":"x"},{"b":"y"}]'],
    ['rows with spaces', '\n [ {"a":1,"b":"x"} ,\n{"b":"y"} ]\n'],
    ['Milvus\'s rows', '{"rows":[{"a":1,"b":"x"},{"b":"y"}]}'],
    ['columns', '{"a":[1,null],"b":["x","y"]}'],
  ])('%s', async (_, text) => {
    expect(await rows(text)).toEqual([{ a: 1, b: 'x' }, { a: null, b: 'y' }]);
  });

  it('with texts of everything that ends one, across pieces', async () => {
    const expected: unknown[] = [];
    const parts: string[] = [];
    for (let n = 0, length = 0; length < 2_300_000; n++) {
      const row = { n, text: ['[]{},:"\\', '\\\\', '"', 'é\u{1f98a}', 'x'.repeat(99)][n % 5], list: [n, 1 - n] };
      expected.push(row);
      parts.push(JSON.stringify(row));
      length += parts.at(-1)!.length;
    }
    const got = (await rows(`[${parts.join(',')}]`)) as { list: Iterable<number> }[];
    expect(got.map((row) => ({ ...row, list: [...row.list] }))).toEqual(expected);
    expect(await rows(parts.join('\n'), 'x.jsonl')).toEqual(got);
  });

  it.each([
    '', '[', '[{"a":1}', '[{"a":1},]', '[,]', '[{"a":1}] x', '[{"a":1}}', '[1]', '[[1]]', '{"a":[1],"b":[1,2]}', '{"a":1}', '{}', '3', '[{"a":1} {"a":2}]',
  ])('%j is refused', async (text) => {
    await expect(rows(text)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.json' } });
  });
});

describe('a file of JSONL', () => {
  it('may have empty lines and none at the end', async () => {
    expect(await rows('{"a":1}\r\n\n {"a":2} \n{"a":3}', 'x.jsonl')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it('is refused with the line', async () => {
    await expect(rows('{"a":1}\n\n{"a":}\n', 'x.jsonl')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', detail: { file: 'x.jsonl', row: 1, line: 3 } });
    await expect(rows('{"a":1}\n[1]\n', 'x.jsonl')).rejects.toMatchObject({ detail: { row: 1, line: 2, got: 'an array of 1' } });
  });
});
