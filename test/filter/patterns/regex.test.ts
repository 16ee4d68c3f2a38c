/**
 * Regular expressions against the platform's, over random expressions that mean the same in both. `SEEDS` runs more; a failure names
 * its seed.
 */
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../../src/filter/patterns/regex.ts';
import { Automaton } from '../../../src/filter/patterns/regex/automaton.ts';
import { unicodeClass, withAllCases } from '../../../src/filter/patterns/regex/code-points.ts';
import { parseRegex } from '../../../src/filter/patterns/regex/parse.ts';
import { toProgram } from '../../../src/filter/patterns/regex/program.ts';
import { random } from '../../support/random.ts';

const SEEDS = Number(process.env.SEEDS ?? 30);
const encoder = new TextEncoder();

function matches(pattern: ReturnType<typeof compileRegex>, text: string): boolean {
  // Other bytes lie on both sides: a matcher that leaves its range sees them.
  const bytes = encoder.encode(`ab${text}\nb`);
  return pattern.test(bytes, 2, bytes.length - 2);
}

function isIn(points: readonly number[], point: number): boolean {
  let i = 0;
  while (i < points.length && points[i + 1] < point) i += 2;
  return i < points.length && points[i] <= point;
}

const regex = (source: string, text: string): boolean => matches(compileRegex(source), text);

