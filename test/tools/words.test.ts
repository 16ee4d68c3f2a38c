/** Words of texts and the terms that they are folded to. */
import { describe, expect, it } from 'vitest';
import { logarithm } from '../../src/tools/logarithm.ts';
import { termOf } from '../../src/tools/terms.ts';
import { WORD_LENGTH_MAX, eachWord } from '../../src/tools/words.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { SEED } from '../support/vectors.ts';

const wordsOf = (text: string): string[] => {
  const words: string[] = [];
  eachWord(text, (word) => words.push(word));
  return words;
};

describe('words', () => {
  it.each([
    ['', []],
    [' .,;-- \n', []],
    ['Real-time Strategy game', ['real', 'time', 'strategy', 'game']],
    ['libfoo-dev snake_case a.b/c', ['libfoo', 'dev', 'snake', 'case', 'a', 'b', 'c']],
    ['python3 mp3 x11 a1b2 2024 sha256sum', ['python3', 'python', 'mp3', 'x11', 'a1b2', '2024', 'sha256sum']],
    ['ÉCOLE cafe\u0301 Straße ﬁle Ⅻ', ['école', 'café', 'straße', 'file', 'xii']],
    ['हिन्दी भाषा', ['हिन्दी', 'भाषा']],
    ['Вот 2 слова', ['вот', '2', 'слова']],
    ['全文検索とSQL', ['全文', '文検', '検索', '索と', 'sql']],
    ['中', ['中']],
    ['한국어 𠀀𠀁𠀂', ['한국', '국어', '𠀀𠀁', '𠀁𠀂']],
    ['\ud800 𝒳yz 😀emoji\udc00', ['xyz', 'emoji']],
  ])('of %j', (text, expected) => {
    expect(wordsOf(text)).toEqual(expected);
  });

  it('leave out what is too long to be one', () => {
    const longest = 'q'.repeat(WORD_LENGTH_MAX);
    expect(wordsOf(`a ${longest} ${longest}q b`)).toEqual(['a', longest, 'b']);
  });

  it('of a long text are those of its parts, whatever pieces it is read in', () => {
    const next = mulberry32(SEED);
    const parts = ['Games', 'naïve', 'x', '検索', '𠀀𠀁', 'libfoo-dev', 'python3', '\n', '...'];
    const list = Array.from({ length: 20_000 }, () => parts[next() % parts.length]!);
    const expected = list.flatMap(wordsOf);
    for (const between of [' ', '\n', ',']) expect(wordsOf(list.join(between))).toEqual(expected);
    expect(wordsOf('𠀀'.repeat(50_000)).every((word) => word === '𠀀𠀀')).toBe(true);
  });

  it('take time in proportion to the text, whatever it is made of', () => {
    for (const unit of ['a', '1', '検', '😀', '\u0301', 'a1', '-', 'é ']) {
      // A megabyte of each; a quadratic scan would take minutes.
      const start = performance.now();
      wordsOf(unit.repeat(2 ** 20));
      expect(performance.now() - start, unit).toBeLessThan(10_000);
    }
  });
});

describe('terms', () => {
  it.each([
    ['game', 'games', 'gaming'], ['library', 'libraries'], ['movie', 'movies'], ['box', 'boxes'], ['match', 'matches', 'matching', 'matched'], ['run', 'runs', 'running'],
    ['cache', 'caches', 'cached', 'caching'], ['play', 'plays', 'playing', 'played'], ['process', 'processes', 'processing'], ['program', 'programs', 'programming'], ['photo', 'photos'], ['edit', 'editing', 'edited'],
  ])('%s is one with its other forms', (...words) => {
    expect(new Set(words.map(termOf)).size, words.map(termOf).join(' ')).toBe(1);
  });

  it('are not made of what only looks like an ending', () => {
    expect(['string', 'speed', 'status', 'class', 'king', 'bus', 'analysis'].map(termOf)).toEqual(['string', 'speed', 'status', 'class', 'king', 'bus', 'analysis']);
    expect(['mp3s', 'naïves', 'слова', '検索'].map(termOf)).toEqual(['mp3s', 'naïves', 'слова', '検索']);
    expect(['the', 'using', 'with', 's'].map(termOf)).toEqual(['', '', '', '']);
  });
});

it('logarithms are those of Math to the last bits', () => {
  const next = mulberry32(SEED);
  for (const x of [1, 2, Math.E, 10, 1e6, 2 ** 32, Math.SQRT2, ...Array.from({ length: 1000 }, () => 1 + next() / 1000)]) {
    expect(Math.abs(logarithm(x) - Math.log(x)), `${x}`).toBeLessThanOrEqual(4e-16 * Math.max(Math.log(x), 1));
  }
});
