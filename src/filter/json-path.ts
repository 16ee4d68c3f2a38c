/**
 * One value inside the UTF-8 bytes of a JSON text (RFC 8259), found without parsing the rest and without allocating. Texts come
 * from JSON.stringify, but may have been damaged: nothing outside of the given range is read, and what does not look like JSON
 * on the way to the value is *missing*, like a key that is not there. What lies beside the way is only stepped over. Of equal keys
 * the first is taken; JSON.stringify writes none.
 *
 * Strings are compared as UTF-8. A lone surrogate, which JSON can write as an escape, has the three bytes that UTF-8 would have for
 * it, and equals no text of a filter.
 */
import { readUtf8 } from '../schema/utf8.ts';
import type { JsonLiteral, JsonPath } from './predicate.ts';

export type JsonKind = 'missing' | 'null' | 'true' | 'false' | 'number' | 'string' | 'array' | 'object';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NOWHERE = -1;
/** Numbers with more digits are read by the platform. */
const MAX_EXACT_DIGITS = 15;

const encoder = new TextEncoder();

/** Where a value is. Answers of {@link find}, {@link root} and {@link next} are its own fields: read them before the next call. */
export class JsonScanner {
  kind: JsonKind = 'missing';
  /** First byte of the value: of a string its quote. */
  from = 0;
  /** Behind its last byte. */
  to = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** The value at the end of a path in the text [from, to). */
  find(bytes: Uint8Array, from: number, to: number, path: CompiledPath): JsonKind {
    this.#bytes = bytes;
    this.#end = Math.min(to, bytes.length);
    let at = this.#space(Math.max(from, 0));
    for (let i = 0; i < path.length && at !== NOWHERE; i++) {
      const step = path[i];
      at = typeof step === 'number' ? this.#element(at, step) : this.#member(at, step);
    }
    return this.#value(at);
  }

  /** The value that is the whole text. */
  root(bytes: Uint8Array, from: number, to: number): JsonKind {
    return this.find(bytes, from, to, ROOT);
  }

  /**
   * The elements of an array one by one: `at` is its `from` at first, then the `to` of the element before; `arrayTo` is the
   * array's `to`. Answers `missing` behind the last.
   */
  next(bytes: Uint8Array, at: number, arrayTo: number): JsonKind {
    this.#bytes = bytes;
    this.#end = Math.min(arrayTo, bytes.length);
    const sign = this.#space(at);
    if (sign === NOWHERE || (bytes[sign] !== COMMA && bytes[sign] !== OPEN_ARRAY)) return this.#value(NOWHERE);
    return this.#value(this.#space(sign + 1));
  }

