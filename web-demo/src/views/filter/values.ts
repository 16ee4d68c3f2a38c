/** Values between what is typed and what the filter language reads. */
import type { ValueKind } from './subject.ts';

/** Whole numbers are bigints. */
export type Literal = string | bigint | number | boolean;

/** The value of a typed text, or what is wrong with it. */
export type Typed = { readonly value: Literal; readonly problem?: undefined } | { readonly problem: string; readonly value?: undefined };

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const WHOLE = /^[+-]?\d{1,40}$/;
const DECIMAL = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

export function readValue(kind: ValueKind, text: string): Typed {
  switch (kind) {
    case 'text':
      return LONE_SURROGATE.test(text) ? { problem: 'half of a character' } : { value: text };
    case 'flag':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: 'true or false' };
    default:
      return readNumber(kind, text.trim());
  }
}

function readNumber(kind: 'number' | 'integer', text: string): Typed {
  if (WHOLE.test(text)) {
    const value = BigInt(text.replace('+', ''));
    if (value >= INT64.min && value <= INT64.max) return { value };
    return kind === 'integer' ? { problem: 'a whole number of 64 bits' } : { value: Number(text) };
  }
  if (kind === 'integer') return { problem: 'a whole number' };
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { value } : { problem: 'a number' };
}

/** As the filter language reads it. */
export function literalText(value: Literal): string {
  switch (typeof value) {
    case 'string':
      // What JSON escapes, the language reads the same way.
      return JSON.stringify(value);
    case 'number': {
      const text = String(value);
      // Digits alone would be an integer, which has 64 bits.
      return /[.e]/.test(text) ? text : value.toExponential();
    }
    default:
      return String(value);
  }
}

/** Whether a value is above another of its kind; texts go by their code points, as they do by their UTF-8 bytes. */
export function isAbove(a: Literal, b: Literal): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return a > b;
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i].codePointAt(0)! > right[i].codePointAt(0)!;
  }
  return left.length > right.length;
}

/** Text as a pattern of `like` that matches nothing but it. */
export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
