/** Values found in JSON texts against JSON.parse, over random values written in random ways. `SEEDS` runs more; a failure names its seed. */
import { describe, expect, it } from 'vitest';
import {
  JsonScanner,
  compareJsonString,
  compileJsonLiteral,
  compileJsonPath,
  decodeJsonString,
  isPlainJsonString,
  jsonArrayLength,
  jsonEquals,
  readJsonNumber,
} from '../../src/filter/json-path.ts';
import type { JsonLiteral, JsonPath } from '../../src/filter/predicate.ts';
import { random } from '../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 12);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The value at a path as our scanner reads it; undefined: missing. Containers are parsed from the range that it gives. */
function read(text: string | Uint8Array, path: JsonPath): unknown {
  const inner = typeof text === 'string' ? encoder.encode(text) : text;
  // What is behind the range would make the value another.
  const bytes = new Uint8Array(inner.length + 4).fill(0x31);
  bytes.set(inner, 2);
  const scanner = new JsonScanner();
  const kind = scanner.find(bytes, 2, inner.length + 2, compileJsonPath(path));
  expect(scanner.kind).toBe(kind);
  expect(scanner.from).toBeGreaterThanOrEqual(2);
  expect(scanner.to).toBeLessThanOrEqual(inner.length + 2);
  const { from, to } = scanner;
  switch (kind) {
    case 'missing':
      return undefined;
    case 'null':
      return null;
    case 'true':
      return true;
    case 'false':
      return false;
    case 'number':
      return readJsonNumber(bytes, from, to);
    case 'string': {
      const out = new Uint8Array(to - from);
      return decoder.decode(out.subarray(0, decodeJsonString(bytes, from, to, out)));
    }
    default:
      return JSON.parse(decoder.decode(bytes.subarray(from, to)));
  }
}