  /** Looks at the value at `at` and finds where it ends. */
  #value(at: number): JsonKind {
    this.kind = 'missing';
    this.from = this.to = this.#end;
    if (at === NOWHERE) return 'missing';
    const first = this.#bytes[at];
    let kind: JsonKind;
    let to: number;
    if (first === QUOTE) {
      kind = 'string';
      to = this.#skipString(at);
    } else if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      kind = first === OPEN_OBJECT ? 'object' : 'array';
      to = this.#skip(at);
    } else {
      to = this.#skipScalar(at);
      kind = first === 0x74 ? this.#word(at, to, 'true') : first === 0x66 ? this.#word(at, to, 'false') : first === 0x6e ? this.#word(at, to, 'null') : isNumber(this.#bytes, at, to) ? 'number' : 'missing';
    }
    if (to === NOWHERE || kind === 'missing') return 'missing';
    this.kind = kind;
    this.from = at;
    this.to = to;
    return kind;
  }

  #word(at: number, to: number, word: 'true' | 'false' | 'null'): JsonKind {
    if (to - at !== word.length) return 'missing';
    for (let i = 0; i < word.length; i++) if (this.#bytes[at + i] !== word.charCodeAt(i)) return 'missing';
    return word;
  }

  /** Where the value of a key of the object at `at` begins. */
  #member(at: number, key: Uint8Array): number {
    const bytes = this.#bytes;
    if (bytes[at] !== OPEN_OBJECT) return NOWHERE;
    at = this.#space(at + 1);
    while (at !== NOWHERE && bytes[at] === QUOTE) {
      const keyTo = this.#skipString(at);
      if (keyTo === NOWHERE) return NOWHERE;
      const colon = this.#space(keyTo);
      if (colon === NOWHERE || bytes[colon] !== COLON) return NOWHERE;
      const value = this.#space(colon + 1);
      if (value === NOWHERE || (mayEqual(bytes, at, key) && jsonStringEquals(bytes, at, keyTo, key))) return value;
      at = this.#behindComma(this.#skip(value));
    }
    return NOWHERE;
  }

  /** Where an element of the array at `at` begins. */
  #element(at: number, index: number): number {
    if (this.#bytes[at] !== OPEN_ARRAY) return NOWHERE;
    at = this.#space(at + 1);
    if (at !== NOWHERE && this.#bytes[at] === CLOSE_ARRAY) return NOWHERE;
    for (let i = 0; i < index && at !== NOWHERE; i++) at = this.#behindComma(this.#skip(at));
    return at;
  }

  /** Where the next member or element begins, if there is one. */
  #behindComma(at: number): number {
    const comma = at === NOWHERE ? NOWHERE : this.#space(at);
    return comma === NOWHERE || this.#bytes[comma] !== COMMA ? NOWHERE : this.#space(comma + 1);
  }

  /** The next byte that is no white space, or NOWHERE. */
  #space(at: number): number {
    const bytes = this.#bytes;
    for (; at < this.#end; at++) {
      const byte = bytes[at];
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    }
    return NOWHERE;
  }

  /** Behind the value at `at`, or NOWHERE where it does not end. Counts what is open, so that no depth is too deep. */
  #skip(at: number): number {
    const bytes = this.#bytes;
    const first = bytes[at];
    if (first === QUOTE) return this.#skipString(at);
    if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) return this.#skipScalar(at);
    const end = this.#end;
    let open = 0;
    while (at < end) {
      const byte = bytes[at++];
      if (byte === QUOTE) {
        at = this.#skipString(at - 1);
        if (at === NOWHERE) return NOWHERE;
      } else if (byte >= OPEN_ARRAY) {
        if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) open++;
        else if ((byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) && --open === 0) return at;
      }
    }
    return NOWHERE;
  }

  #skipString(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let i = at + 1; i < end; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i + 1;
      if (byte === BACKSLASH) i++;
    }
    return NOWHERE;
  }

  /** Behind a number or word: before the next sign or white space. */
  #skipScalar(at: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte <= 0x20 || byte === COMMA || byte === COLON || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte === QUOTE) break;
    }
    return at;
  }
}

/** A path whose keys are UTF-8. */
export type CompiledPath = readonly (number | Uint8Array)[];

const ROOT: CompiledPath = [];

export const compileJsonPath = (path: JsonPath): CompiledPath => path.map((step) => (typeof step === 'number' ? step : encoder.encode(step)));

/** The number at [from, to): a bigint where it is an integer of 64 bits beyond 2^53, else a number. Of no number: NaN. */
export function readJsonNumber(bytes: Uint8Array, from: number, to: number): number | bigint {
  const isNegative = bytes[from] === 0x2d;
  const first = isNegative ? from + 1 : from;
  if (to > first && to - first <= MAX_EXACT_DIGITS) {
    let value = 0;
    let point = to;
    let at = first;
    for (; at < to; at++) {
      const digit = bytes[at] - 0x30;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === -2 && point === to && at > first && at + 1 < to) point = at;
      else break;
    }
    // Digits and their power of ten are exact, so that one division rounds as it has to (Clinger, How to read floating point numbers accurately, 1990).
    if (at === to) {
      if (point < to) value /= POWERS[to - point - 1];
      return isNegative ? 0 - value : value;
    }
  }
  if (!isNumber(bytes, from, to)) return NaN;
  const text = readUtf8(bytes, from, to);
  const value = Number(text);
  if (Number.isSafeInteger(value) || !isInteger(bytes, first, to)) return value;
  if (to - first > 19) return value;
  const exact = BigInt(text);
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}