describe('regular expressions', () => {
  it.each<[string, string, boolean]>([
    ['', '', true],
    ['b', 'abc', true],
    ['d', 'abc', false],
    ['^b', 'abc', false],
    ['c$', 'abc', true],
    ['^$', '', true],
    ['^$', '\n', false],
    ['(?m)^$', 'a\n\nb', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb\nc', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['a.c', 'a😀c', true],
    ['^.$', '😀', true],
    ['^..$', '😀', false],
    ['a[^b]c', 'a\nc', true],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[a\\-z]', 'b', false],
    ['[\\x{1F600}-\\x{1F602}]', '😁', true],
    ['[^ä]', 'ä', false],
    ['[[:alpha:]]', '1a', true],
    ['[[:^alpha:]]', 'a', false],
    ['[[:word:]-]', '-', true],
    ['\\d', '٣', false],
    ['\\pN', '٣', true],
    ['\\p{Greek}', 'λ', true],
    ['\\p{^Greek}', 'λ', false],
    ['\\P{Greek}', 'λ', false],
    ['^\\pL+$', 'Straße', true],
    ['[\\p{Lu}\\d]', 'Ä', true],
    ['\\s', '\v', false],
    ['[[:space:]]', '\v', true],
    ['\\bfoo\\b', 'a foo.', true],
    ['\\bfoo\\b', 'afoo', false],
    ['\\Bb', 'ab', true],
    ['^\\B.\\B$', 'é', true],
    ['a\\Bä', 'aäa', false],
    ['\\b\\B', 'aéa', false],
    ['\\B$', 'é', true],
    ['\\Aa\\z', 'a', true],
    ['\\Aa\\z', 'a\n', false],
    ['x{2}', 'x', false],
    ['^x{2,3}$', 'xxxx', false],
    ['^x{2,}$', 'xxxx', true],
    ['x{,2}', 'x{,2}', true],
    ['x{', 'x{', true],
    ['x{1,a}', 'x{1,a}', true],
    ['^(?:ab|c)*?$', 'abcab', true],
    ['^(?P<one>a)(?<two>b)$', 'ab', true],
    ['(?i)straße', 'STRAẞE', true],
    ['(?i)k', '\u212a', true],
    ['(?i)σ', 'ς', true],
    ['(?i)i', 'ı', false],
    ['(?i:a)b', 'AB', false],
    ['(?i:a)b', 'Ab', true],
    ['(a(?i)b|c)d', 'aBd', true],
    ['(a(?i)b|c)d', 'Cd', true],
    ['(a(?i)b|c)d', 'aBD', false],
    ['(?i)a(?-i)b', 'AB', false],
    ['(?i)[^a]', 'A', false],
    ['(?is-m:A.)', 'a\n', true],
    ['(?U)a+?', 'aa', true],
    ['\\x41\\x{42}\\103\\07\\t\\n\\.\\a', 'ABC\x07\t\n.\x07', true],
    ['\\Qa.b*\\E+', 'a.b**', true],
    ['\\Qa.b', 'axb', false],
    ['^a\\Q\\E*$', 'aa', true],
    ['(|a)+b', 'b', true],
    ['(?:)*', '', true],
    ['^(?:^|a)*$', 'aa', true],
    ['a|b|', 'x', true],
    ['[^\\x{0}-\\x{10FFFF}]', 'a', false],
    ['\\_\\-\\/', '_-/', true],
  ])('%s on %j is %j', (source, text, expected) => {
    expect(regex(source, text)).toBe(expected);
  });

  it.each<[string, number]>([
    ['(', 0],
    ['a(b', 1],
    ['a)', 1],
    ['[a', 0],
    ['[]', 0],
    ['[z-a]', 1],
    ['[a-\\d]', 3],
    ['[[:foo:]]', 1],
    ['*a', 0],
    ['a|*', 2],
    ['(?i)*', 4],
    ['a**', 2],
    ['a{2}{3}', 4],
    ['a{1001}', 1],
    ['a{3,2}', 1],
    ['a{99999999999999999999}', 1],
    ['\\', 0],
    ['a\\', 1],
    ['(a)\\1', 3],
    ['\\8', 0],
    ['\\k<a>', 0],
    ['(?=a)', 0],
    ['a(?!a)', 1],
    ['(?<=a)', 0],
    ['(?<!a)', 0],
    ['(?>a)', 0],
    ['(?#a)', 0],
    ['(?', 0],
    ['(?)', 0],
    ['(?i-)a', 0],
    ['(?P<a>b)(?P<a>c)', 8],
    ['(?P<a', 0],
    ['(?P<ä>a)', 0],
    ['\\Z', 0],
    ['\\C', 0],
    ['\\é', 0],
    ['\\pX', 0],
    ['\\p{Klingon}', 0],
    ['\\p{Script=Greek}', 0],
    ['\\p{L', 0],
    ['\\p', 0],
    ['\\x', 0],
    ['\\x{110000}', 0],
    ['\\x{D800}', 0],
    ['\\x{}', 0],
    ['a\ud800', 1],
    ['[\ud800]', 1],
    ['x{1000}{1000}', 7],
    ['(x{0,100}){0,100}', 10],
    ['(a|(?:b{20}c)+){0,100}', 15],
    ['((){1000}a){1000}', 11],
    ['(x{1000}|y{1000}){1,}z{1000}'.repeat(6), 0],
    ['\\pL{11}', 0],
  ])('%s is refused at %i', (source, position) => {
    expect(() => compileRegex(source)).toThrow(expect.objectContaining({ name: 'PatternError', position }));
  });

  it('too deep or too long is refused', () => {
    expect(() => compileRegex('('.repeat(1000))).toThrow(expect.objectContaining({ name: 'PatternError', position: 200 }));
    expect(() => compileRegex('a'.repeat(20_000))).toThrow(expect.objectContaining({ name: 'PatternError', position: 16_384 }));
  });

  it.each<[string, string, boolean, string[]]>([
    ['abc', '', false, ['abc']],
    ['^abc', 'abc', true, ['abc']],
    ['^abc.*', 'abc', true, ['abc']],
    ['^abc$', 'abc', false, ['abc']],
    ['^a(?:bc)d?', 'abc', true, ['abc']],
    ['(?m)^abc', '', false, ['abc']],
    ['^a|b', '', false, []],
    ['ab+c', '', false, ['a', 'b', 'c']],
    ['ab*c', '', false, ['a', 'c']],
    ['x(?:ab){2}y', '', false, ['x', 'ab', 'y']],
    ['(?i)ab1', '', false, ['1']],
    ['a.😀', '', false, ['a', '😀']],
    ['foo\\b bar', '', false, ['foo bar']],
  ])('%s says what a text must have', (source, prefix, isPrefix, required) => {
    expect(compileRegex(source)).toMatchObject({ source, prefix, isPrefix, required });
  });

  it('a lone surrogate of JSON is one character', () => {
    const bytes = Uint8Array.of(0x61, 0xed, 0xa0, 0x80, 0x62);
    expect(compileRegex('^a.b$').test(bytes, 0, 5)).toBe(true);
    expect(compileRegex('^a[^x]b$').test(bytes, 0, 5)).toBe(true);
    expect(compileRegex('^a..b$').test(bytes, 0, 5)).toBe(false);
  });

  it('knows the cases of letters as the platform does', () => {
    for (let point = 0; point < 0x20000; point += point < 0x600 ? 1 : 7) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const points = withAllCases([point, point]);
      const same = new RegExp(`^\\u{${point.toString(16)}}$`, 'iu');
      const text = String.fromCodePoint(point);
      const others = [text.toLowerCase(), text.toUpperCase()].filter((other) => same.test(other));
      for (let i = 0; i < points.length; i += 2) for (let other = points[i]; other <= points[i + 1]; other++) others.push(String.fromCodePoint(other));
      const wrong = others.filter((other) => !same.test(other) || !isIn(points, other.codePointAt(0) as number));
      if (wrong.length > 0) throw new Error(`${text}: ${wrong.join()}`);
    }
  });

  it('knows the classes that the platform knows', () => {
    const platform: [string, RegExp][] = [['L', /\p{L}/u], ['Nd', /\p{Nd}/u], ['Han', /\p{Script=Han}/u], ['Cs', /\p{Cs}/u], ['Co', /\p{Co}/u], ['S', /\p{S}/u], ['Cf', /\p{Cf}/u]];
    for (const [name, one] of platform) {
      const points = unicodeClass(name) as readonly number[];
      for (let point = 0; point <= 0x10ffff; point += point < 0x3000 ? 1 : 13) {
        if (isIn(points, point) !== one.test(String.fromCodePoint(point))) throw new Error(`${name} ${point.toString(16)}`);
      }
    }
    expect(unicodeClass('C')).toEqual(expect.arrayContaining([0xd800, 0xf8ff]));
  });

  it.each<[string, (length: number) => string]>([
    ['(a+)+$', (n) => `${'a'.repeat(n)}b`],
    ['(a|a)*b', (n) => 'a'.repeat(n)],
    ['(a|aa)+$', (n) => `${'a'.repeat(n)}b`],
    ['(.*)*x', (n) => 'a'.repeat(n)],
    ['(x{0,30}){0,30}$', (n) => `${'x'.repeat(n)}y`],
    ['^(x{0,30}){0,30}$', (n) => 'x'.repeat(n)],
    ['^(a?){50}a{50}$', (n) => 'a'.repeat(n)],
    // Deterministic, it has 2^14 states: they do not fit what may be kept.
    ['(a|b)*a(a|b){13}c', (n) => Array.from({ length: n }, (_, i) => ((i * i * 7 + (i >> 3) * 5) % 11 < 5 ? 'a' : 'b')).join('')],
    ['\\b(\\w+\\s*)+\\b!', (n) => 'word '.repeat(n / 5)],
  ])('%s takes time linear in the text', (source, textOf) => {
    const workOf = (length: number): number => {
      const automaton = new Automaton(toProgram(parseRegex(source)));
      const bytes = encoder.encode(textOf(length));
      automaton.test(bytes, 0, bytes.length);
      return automaton.work;
    };
    const once = workOf(12_000);
    const twice = workOf(24_000);
    expect(twice).toBeLessThanOrEqual(2.2 * once);
  });

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`matches what the platform's matches, seed ${seed}`, () => {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)];
      const letters = pick([['a', 'b'], ['a', 'A', 'b', ' '], ['a', 'ä', 'ã', 'Ä'], ['ä', '䀤', '😀', '😄', '\n'], ['a', '\n', '_', '1']]);
      const anyCase = next() < 0.3;
      const byLine = next() < 0.3;
      const dotIsAny = next() < 0.5;
      /** Ours and the platform's. */
      const expression = (depth: number): [string, string] => {
        const kind = next();
        if (depth === 0 || kind < 0.25) {
          const letter = pick(letters);
          if (next() < 0.1) return [`\\x{${(letter.codePointAt(0) as number).toString(16)}}`, `\\u{${(letter.codePointAt(0) as number).toString(16)}}`];
          return [letter, letter];
        }
        if (kind < 0.3) return dotIsAny ? ['.', '[^]'.replace('[^]', '[\\s\\S]')] : ['.', '[^\\n]'];
        if (kind < 0.4) {
          const negation = next() < 0.4 ? '^' : '';
          const inner = Array.from({ length: 1 + Math.floor(next() * 3) }, () => {
            const [from, to] = [pick(letters), pick(letters)].sort((a, b) => (a.codePointAt(0) as number) - (b.codePointAt(0) as number));
            return next() < 0.3 ? pick(['\\d', '\\w', '\\D']) : next() < 0.5 ? `${from}-${to}` : from;
          }).join('');
          return [`[${negation}${inner}]`, `[${negation}${inner}]`];
        }
        if (kind < 0.45) return pick<[string, string]>([['^', '^'], ['$', '$'], ['\\b', '\\b'], ['\\B', '\\B'], ['\\w', '\\w'], ['\\W', '\\W'], ['\\d', '\\d']]);
        if (kind < 0.65) {
          const [ours, theirs] = expression(depth - 1);
          const count = pick(['*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}', '*?', '+?', '??', '{1,2}?']);
          return [`(?:${ours})${count}`, `(?:${theirs})${count}`];
        }
        const parts = Array.from({ length: 1 + Math.floor(next() * 3) }, () => expression(depth - 1));
        if (kind < 0.85) return [parts.map(([ours]) => ours).join(''), parts.map(([, theirs]) => theirs).join('')];
        if (next() < 0.2) parts.push(['', '']);
        const open = pick(['(', '(?:']);
        return [`${open}${parts.map(([ours]) => ours).join('|')})`, `${open}${parts.map(([, theirs]) => theirs).join('|')})`];
      };
      for (let i = 0; i < 40; i++) {
        const [ours, theirs] = expression(4);
        const flags = `${anyCase ? 'i' : ''}${byLine ? 'm' : ''}${dotIsAny ? 's' : ''}`;
        const source = flags === '' ? ours : `(?${flags})${ours}`;
        const platform = new RegExp(theirs, `u${anyCase ? 'i' : ''}${byLine ? 'm' : ''}`);
        const pattern = compileRegex(source);
        for (let k = 0; k < 12; k++) {
          const text = Array.from({ length: Math.floor(next() * 12) }, () => pick(letters)).join('');
          expect({ source, text, matches: matches(pattern, text) }).toEqual({ source, text, matches: platform.test(text) });
          const { prefix, isPrefix, required } = pattern;
          if (platform.test(text)) {
            expect(text.startsWith(prefix)).toBe(true);
            expect({ source, text, missing: required.filter((part) => !text.includes(part)) }).toEqual({ source, text, missing: [] });
          } else if (isPrefix) expect(text.startsWith(prefix)).toBe(false);
        }
      }
    });
  }

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`is a pattern or an error, whatever is written, seed ${seed}`, () => {
      const next = random(seed);
      const pieces = ['a', 'ä', '(', ')', '(?', '?', ':', 'i', '[', ']', '^', '-', '[:alpha:]', '\\', 'd', 'p{', 'L', '}', '{', '1', ',', '1000', '*', '+', '|', '.', '$', '\\Q', '\\E', 'x', '\ud800', '<', 'P', '>', '😀'];
      for (let i = 0; i < 100; i++) {
        const source = Array.from({ length: Math.floor(next() * 14) }, () => pieces[Math.floor(next() * pieces.length)]).join('');
        try {
          matches(compileRegex(source), 'aä(?1😀');
        } catch (error) {
          expect(error).toMatchObject({ name: 'PatternError' });
          const { position } = error as { position: number };
          expect(position).toBeGreaterThanOrEqual(0);
          expect(position).toBeLessThanOrEqual(source.length);
        }
      }
    });
  }
});
