/**
 * JSON whose integers keep their value: those that a number cannot hold become bigints. Text without long runs of digits goes to `JSON.parse`, which is
 * several times as fast.
 */
import { refuseAt, messageOf, type Place } from './place.ts';

/** Levels of arrays and objects in a text that is parsed here. */
const DEPTH_MAX = 500;
const LONG_INTEGER = /\d{16}/;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** INVALID_ARGUMENT, at `place`, for what is no JSON. */
export function parseJson(text: string, place: Place): unknown {
  if (!LONG_INTEGER.test(text)) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      refuseAt(place, 'JSON', messageOf(cause), 'INVALID_ARGUMENT', cause);
    }
  }
  return new Parser(text, place).whole();
}

class Parser {
  readonly #text: string;
  readonly #place: Place;
  #at = 0;

  constructor(text: string, place: Place) {
    this.#text = text;
    this.#place = place;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#refuse('the end of the text');
    return value;
  }

  #value(depth: number): unknown {
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    if (depth > DEPTH_MAX) this.#refuse(`at most ${DEPTH_MAX} levels`);
    const entries: [string, unknown][] = [];
    this.#at++;
    this.#space();
    if (this.#take('}')) return {};
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#refuse('a key in quotes');
      const key = this.#string();
      this.#space();
      if (!this.#take(':')) this.#refuse('":"');
      entries.push([key, this.#value(depth)]);
      this.#space();
    } while (this.#take(','));
    if (!this.#take('}')) this.#refuse('"," or "}"');
    // Not by assignment: a key `__proto__` is data.
    return Object.fromEntries(entries);
  }

  #array(depth: number): unknown[] {
    if (depth > DEPTH_MAX) this.#refuse(`at most ${DEPTH_MAX} levels`);
    const values: unknown[] = [];
    this.#at++;
    this.#space();
    if (this.#take(']')) return values;
    do {
      values.push(this.#value(depth));
      this.#space();
    } while (this.#take(','));
    if (!this.#take(']')) this.#refuse('"," or "]"');
    return values;
  }

  #string(): string {
    const text = this.#text;
    let end = text.indexOf('"', this.#at + 1);
    while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    if (end < 0) this.#refuse('a text that ends with a quote');
    let value: string;
    try {
      value = JSON.parse(text.slice(this.#at, end + 1)) as string;
    } catch {
      this.#refuse('a text of JSON');
    }
    this.#at = end + 1;
    return value;
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text);
    if (!found) this.#refuse('a value');
    const [digits, fraction, exponent] = found;
    this.#at += digits.length;
    const value = Number(digits);
    return fraction === undefined && exponent === undefined && !Number.isSafeInteger(value) && digits.length < 40 ? BigInt(digits) : value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse('a value');
    this.#at += word.length;
    return value;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #refuse(expected: string): never {
    const got = this.#at >= this.#text.length ? 'the end' : JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
    refuseAt(this.#place, `JSON, and ${expected} at position ${this.#at}`, got);
  }
}

/** True where an odd number of backslashes stands before a quote. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text[at] === '\\') at--;
  return (quote - at) % 2 === 0;
}
