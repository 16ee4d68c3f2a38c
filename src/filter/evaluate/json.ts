/** The value at a path in JSON text, which was checked when it was written. */
import { readUtf8 } from '../../schema/utf8.ts';
import type { JsonPath } from '../predicate.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** undefined: not there. Integers of 64 bits are bigints, within arrays, too; objects within arrays are what they may be. */
export function readJson(bytes: Uint8Array, from: number, to: number, path: JsonPath): unknown {
  let value = new Reader(readUtf8(bytes, from, to)).value();
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) !== (typeof step === 'number') || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** JSON.parse, but that integers are exact. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(token = this.#next()): unknown {
    if (token === '[') {
      const list: unknown[] = [];
      for (let next = this.#next(); next !== ']'; next = this.#next()) list.push(this.value(next === ',' ? this.#next() : next));
      return list;
    }
    if (token === '{') {
      const object: Record<string, unknown> = Object.create(null);
      for (let next = this.#next(); next !== '}'; next = this.#next()) {
        const key = JSON.parse(next === ',' ? this.#next() : next);
        this.#next();
        object[key] = this.value();
      }
      return object;
    }
    if (/^-?\d+$/.test(token)) {
      const int = BigInt(token);
      if (int >= INT64_MIN && int <= INT64_MAX) return int;
    }
    return JSON.parse(token);
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text)!;
    this.#at = TOKEN.lastIndex;
    return match[1] ?? match[2] ?? match[3] ?? match[4];
  }
}
