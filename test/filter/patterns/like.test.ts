/** Patterns of `like` against a plain matcher over code points. `SEEDS` runs more; a failure names its seed. */
import { describe, expect, it } from 'vitest';
import { compileLike } from '../../../src/filter/patterns/like.ts';
import { PatternError } from '../../../src/filter/patterns/pattern.ts';
import { random } from '../../support/random.ts';
import { plainLike } from './plain-like.ts';

const SEEDS = Number(process.env.SEEDS ?? 30);
const encoder = new TextEncoder();

function like(pattern: string, text: string): boolean {
  // Other bytes lie on both sides: a matcher that leaves its range sees them.
  const bytes = encoder.encode(`%a${text}b_`);
  return compileLike(pattern).test(bytes, 2, bytes.length - 2);
}

describe('like', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['%', '', true],
    ['%', 'ä\n', true],
    ['_', '', false],
    ['_', '😀', true],
    ['_', 'e\u0301', false],
    ['a%', 'abc', true],
    ['%c', 'abc', true],
    ['%b%', 'abc', true],
    ['abc', 'abc', true],
    ['abc', 'ABC', false],
    ['a%a', 'a', false],
    ['%ab%ab', 'xab', false],
    ['10\\%', '10%', true],
    ['10\\%', '100', false],
    ['a\\_c', 'a_c', true],
    ['a\\_c', 'abc', false],
    ['\\\\', '\\', true],
    ['\\a', 'a', true],
    ['_😀_', 'ä😀é', true],
    ['%_😀_%', 'xä😀éx', true],
  ])('%j on %j is %j', (pattern, text, expected) => {
    expect(like(pattern, text)).toBe(expected);
    expect(plainLike(pattern, text)).toBe(expected);
  });

  it.each([
    ['abc\\', 3],
    ['%\\', 1],
    ['a\ud800b', 1],
    ['\\\ud800', 1],
  ])('%j is refused at %i', (pattern, position) => {
    expect(() => compileLike(pattern)).toThrow(expect.objectContaining({ name: PatternError.prototype.constructor.name, position }));
  });

  it.each([
    ['abc', 'abc', false, ['abc']],
    ['abc%', 'abc', true, ['abc']],
    ['abc%%', 'abc', true, ['abc']],
    ['%', '', true, []],
    ['a\\%%', 'a%', true, ['a%']],
    ['ab_d%ef%ef', 'ab', false, ['ab', 'd', 'ef']],
    ['_b%', '', false, ['b']],
    ['%äö%', '', false, ['äö']],
  ])('%j says what a text must have', (pattern, prefix, isPrefix, required) => {
    expect(compileLike(pattern)).toMatchObject({ source: pattern, prefix, isPrefix, required });
  });

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`matches what the plain matcher matches, seed ${seed}`, () => {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)];
      // Few letters, so that much matches; ä, ã and ß, ß' begin or end with the same bytes.
      const letters = pick([['a', 'b'], ['a', 'ä', 'ã'], ['ä', 'ã', 'Ã', '䀤', '😀', '😄'], ['%', '_', '\\', 'a']]);
      const some = (longest: number, from: () => string): string => Array.from({ length: Math.floor(next() * (longest + 1)) }, from).join('');
      const escaped = (letter: string): string => (/[%_\\]/.test(letter) ? `\\${letter}` : letter);
      const longest = pick([4, 8, 90]);
      for (let i = 0; i < 100; i++) {
        const sign = next();
        const pattern =
          longest < 90
            ? some(longest, () => (next() < 0.2 ? '%' : next() < 0.2 ? '_' : escaped(pick(letters))))
            : `${next() < 0.8 ? '%' : ''}${some(longest, () => (next() < sign ? '_' : next() < 0.01 ? '%' : escaped(letters[0])))}${next() < 0.8 ? '%' : ''}`;
        const text = longest < 90 ? some(12, () => pick(letters)) : some(300, () => (next() < 0.97 ? letters[0] : pick(letters)));
        expect({ pattern, text, matches: like(pattern, text) }).toEqual({ pattern, text, matches: plainLike(pattern, text) });
        const { prefix, isPrefix, required } = compileLike(pattern);
        if (plainLike(pattern, text)) {
          expect(text.startsWith(prefix)).toBe(true);
          expect(required.filter((part) => !text.includes(part))).toEqual([]);
        } else if (isPrefix) expect(text.startsWith(prefix)).toBe(false);
      }
    });
  }
});
