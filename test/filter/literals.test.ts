import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/filter/ast.ts';
import { parse } from '../../src/filter/parse.ts';
import { random } from '../support/random.ts';

const valueOf = (text: string): unknown => {
  const node = parse(text) as Node;
  if (node.kind !== 'constant') throw new Error(`${text} is a ${node.kind}`);
  return node.value;
};

describe('a literal', () => {
  it.each<[string, bigint | number]>([
    ['0', 0n],
    ['00', 0n],
    ['42', 42n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['- 9223372036854775808', -(2n ** 63n)],
    ['-0x8000000000000000', -(2n ** 63n)],
    ['0x10', 16n],
    ['0XfF', 255n],
    ['0x0000000000000000000000ff', 255n],
    ['017', 15n],
    ['0777777777777777777777', 2n ** 63n - 1n],
    ['0b101', 5n],
    ['0B0000000000000000000000000000000000000000000000000000000000000000000000001', 1n],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['1.e+2', 100],
    ['010.5', 10.5],
    ['9223372036854775808.0', 2 ** 63],
    ['1e-999', 0],
    ['0x1p4', 16],
    ['0x1.8p1', 3],
    ['0x.8p0', 0.5],
    ['0xA.p-1', 5],
    ['0x1p-1074', 5e-324],
    ['0x0.0000000000001p-1022', 5e-324],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
  ])('%s is a number', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  it('of a double is what JavaScript reads', () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const next = random(seed);
      const value = (next() * 10 ** Math.floor(next() * 40 - 20)) || 0;
      const text = next() < 0.5 ? value.toExponential() : value.toFixed(20);
      expect(valueOf(text), `seed ${seed}: ${text}`).toBe(Number(text));
    }
  });

  it.each<[string, string]>([
    ['"abc"', 'abc'],
    ["'abc'", 'abc'],
    ['""', ''],
    ['"it\'s"', "it's"],
    ["'say \"x\"'", 'say "x"'],
    ['"\\\\ \\" \\\' \\?"', '\\ " \' ?'],
    ['"\\a\\b\\f\\n\\r\\t\\v"', '\x07\b\f\n\r\t\v'],
    ['"\\0\\12\\101\\1018"', '\0\nAA8'],
    ['"\\x41\\x7f1"', 'A\x7f1'],
    ['"\\u00e9\\U0001F600\\ud83d\\ude00"', 'é😀😀'],
    ['"é😀"', 'é😀'],
    ['"a\\\nb\\\r\nc"', 'abc'],
    ['"100\\%\\_"', '100\\%\\_'],
    ['u8"a"', 'a'],
    ["u'a'", 'a'],
    ['U"a"', 'a'],
    ['L"\\n"', '\n'],
    ['r"\\d+\\"', '\\d+\\'],
    ["r'\\w'", '\\w'],
  ])('%j is a text', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  it.each([
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
    ['FALSE', false],
  ])('%s is a boolean', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  it('of any text is written as JSON writes it', () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const next = random(seed);
      const text = Array.from({ length: Math.floor(next() * 12) }, () => String.fromCodePoint(Math.floor(next() ** 4 * 0x11_0000))).join('');
      if (/\p{Surrogate}/u.test(text)) continue;
      // Of what JSON escapes by number only control characters are below 0x80, and those are the same here.
      expect(valueOf(JSON.stringify(text)), `seed ${seed}`).toBe(text);
    }
  });
});

describe('a word', () => {
  it('is a name where a value is expected, unless it is and, or, not, true, false or null', () => {
    const names = ['a', '_a1', 'é', '名前', 'in', 'like', 'is', 'between', 'exists', 'array_length', 'text_match', 'iso', 'And', 'tRUE', '$meta', 'r', 'u8', 'x0'];
    for (const name of names) expect(parse(`${name} == 1`), name).toMatchObject({ kind: 'compare', left: { kind: 'reference', name, path: [] } });
    expect(parse('like like "a"')).toMatchObject({ kind: 'like', value: { kind: 'reference', name: 'like' } });
    expect(parse('in in [1]')).toMatchObject({ kind: 'in', value: { kind: 'reference', name: 'in' } });
  });

  it('may be written in upper case where it belongs to the language', () => {
    expect(parse('A LIKE "a" AND NOT EXISTS a["x"] OR A IS NOT NULL AND A NOT IN [1] OR A BETWEEN 1 AND 2 OR ARRAY_LENGTH(A) == 1')).toMatchObject({ kind: 'or', parts: { length: 4 } });
  });

  it('of a path has keys and positions behind it', () => {
    expect(parse('a["b"] [ 0 ]\n[\'c\'] == 1')).toMatchObject({ left: { kind: 'reference', name: 'a', path: ['b', 0, 'c'] } });
    expect(parse('a[0x10] == 1')).toMatchObject({ left: { path: [16] } });
  });
});

describe('the limits', () => {
  const many = (text: string, times: number): string => text.repeat(times);

  it('of depth are of parentheses, prefixes, lists and operators alike', () => {
    for (const text of [`${many('(', 150)}a == 1${many(')', 150)}`, `${many('not ', 150)}a == 1`, `a == ${many('- ', 150)}1`, `a == 1${many(' + 1', 150)}`, `a in ${many('[', 150)}${many(']', 150)}`]) {
      expect(parse(text), text.slice(0, 20)).not.toBeNull();
    }
    for (const text of [`${many('(', 250)}a == 1${many(')', 250)}`, `${many('not ', 250)}a == 1`, `a == ${many('- ', 250)}1`, `a == 1${many(' + 1', 250)}`, `a in ${many('[', 250)}`, many('(', 100_000), many('not ', 250_000), `a${many('["b"]', 250)} == 1`]) {
      expect(() => parse(text), text.slice(0, 20)).toThrow(/deeper than 200 levels/);
    }
  });

  it('of length are none for and, or and lists', () => {
    expect(parse(`${many('a == 1 or ', 50_000)}a == 1`)).toMatchObject({ kind: 'or', depth: 3, parts: { length: 50_001 } });
    expect(parse(`a in [${many('1,', 100_000)}]`)).toMatchObject({ list: { items: { length: 100_000 } } });
    expect(() => parse(`a in [${many('1,', 100_001)}]`)).toThrow(/at most 100000 values in a list/);
  });
});