function at(value: unknown, path: JsonPath): unknown {
  for (const step of path) {
    const fits = typeof step === 'number' ? Array.isArray(value) : typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!fits || !Object.hasOwn(value as object, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

const KEYS = ['a', 'b', 'ab', '', '0', 'a"b', 'ä', '\\', '😀', 'a\nb', '__proto__'];
const TEXTS = ['', 'a', 'A', 'ab', '"', '\\', '\u0000', '\n\t\r\b\f', 'ä', 'e\u0301', '€', '😀', '[1,2]', '{"a":1}', '/', '\u2028', 'a'.repeat(70)];
const NUMBERS = [0, -0, 1, -1, 0.5, 1e21, -1e-7, 2 ** 53 - 1, -(2 ** 53 - 1), 5e-324, Number.MAX_VALUE, 123456789012345];

function randomJson(next: () => number, depth: number): Json {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)];
  const kind = next() * (depth > 0 ? 8 : 5);
  if (kind < 1) return pick([null, true, false]);
  if (kind < 3) return pick(NUMBERS);
  if (kind < 5) return pick(TEXTS);
  const size = Math.floor(next() * 5);
  if (kind < 6.5) return Array.from({ length: size }, () => randomJson(next, depth - 1));
  const object: { [key: string]: Json } = Object.create(null);
  for (let i = 0; i < size; i++) object[pick(KEYS)] = randomJson(next, depth - 1);
  return object;
}

/** JSON that says the same in another way: white space, and escapes where none are needed. */
function write(next: () => number, value: Json): string {
  const space = (): string => (next() < 0.7 ? '' : [' ', '\n', '\t \r'][Math.floor(next() * 3)]);
  const text = (string: string): string => {
    let out = '"';
    for (const character of string) {
      if (next() < 0.2) for (const unit of character.split('')) out += `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      else if (character === '/' && next() < 0.5) out += '\\/';
      else out += JSON.stringify(character).slice(1, -1);
    }
    return `${out}"`;
  };
  if (typeof value === 'string') return space() + text(value) + space();
  if (Array.isArray(value)) return `${space()}[${space()}${value.map((element) => write(next, element)).join(',')}]${space()}`;
  if (typeof value !== 'object' || value === null) return space() + JSON.stringify(value) + space();
  return `${space()}{${space()}${Object.entries(value)
    .map(([key, member]) => `${space()}${text(key)}${space()}:${write(next, member)}`)
    .join(',')}}${space()}`;
}

describe('json paths', () => {
  it.each<[string, JsonPath, unknown]>([
    ['{"a":1}', ['a'], 1],
    ['{"a":1}', ['b'], undefined],
    ['{"a":null}', ['a'], null],
    ['{"a":{"b":[1,{"c":"x"}]}}', ['a', 'b', 1, 'c'], 'x'],
    ['{"\\u0061":1}', ['a'], 1],
    ['{"\\ud83d\\ude00":1}', ['😀'], 1],
    ['{"a":1,"a":2}', ['a'], 1],
    ['[1,2]', [1], 2],
    ['[1,2]', [2], undefined],
    ['[]', [0], undefined],
    ['[1]', ['0'], undefined],
    ['{"0":1}', [0], undefined],
    ['{"0":1}', ['0'], 1],
    ['"text"', [], 'text'],
    ['9007199254740993', [], 9007199254740993n],
    ['-9223372036854775808', [], -(2n ** 63n)],
    ['9223372036854775807', [], 2n ** 63n - 1n],
    ['9223372036854775808', [], 2 ** 63],
    ['1e3', [], 1000],
    ['9007199254740993.0', [], 9007199254740992],
    ['1234567890123456789', [], 1234567890123456789n],
    ['123456789012345678901234567890', [], 1.2345678901234568e29],
  ])('in %s: %j', (text, path, expected) => {
    expect(read(text, path)).toEqual(expected);
  });

  it.each<[string, JsonPath]>([
    ['', []],
    [' ', ['a']],
    ['{', ['a']],
    ['{"a"', ['a']],
    ['{"a":', ['a']],
    ['{"a" 1}', ['a']],
    ['{"a":tru}', ['a']],
    ['{"a":truely}', ['a']],
    ['{"a":01}', ['a']],
    ['{"a":-}', ['a']],
    ['{"a":1.}', ['a']],
    ['{"a":1e}', ['a']],
    ['{"a":+1}', ['a']],
    ['{"a":}', ['a']],
    ['{"a":"x', ['a']],
    ['{"a":"x\\"', ['a']],
    ['{"a":[1,2', ['a']],
    ['{"a":[1,2', ['a', 1, 'b']],
    ['{a:1}', ['a']],
    ['[1,]', [1]],
    ['[,1]', [0]],
    ['[1 2]', [1]],
    ['nul', []],
    ['NaN', []],
  ])('damaged text has nothing there: %s %j', (text, path) => {
    expect(read(text, path)).toBeUndefined();
  });

  it('steps over any depth', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(read(`{"deep":${deep},"a":7}`, ['a'])).toBe(7);
    expect(read(`{"deep":${deep.slice(1)},"a":7}`, ['a'])).toBeUndefined();
  });

  it('reads a lone surrogate as three bytes, which no text has', () => {
    const bytes = encoder.encode('"\\ud800"');
    const out = new Uint8Array(8);
    expect(decodeJsonString(bytes, 0, bytes.length, out)).toBe(3);
    expect([...out.subarray(0, 3)]).toEqual([0xed, 0xa0, 0x80]);
    expect(compareJsonString(bytes, 0, bytes.length, encoder.encode('\ufffd'))).not.toBe(0);
  });

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`finds what JSON.parse finds, seed ${seed}`, () => {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)];
      const scanner = new JsonScanner();
      for (let i = 0; i < 60; i++) {
        const text = next() < 0.5 ? JSON.stringify(randomJson(next, 4)) : write(next, randomJson(next, 4));
        const value: unknown = JSON.parse(text);
        const where = `${text} `;
        for (let k = 0; k < 10; k++) {
          let path: (string | number)[] = [];
          for (let inner = value; typeof inner === 'object' && inner !== null && next() < 0.8; ) {
            const steps = Array.isArray(inner) ? [...inner.keys()] : Object.keys(inner);
            const step = steps.length === 0 || next() < 0.1 ? pick([...KEYS, 0, 1, 7]) : pick<string | number>(steps);
            path = [...path, step];
            inner = at(inner, [step]);
          }
          const expected = at(value, path);
          expect([where, path, read(text, path)]).toEqual([where, path, Object.is(expected, -0) ? 0 : expected]);
          checkParts(scanner, text, path, expected);
        }
      }
    });

    it(`of damaged text, nothing is read outside of it, seed ${seed}`, () => {
      const next = random(seed);
      for (let i = 0; i < 100; i++) {
        const value = randomJson(next, 4);
        const bytes = encoder.encode(JSON.stringify(value));
        const cut = bytes.slice(0, Math.floor(next() * (bytes.length + 1)));
        for (let flips = 0; flips < 3 && cut.length > 0; flips++) cut[Math.floor(next() * cut.length)] = '"\\[]{}:,u0tx \n'.charCodeAt(Math.floor(next() * 14));
        const path = Array.from({ length: Math.floor(next() * 4) }, () => (next() < 0.5 ? Math.floor(next() * 3) : KEYS[Math.floor(next() * KEYS.length)]));
        const scanner = new JsonScanner();
        // A proxy sees reads beyond the range; a typed array has no bytes there.
        let outside = 0;
        const watched = new Proxy(cut, {
          get(target, name) {
            const index = typeof name === 'string' ? Number(name) : NaN;
            if (index < 0 || index >= target.length) outside++;
            const got: unknown = Reflect.get(target, name);
            return typeof got === 'function' ? got.bind(target) : got;
          },
        });
        const kind = scanner.find(watched, 0, cut.length, compileJsonPath(path));
        const { from, to } = scanner;
        if (kind === 'string') decodeJsonString(watched, from, to, new Uint8Array(to - from));
        if (kind === 'array') jsonArrayLength(scanner, watched, from, to);
        if (kind === 'number') expect(readJsonNumber(watched, from, to)).not.toBeNaN();
        expect(to).toBeLessThanOrEqual(cut.length);
        expect({ seed, i, text: decoder.decode(cut), path, outside }).toMatchObject({ outside: 0 });
      }
    });
  }
});

