/** What a predicate is for one row, computed value by value from plain objects: the second opinion on indexes and zone maps. */
import type { Leaf, Literal, Predicate, Ref, Truth } from '../../src/filter/predicate.ts';
import type { TextPattern } from '../../src/filter/patterns/pattern.ts';

/** Values by field name; null: NULL. JSON as it is. */
export type OracleRow = Readonly<Record<string, unknown>>;

const NULL = Symbol('NULL');
const MISSING = Symbol('missing');

function read(ref: Ref, row: OracleRow): unknown {
  let value = row[ref.field.name];
  if (value === null) return NULL;
  if (ref.kind === 'element') return (value as unknown[])[ref.index] ?? MISSING;
  if (ref.kind === 'path') {
    for (const key of ref.path) {
      const fits = typeof value === 'object' && value !== null && Array.isArray(value) === (typeof key === 'number');
      if (!fits || !Object.hasOwn(value as object, key)) return MISSING;
      value = (value as Record<string | number, unknown>)[key];
    }
    if (value === null) return MISSING;
  }
  return value;
}

/** Undefined for values that are not to be compared. */
function order(a: unknown, b: Literal): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return comparePoints(Array.from(a, (c) => c.codePointAt(0)!), Array.from(b, (c) => c.codePointAt(0)!));
  const isNumber = (x: unknown): boolean => typeof x === 'number' || typeof x === 'bigint';
  if (!(isNumber(a) && isNumber(b)) && !(typeof a === 'boolean' && typeof b === 'boolean')) return undefined;
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

/** As UTF-8 compares them, also where a text has half a character. */
function comparePoints(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

const isEqual = (a: unknown, b: unknown): boolean => order(a, b as Literal) === 0;

/** True, false, or null for unknown. */
export function leafIs(leaf: Leaf, row: OracleRow): boolean | null {
  const place = leaf.kind === 'compare' ? (leaf.left as Ref) : leaf.kind === 'range' || leaf.kind === 'in' ? (leaf.value as Ref) : leaf.ref;
  const value = read(place, row);
  if (leaf.kind === 'isNull') return (value === NULL || value === MISSING) !== leaf.isNegated;
  if (value === NULL) return null;
  switch (leaf.kind) {
    case 'exists':
      return value !== MISSING;
    case 'compare': {
      if (leaf.right.kind !== 'literal') throw new Error('no literal');
      const to = order(value, leaf.right.value);
      switch (leaf.operator) {
        case '!=':
          return to !== 0;
        case '==':
          return to === 0;
        case '<':
          return to !== undefined && to < 0;
        case '<=':
          return to !== undefined && to <= 0;
        case '>':
          return to !== undefined && to > 0;
        case '>=':
          return to !== undefined && to >= 0;
      }
      break;
    }
    case 'range': {
      const low = order(value, leaf.low);
      const high = order(value, leaf.high);
      return low !== undefined && high !== undefined && (leaf.includesLow ? low >= 0 : low > 0) && (leaf.includesHigh ? high <= 0 : high < 0);
    }
    case 'in':
      return leaf.values.some((literal) => isEqual(value, literal)) !== leaf.isNegated;
    case 'like':
    case 'regex': {
      const matches = typeof value === 'string' && test(leaf.pattern, value);
      return leaf.kind === 'regex' && leaf.isNegated ? !matches : matches;
    }
    case 'contains': {
      if (!Array.isArray(value)) return false;
      const has = (literal: unknown): boolean => value.some((element) => isEqual(element, literal));
      return leaf.mode === 'any' ? leaf.values.some(has) : leaf.values.every(has);
    }
    case 'equalsArray':
      return (Array.isArray(value) && value.length === leaf.values.length && value.every((element, i) => isEqual(element, leaf.values[i]))) !== leaf.isNegated;
  }
}

function test(pattern: TextPattern, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  return pattern.test(bytes, 0, bytes.length);
}

export function predicateIs(predicate: Predicate, row: OracleRow): boolean | null {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value;
    case 'fixed':
      return row[predicate.ref.field.name] === null ? null : predicate.value;
    case 'not': {
      const part = predicateIs(predicate.part, row);
      return part === null ? null : !part;
    }
    case 'and':
    case 'or': {
      const parts = predicate.parts.map((part) => predicateIs(part, row));
      const deciding = predicate.kind === 'or';
      return parts.includes(deciding) ? deciding : parts.includes(null) ? null : !deciding;
    }
    default:
      return leafIs(predicate, row);
  }
}

/** As `predicateIs` for every row. */
export const truthAt = (truth: Truth, row: number): boolean | null => {
  const bit = (bits: Uint32Array | null): boolean => bits !== null && ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1;
  if (bit(truth.isTrue) && bit(truth.isUnknown)) throw new Error(`row ${row} is both`);
  return bit(truth.isTrue) ? true : bit(truth.isUnknown) ? null : false;
};

/** A pattern of `like` with `%` alone, by the platform's regular expressions. */
export function likePattern(source: string): TextPattern {
  const parts = source.split('%');
  const regex = new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'su');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    source,
    prefix: parts[0]!,
    required: parts.filter((part) => part !== ''),
    isPrefix: parts.length === 2 && parts[1] === '',
    test: (bytes, from, to) => regex.test(decoder.decode(bytes.subarray(from, to))),
  };
}
