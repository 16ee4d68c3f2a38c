/**
 * Patterns of `like`: `%` stands for any run of characters, `_` for one (a code point), `\` makes the next one literal.
 *
 * The signs `%` cut a pattern into segments. The first is compared at the beginning, the last at the end, each of the others is
 * looked for behind the one before: the leftmost place is as good as any. What a segment is looked for with depends on it: short
 * ones byte by byte, long ones by Knuth, Morris and Pratt's failure table, those with `_` by Baeza-Yates and Gonnet's Shift-And
 * (CACM 35(10), 1992), 32 places of the pattern in an instruction.
 */
import { PatternError, codePointOf, type TextPattern } from './pattern.ts';

/** What is between two `%`: bytes, and -1 for `_`. */
type Segment = Int32Array;
/** Looks for a segment in [from, to): the position behind its leftmost place, or NOWHERE. */
type Finder = (bytes: Uint8Array, from: number, to: number) => number;

const ONE = -1;
const NOWHERE = -1;
/** Segments up to this many bytes are looked for byte by byte: so a byte of text is looked at no more than so many times. */
const SHORT = 16;

const encoder = new TextEncoder();
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** PatternError for a `\` with nothing behind it, and for a lone surrogate. */
export function compileLike(source: string): TextPattern {
  const parts = parse(source);
  const segments = parts.map(segmentOf);
  const first = parts[0];
  const firstWild = first.indexOf(null);
  const prefix = (firstWild < 0 ? first : first.slice(0, firstWild)).join('');
  return {
    source,
    prefix,
    isPrefix: parts.length > 1 && firstWild < 0 && parts.every((part, i) => i === 0 || part.length === 0),
    required: [...new Set(parts.flatMap(literals))],
    test: tester(segments),
  };
}

/** Characters by segment, null for `_`. */
function parse(source: string): (string | null)[][] {
  const parts: (string | null)[][] = [[]];
  for (let at = 0; at < source.length; ) {
    let point = codePointOf(source, at);
    const begin = at;
    at += point > 0xffff ? 2 : 1;
    if (point === 0x25) {
      parts.push([]);
      continue;
    }
    if (point === 0x5c) {
      if (at === source.length) throw new PatternError(begin, 'expected a character behind "\\", found the end of the pattern');
      point = codePointOf(source, at);
      at += point > 0xffff ? 2 : 1;
    } else if (point === 0x5f) {
      parts[parts.length - 1].push(null);
      continue;
    }
    parts[parts.length - 1].push(String.fromCodePoint(point));
  }
  return parts;
}

/** The runs of a segment that stand between `_`. */
function literals(part: (string | null)[]): string[] {
  const runs = [''];
  for (const character of part) {
    if (character === null) runs.push('');
    else runs[runs.length - 1] += character;
  }
  return runs.filter((run) => run !== '');
}

const segmentOf = (part: (string | null)[]): Segment =>
  Int32Array.from(part.flatMap((character) => (character === null ? [ONE] : [...encoder.encode(character)])));

function tester(segments: Segment[]): TextPattern['test'] {
  const first = segments[0];
  if (segments.length === 1) return (bytes, from, to) => matchForward(first, bytes, from, to) === to;
  const last = segments[segments.length - 1];
  const finders = segments.slice(1, -1).flatMap((segment) => (segment.length === 0 ? [] : [finderOf(segment)]));
  return (bytes, from, to) => {
    let at = matchForward(first, bytes, from, to);
    if (at === NOWHERE) return false;
    for (const find of finders) {
      at = find(bytes, at, to);
      if (at === NOWHERE) return false;
    }
    return matchesBackward(last, bytes, at, to);
  };
}

/** The position behind a segment that stands at `from`, or NOWHERE. */
function matchForward(segment: Segment, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (let i = 0; i < segment.length; i++) {
    if (at >= to) return NOWHERE;
    if (segment[i] === ONE) at = nextCharacter(bytes, at, to);
    else if (bytes[at++] !== segment[i]) return NOWHERE;
  }
  return at;
}

/** Whether a segment stands at the end of [from, to). */
function matchesBackward(segment: Segment, bytes: Uint8Array, from: number, to: number): boolean {
  let at = to;
  for (let i = segment.length - 1; i >= 0; i--) {
    if (at <= from) return false;
    at--;
    if (segment[i] === ONE) while (at > from && isContinuation(bytes[at])) at--;
    else if (bytes[at] !== segment[i]) return false;
  }
  return true;
}

function nextCharacter(bytes: Uint8Array, at: number, to: number): number {
  do at++;
  while (at < to && isContinuation(bytes[at]));
  return at;
}

function finderOf(segment: Segment): Finder {
  if (segment.includes(ONE)) return findByShiftAnd(segment);
  return segment.length <= SHORT ? findByBytes(segment) : findByFailures(segment);
}

function findByBytes(segment: Segment): Finder {
  const first = segment[0];
  const length = segment.length;
  return (bytes, from, to) => {
    const lastStart = to - length;
    for (let start = from; start <= lastStart; start++) {
      if (bytes[start] !== first) continue;
      let i = 1;
      while (i < length && bytes[start + i] === segment[i]) i++;
      if (i === length) return start + length;
    }
    return NOWHERE;
  };
}

function findByFailures(segment: Segment): Finder {
  const length = segment.length;
  /** How much of the segment still stands when byte i of it does not fit. */
  const failures = new Int32Array(length);
  for (let i = 1, matched = 0; i < length; i++) {
    while (matched > 0 && segment[i] !== segment[matched]) matched = failures[matched - 1];
    if (segment[i] === segment[matched]) matched++;
    failures[i] = matched;
  }
  return (bytes, from, to) => {
    let matched = 0;
    for (let at = from; at < to; at++) {
      while (matched > 0 && bytes[at] !== segment[matched]) matched = failures[matched - 1];
      if (bytes[at] === segment[matched]) matched++;
      if (matched === length) return at + 1;
    }
    return NOWHERE;
  };
}

/**
 * Bit i of the state says that places 0 .. i of the segment stand before the current position. The first byte of a character
 * moves every bit on; its others move those that wait for them, and leave those where they are that have `_` behind them.
 */
function findByShiftAnd(segment: Segment): Finder {
  const words = (segment.length + 31) >>> 5;
  const waits = new Uint32Array(words);
  const kinds = [...new Set(segment)].filter((byte) => byte !== ONE);
  /** By byte: which row of `accepts`. Row 0: beginnings of characters that the segment does not have; row 1: other bytes. */
  const rowOf = new Uint16Array(256);
  for (let byte = 0x80; byte < 0xc0; byte++) rowOf[byte] = 1;
  kinds.forEach((byte, i) => (rowOf[byte] = i + 2));
  /** Shape (rows, words): which places of the segment a byte stands at. */
  const accepts = new Uint32Array((kinds.length + 2) * words);
  segment.forEach((byte, i) => {
    const bit = 1 << (i & 31);
    if (byte !== ONE) {
      accepts[rowOf[byte] * words + (i >>> 5)] |= bit;
      return;
    }
    waits[i >>> 5] |= bit;
    accepts[i >>> 5] |= bit;
    kinds.forEach((kind, k) => {
      if (!isContinuation(kind)) accepts[(k + 2) * words + (i >>> 5)] |= bit;
    });
  });
  const state = new Uint32Array(words);
  const lastBit = 1 << ((segment.length - 1) & 31);

  return (bytes, from, to) => {
    state.fill(0);
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      const row = rowOf[byte] * words;
      const isLater = isContinuation(byte);
      let carry = isLater ? 0 : 1;
      for (let word = 0; word < words; word++) {
        const was = state[word];
        let now = ((was << 1) | carry) & accepts[row + word];
        if (isLater) now |= was & waits[word];
        carry = was >>> 31;
        state[word] = now;
      }
      if ((state[words - 1] & lastBit) !== 0) return nextCharacter(bytes, at, to);
    }
    return NOWHERE;
  };
}