/** What can be asked of a value without reading it whole. */
function checkParts(scanner: JsonScanner, text: string, path: JsonPath, expected: unknown): void {
  const bytes = encoder.encode(text);
  const compiled = compileJsonPath(path);
  scanner.find(bytes, 0, bytes.length, compiled);
  const { kind, from, to } = scanner;
  if (kind === 'array') {
    expect(jsonArrayLength(scanner, bytes, from, to)).toBe((expected as unknown[]).length);
    const kinds: string[] = [];
    for (let at = from; scanner.next(bytes, at, to) !== 'missing'; at = scanner.to) kinds.push(scanner.kind);
    expect(kinds).toEqual((expected as unknown[]).map((element) => (Array.isArray(element) ? 'array' : element === null ? 'null' : typeof element === 'boolean' ? String(element) : typeof element)));
  }
  if (kind === 'string') {
    const own = encoder.encode(expected as string);
    if (isPlainJsonString(bytes, from, to)) expect(bytes.subarray(from + 1, to - 1)).toEqual(own);
    for (const other of TEXTS) {
      const sign = Math.sign(compareJsonString(bytes, from, to, encoder.encode(other)));
      expect([expected, other, sign]).toEqual([expected, other, compareBytes(own, encoder.encode(other))]);
    }
  }
  const literals: JsonLiteral[] = [null, true, 1, 0.5, 'a', '', [], [1], ['a', [1]]];
  if (expected !== undefined && !JSON.stringify(expected).includes('{')) literals.push(expected as JsonLiteral);
  for (const literal of literals) {
    scanner.find(bytes, 0, bytes.length, compiled);
    // Written and read again: -0 is 0.
    const same = expected !== undefined && JSON.stringify(expected) === JSON.stringify(literal);
    expect([text, path, literal, jsonEquals(scanner, bytes, compileJsonLiteral(literal))]).toEqual([text, path, literal, same]);
  }
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let i = 0; i < left.length && i < right.length; i++) if (left[i] !== right[i]) return Math.sign(left[i] - right[i]);
  return Math.sign(left.length - right.length);
}