const MAX_ROUGH_DIGITS = 22;
/** The powers of ten that are doubles. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** The number at [from, to) to within one part in 10^14, for a tenth of the time where it has many digits. NaN: read it exactly. */
export function roughJsonNumber(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === 0x2d;
  let at = isNegative ? from + 1 : from;
  if (to - at > MAX_ROUGH_DIGITS) return NaN;
  let value = 0;
  let point = to;
  for (; at < to; at++) {
    const digit = bytes[at] - 0x30;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === -2) point = at + 1;
    else return NaN;
  }
  if (point < to) value /= POWERS[to - point];
  return isNegative ? -value : value;
}

function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] < 0x30 || bytes[at] > 0x39) return false;
  return true;
}

/** Whether all of [from, to) is a number as JSON writes them. */
function isNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if (at < to && bytes[at] === 0x2d) at++;
  const integer = at;
  at = behindDigits(bytes, at, to);
  if (at === integer || (bytes[integer] === 0x30 && at - integer > 1)) return false;
  if (at < to && bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = behindDigits(bytes, fraction, to);
    if (at === fraction) return false;
  }
  if (at < to && (bytes[at] | 0x20) === 0x65) {
    at++;
    if (at < to && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
    const exponent = at;
    at = behindDigits(bytes, exponent, to);
    if (at === exponent) return false;
  }
  return at === to;
}

function behindDigits(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && bytes[at] >= 0x30 && bytes[at] <= 0x39) at++;
  return at;
}

/** False for most strings that are not the text: by their first byte. */
const mayEqual = (bytes: Uint8Array, from: number, text: Uint8Array): boolean => bytes[from + 1] === text[0] || bytes[from + 1] === BACKSLASH || text.length === 0;

/** Whether the string at [from, to), quotes included, is the text whose UTF-8 is given. */
export function jsonStringEquals(bytes: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  return compareJsonString(bytes, from, to, text) === 0;
}

/** The order of the string at [from, to), quotes included, and a text, byte by byte: below 0, 0 or above 0. */
export function compareJsonString(bytes: Uint8Array, from: number, to: number, text: Uint8Array): number {
  const end = to - 1;
  let i = 0;
  for (let at = from + 1; at < end; ) {
    if (i === text.length) return 1;
    if (bytes[at] !== BACKSLASH) {
      const difference = bytes[at++] - text[i++];
      if (difference !== 0) return difference;
      continue;
    }
    const escape = readEscape(bytes, at, end);
    at = escape.to;
    const length = writeCodePoint(escape.point, SCRATCH, 0);
    for (let k = 0; k < length; k++) {
      if (i === text.length) return 1;
      const difference = SCRATCH[k] - text[i++];
      if (difference !== 0) return difference;
    }
  }
  return i < text.length ? -1 : 0;
}

/** Whether the string at [from, to) stands there as it is: its text is the bytes between the quotes. */
export function isPlainJsonString(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 1; at < to - 1; at++) if (bytes[at] === BACKSLASH) return false;
  return true;
}

/**
 * Writes the text of the string at [from, to), quotes included, to `out` from `outAt` on, and answers the position behind it.
 * REQUIRES room for to - from bytes.
 */
export function decodeJsonString(bytes: Uint8Array, from: number, to: number, out: Uint8Array, outAt = 0): number {
  const end = to - 1;
  for (let at = from + 1; at < end; ) {
    if (bytes[at] !== BACKSLASH) {
      out[outAt++] = bytes[at++];
      continue;
    }
    const escape = readEscape(bytes, at, end);
    at = escape.to;
    outAt = writeCodePoint(escape.point, out, outAt);
  }
  return outAt;
}

const SCRATCH = new Uint8Array(4);
/** What {@link readEscape} found: one object, so that nothing is allocated. */
const ESCAPE = { point: 0, to: 0 };

