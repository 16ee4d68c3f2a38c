/**
 * Regular expressions in RE2's syntax (https://github.com/google/re2/wiki/Syntax) to a tree. What needs backtracking (references
 * back, looking around) is refused, as RE2 does. Groups are for grouping alone, and lazy repetitions are like others: nobody asks
 * what a part matched.
 *
 * As in RE2: `\d \w \s \b` and `[[:alpha:]]` know ASCII alone, `.` is no line feed but under `(?s)`, `$` is the end of the text
 * alone but under `(?m)`, and a class that is negated contains the line feed.
 */
import { PatternError, codePointOf } from '../pattern.ts';
import { type CodePoints, LAST_CODE_POINT, complement, ordered, unicodeClass, withAllCases } from './code-points.ts';

export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary';

export type Node =
  | { readonly kind: 'set'; readonly points: CodePoints }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  /** Empty: matches the empty text. */
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

/** Longest expression, in UTF-16 units. */
const MAX_LENGTH = 16_384;
const MAX_DEPTH = 200;
/** Largest number of a repetition, and largest product of those around each other, as in RE2. */
const MAX_REPEAT = 1000;

const LINE_FEED: CodePoints = [0x0a, 0x0a];
const DIGITS: CodePoints = [0x30, 0x39];
const SPACES: CodePoints = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
export const WORD: CodePoints = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const ASCII_CLASSES: Readonly<Record<string, CodePoints>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0x00, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0x00, 0x1f, 0x7f, 0x7f],
  digit: DIGITS,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: WORD,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};
const PERL_CLASSES: Readonly<Record<string, CodePoints>> = { d: DIGITS, s: SPACES, w: WORD };
const CONTROLS: Readonly<Record<string, number>> = { a: 0x07, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };
const ASSERTIONS: Readonly<Record<string, Assertion>> = { A: 'textStart', z: 'textEnd', b: 'wordBoundary', B: 'noWordBoundary' };

interface Flags {
  /** `i` */
  readonly anyCase: boolean;
  /** `s` */
  readonly dotIsAny: boolean;
  /** `m` */
  readonly byLine: boolean;
}

/** PatternError for what is not in the syntax, or beyond a limit. */
export function parseRegex(source: string): Node {
  if (source.length > MAX_LENGTH) throw new PatternError(MAX_LENGTH, `expected at most ${MAX_LENGTH} characters, found ${source.length}`);
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #names = new Set<string>();
  /** How often counted repetitions repeat what is in them, by node; not there: once. */
  readonly #copies = new Map<Node, number>();
  #at = 0;
  #depth = 0;
  #flags: Flags = { anyCase: false, dotIsAny: false, byLine: false };

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) this.#fail(this.#at, 'found ")" without "("');
    return node;
  }

  #fail(at: number, message: string): never {
    throw new PatternError(at, message);
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #skips(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #codePoint(): number {
    const point = codePointOf(this.#source, this.#at);
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  /** Up to `)` or the end. */
  #choice(): Node {
    const parts = [this.#sequence()];
    while (this.#skips('|')) parts.push(this.#sequence());
    return this.#joined('choice', parts);
  }

  #joined(kind: 'choice' | 'sequence', parts: readonly Node[]): Node {
    if (parts.length === 1) return parts[0];
    const node: Node = { kind, parts };
    this.#copies.set(node, parts.reduce((most, part) => Math.max(most, this.#copies.get(part) ?? 1), 1));
    return node;
  }

  #repeated(part: Node, least: number, most: number, begin: number): Node {
    const node: Node = { kind: 'repeat', part, least, most };
    const copies = (this.#copies.get(part) ?? 1) * Math.max(1, most === Infinity ? least : most);
    if (copies > MAX_REPEAT) this.#fail(begin, `expected repetitions of at most ${MAX_REPEAT} in all, found ${copies}`);
    this.#copies.set(node, copies);
    return node;
  }

  #sequence(): Node {
    const parts: Node[] = [];
    let canRepeat = false;
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      const begin = this.#at;
      const repetition = this.#repetition();
      if (repetition !== null) {
        if (!canRepeat) this.#fail(begin, `expected something to repeat before "${this.#source.slice(begin, this.#at)}"`);
        parts.push(this.#repeated(parts.pop() as Node, repetition.least, repetition.most, begin));
        canRepeat = false;
        continue;
      }
      if (this.#skips('\\Q')) {
        const found = this.#source.indexOf('\\E', this.#at);
        const end = found < 0 ? this.#source.length : found;
        while (this.#at < end) parts.push(this.#literal(this.#codePoint()));
        this.#at = Math.min(end + 2, this.#source.length);
        canRepeat ||= end > begin + 2;
        continue;
      }
      const node = this.#atom();
      canRepeat = node !== null;
      if (node !== null) parts.push(node);
    }
    return this.#joined('sequence', parts);
  }

  /** `*`, `+`, `?` or `{n,m}`, with a `?` for lazy; null where there is none: `{` alone is a character. */
  #repetition(): { least: number; most: number } | null {
    const begin = this.#at;
    let least = 0;
    let most = Infinity;
    if (this.#skips('+')) least = 1;
    else if (this.#skips('?')) most = 1;
    else if (!this.#skips('*')) {
      if (!this.#sees('{')) return null;
      const end = this.#source.indexOf('}', begin);
      const counts = end < 0 ? null : /^(\d+)(,(\d*))?$/.exec(this.#source.slice(begin + 1, end));
      if (counts === null) return null;
      least = Number(counts[1]);
      most = counts[2] === undefined ? least : counts[3] === '' ? Infinity : Number(counts[3]);
      if (least > MAX_REPEAT || (most > MAX_REPEAT && most !== Infinity)) this.#fail(begin, `expected a repetition of at most ${MAX_REPEAT}, found "${this.#source.slice(begin, end + 1)}"`);
      if (least > most) this.#fail(begin, `expected a repetition whose first number is not above its second, found "${this.#source.slice(begin, end + 1)}"`);
      this.#at = end + 1;
    }
    this.#skips('?');
    return { least, most };
  }

  /** null: flags, which match nothing and cannot be repeated. */
  #atom(): Node | null {
    const begin = this.#at;
    const point = this.#codePoint();
    switch (point) {
      case 0x28:
        return this.#group(begin);
      case 0x5b:
        return { kind: 'set', points: this.#class(begin) };
      case 0x2e:
        return { kind: 'set', points: this.#flags.dotIsAny ? [0, LAST_CODE_POINT] : complement(LINE_FEED) };
      case 0x5e:
        return { kind: 'assertion', what: this.#flags.byLine ? 'lineStart' : 'textStart' };
      case 0x24:
        return { kind: 'assertion', what: this.#flags.byLine ? 'lineEnd' : 'textEnd' };
      case 0x5c: {
        const what = Object.hasOwn(ASSERTIONS, this.#source[this.#at] ?? '') ? ASSERTIONS[this.#source[this.#at]] : undefined;
        if (what !== undefined) {
          this.#at++;
          return { kind: 'assertion', what };
        }
        const points = this.#escapedClass(begin);
        return points === null ? this.#literal(this.#escape(begin)) : { kind: 'set', points };
      }
      default:
        return this.#literal(point);
    }
  }

  #literal(point: number): Node {
    return { kind: 'set', points: this.#folded([point, point]) };
  }

  #folded(points: CodePoints): CodePoints {
    return this.#flags.anyCase ? withAllCases(points) : points;
  }

  #group(begin: number): Node | null {
    const before = this.#flags;
    if (this.#skips('?')) {
      if (this.#sees('=') || this.#sees('!') || this.#sees('<=') || this.#sees('<!')) this.#fail(begin, `"(?${this.#source.slice(this.#at, this.#at + (this.#sees('<') ? 2 : 1))}" is not supported: regular expressions cannot look around`);
      if (this.#skips('P<') || this.#skips('<')) this.#name(begin);
      else if (!this.#flagsEnd(begin)) return null;
    }
    if (++this.#depth > MAX_DEPTH) this.#fail(begin, `expected groups at most ${MAX_DEPTH} deep`);
    const node = this.#choice();
    if (!this.#skips(')')) this.#fail(begin, 'found "(" without ")"');
    this.#depth--;
    this.#flags = before;
    return node;
  }

  #name(begin: number): void {
    const end = this.#source.indexOf('>', this.#at);
    const name = end < 0 ? '' : this.#source.slice(this.#at, end);
    if (!/^\w+$/.test(name)) this.#fail(begin, 'expected a group name of letters, digits and underscores between "<" and ">"');
    if (this.#names.has(name)) this.#fail(begin, `found two groups of the name "${name}"`);
    this.#names.add(name);
    this.#at = end + 1;
  }

  /** Flags behind `(?`: true where a group follows them (`:`), false where they are all (`)`). */
  #flagsEnd(begin: number): boolean {
    const flags = { ...this.#flags };
    let value = true;
    let isEmpty = true;
    for (;;) {
      const sign = this.#source[this.#at++];
      if (sign === 'i') flags.anyCase = value;
      else if (sign === 's') flags.dotIsAny = value;
      else if (sign === 'm') flags.byLine = value;
      else if (sign === '-' && value) {
        value = false;
        isEmpty = true;
        continue;
      } else if ((sign === ':' || sign === ')') && !(isEmpty && (!value || sign === ')'))) {
        this.#flags = flags;
        return sign === ':';
      } else if (sign !== 'U') this.#fail(begin, 'expected "(?:", a name "(?P<name>" or flags of "imsU" behind "(?"');
      isEmpty = false;
    }
  }

  /** `[...]`, behind its first bracket. */
  #class(begin: number): CodePoints {
    const isNegated = this.#skips('^');
    const ranges: number[] = [];
    /** What is there already: large classes that are named again and again would pile up. */
    const seen = new Set<string>();
    for (let isFirst = true; isFirst || !this.#sees(']'); isFirst = false) {
      if (this.#at >= this.#source.length) this.#fail(begin, 'found "[" without "]"');
      const itemBegin = this.#at;
      const item = this.#classItem();
      const text = this.#source.slice(itemBegin, this.#at);
      if (seen.has(text)) continue;
      seen.add(text);
      for (const bound of item) ranges.push(bound);
    }
    this.#at++;
    const points = this.#folded(ordered(ranges));
    return isNegated ? complement(points) : points;
  }

  #classItem(): CodePoints {
    const begin = this.#at;
    if (this.#sees('[:')) {
      const end = this.#source.indexOf(':]', begin + 2);
      const inner = end < 0 ? '' : this.#source.slice(begin + 2, end);
      const name = inner.replace(/^\^/, '');
      if (Object.hasOwn(ASCII_CLASSES, name)) {
        this.#at = end + 2;
        return inner === name ? ASCII_CLASSES[name] : complement(this.#folded(ASCII_CLASSES[name]));
      }
      if (/^[a-z]+$/.test(name)) this.#fail(begin, `"[:${inner}:]" is not one of the classes ${Object.keys(ASCII_CLASSES).join(', ')}`);
    }
    if (this.#skips('\\')) {
      const points = this.#escapedClass(begin);
      if (points !== null) return points;
      this.#at = begin;
    }
    const first = this.#classPoint();
    if (!this.#sees('-') || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length) return [first, first];
    this.#at++;
    const last = this.#classPoint();
    if (last < first) this.#fail(begin, `expected a range in ascending order, found "${this.#source.slice(begin, this.#at)}"`);
    return [first, last];
  }

  #classPoint(): number {
    const begin = this.#at;
    return this.#skips('\\') ? this.#escape(begin) : this.#codePoint();
  }

  /** `\d`, `\pL` and their like, behind the `\`; null where another escape follows. */
  #escapedClass(begin: number): CodePoints | null {
    const sign = this.#source[this.#at] ?? '';
    const lower = sign.toLowerCase();
    if (sign !== '' && Object.hasOwn(PERL_CLASSES, lower)) {
      this.#at++;
      const points = this.#folded(PERL_CLASSES[lower]);
      return sign === lower ? points : complement(points);
    }
    if (sign !== 'p' && sign !== 'P') return null;
    this.#at++;
    let name = this.#source[this.#at++] ?? '';
    if (name === '{') {
      const end = this.#source.indexOf('}', this.#at);
      name = end < 0 ? '' : this.#source.slice(this.#at, end);
      this.#at = end + 1;
    }
    const isNegated = name.startsWith('^') !== (sign === 'P');
    const points = unicodeClass(name.replace(/^\^/, ''));
    if (points === null) this.#fail(begin, `expected a Unicode category such as "\\pL" and "\\p{Lu}" or a script such as "\\p{Greek}", found "\\${sign}${name.length === 1 ? name : `{${name.slice(0, 40)}}`}"`);
    const folded = this.#folded(points);
    return isNegated ? complement(folded) : folded;
  }

  /** One character that is written by an escape, behind the `\`. */
  #escape(begin: number): number {
    if (this.#at >= this.#source.length) this.#fail(begin, 'expected a character behind "\\", found the end of the expression');
    const point = this.#codePoint();
    const sign = String.fromCodePoint(point);
    if (Object.hasOwn(CONTROLS, sign)) return CONTROLS[sign];
    if (sign === 'x') return this.#hexadecimal(begin);
    if (sign >= '0' && sign <= '9') {
      const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(this.#source.slice(this.#at - 1, this.#at + 2))?.[0];
      if (octal === undefined) this.#fail(begin, `"\\${sign}" is not supported: regular expressions cannot refer back to a group`);
      this.#at += octal.length - 1;
      return Number.parseInt(octal, 8);
    }
    if (sign === 'k') this.#fail(begin, '"\\k" is not supported: regular expressions cannot refer back to a group');
    if (point >= 0x80 || /[A-Za-z]/.test(sign)) this.#fail(begin, `"\\${sign}" is not an escape`);
    return point;
  }

  /** `\x41` or `\x{1F600}`, behind the `x`. */
  #hexadecimal(begin: number): number {
    const digits = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})/.exec(this.#source.slice(this.#at, this.#at + 10));
    const point = digits === null ? NaN : Number.parseInt(digits[1] ?? digits[2], 16);
    if (digits === null || point > LAST_CODE_POINT || (point >= 0xd800 && point <= 0xdfff)) this.#fail(begin, 'expected "\\x" with two hexadecimal digits or a character\'s number in "{}"');
    this.#at += digits[0].length;
    return point;
  }
}