/** The character of the escape at `at`, two escapes for one beyond U+FFFF. What is no escape stands for the sign behind the `\`. */
function readEscape(bytes: Uint8Array, at: number, end: number): { readonly point: number; readonly to: number } {
  const sign = at + 1 < end ? bytes[at + 1] : BACKSLASH;
  ESCAPE.to = Math.min(at + 2, end);
  ESCAPE.point = sign;
  if (sign === 0x6e) ESCAPE.point = 0x0a;
  else if (sign === 0x74) ESCAPE.point = 0x09;
  else if (sign === 0x72) ESCAPE.point = 0x0d;
  else if (sign === 0x62) ESCAPE.point = 0x08;
  else if (sign === 0x66) ESCAPE.point = 0x0c;
  else if (sign === 0x75) {
    const high = readHex(bytes, at + 2, end);
    if (high === NOWHERE) return ESCAPE;
    ESCAPE.point = high;
    ESCAPE.to = at + 6;
    if (high >= 0xd800 && high < 0xdc00 && at + 12 <= end && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75) {
      const low = readHex(bytes, at + 8, end);
      if (low >= 0xdc00 && low < 0xe000) {
        ESCAPE.point = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
        ESCAPE.to = at + 12;
      }
    }
  }
  return ESCAPE;
}

function readHex(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return NOWHERE;
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i];
    const letter = (byte | 0x20) - 0x57;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter;
    if (digit < 0 || digit > 15 || (digit === letter && letter < 10)) return NOWHERE;
    value = value * 16 + digit;
  }
  return value;
}

function writeCodePoint(point: number, out: Uint8Array, at: number): number {
  if (point < 0x80) {
    out[at++] = point;
    return at;
  }
  if (point < 0x800) out[at++] = 0xc0 | (point >> 6);
  else {
    if (point < 0x10000) out[at++] = 0xe0 | (point >> 12);
    else {
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 0x3f);
    }
    out[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  out[at++] = 0x80 | (point & 0x3f);
  return at;
}

/** Elements of the array at [from, to). */
export function jsonArrayLength(scanner: JsonScanner, bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; scanner.next(bytes, at, to) !== 'missing'; at = scanner.to) count++;
  return count;
}

/** A literal as the scanner compares it: texts are UTF-8. */
export type CompiledLiteral = boolean | number | bigint | null | Uint8Array | readonly CompiledLiteral[];

export function compileJsonLiteral(literal: JsonLiteral): CompiledLiteral {
  if (typeof literal === 'string') return encoder.encode(literal);
  return Array.isArray(literal) ? literal.map(compileJsonLiteral) : (literal as boolean | number | bigint | null);
}

/**
 * Whether a value that a scanner found equals a literal: two integers exactly, other numbers as doubles, arrays element by element
 * in order. What `scanner` holds is lost where the literal is an array.
 */
export function jsonEquals(scanner: JsonScanner, bytes: Uint8Array, literal: CompiledLiteral): boolean {
  const { kind, from, to } = scanner;
  if (literal === null) return kind === 'null';
  if (typeof literal === 'boolean') return kind === (literal ? 'true' : 'false');
  if (literal instanceof Uint8Array) return kind === 'string' && jsonStringEquals(bytes, from, to, literal);
  if (typeof literal === 'object') {
    if (kind !== 'array') return false;
    let at = from;
    for (const element of literal) {
      if (scanner.next(bytes, at, to) === 'missing') return false;
      at = scanner.to;
      if (!jsonEquals(scanner, bytes, element)) return false;
    }
    return scanner.next(bytes, at, to) === 'missing';
  }
  return kind === 'number' && numbersAreEqual(readJsonNumber(bytes, from, to), literal);
}

/** Whether two numbers of {@link readJsonNumber} are equal: integers exactly, a double and an integer beyond 2^53 as doubles. */
export const numbersAreEqual = (left: number | bigint, right: number | bigint): boolean =>
  typeof left === typeof right ? left === right : Number(left) === Number(right);
