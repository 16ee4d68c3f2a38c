/** Leaves on JSON, whose texts are looked at where they lie, and only in rows that are not decided yet. */
import { compileJsonLiteral, compileJsonPath, compareJsonString, decodeJsonString, isPlainJsonString, jsonArrayLength, jsonEquals, JsonScanner, readJsonNumber, roughJsonNumber, type CompiledLiteral, type CompiledPath } from '../json-path.ts';
import type { TextPattern } from '../patterns/pattern.ts';
import type { JsonLiteral, Literal, Ref, Truth } from '../predicate.ts';
import { meetsCondition } from './compare-cells.ts';
import type { Condition } from './condition.ts';
import type { Scope } from './scope.ts';
import { TextSet } from './texts.ts';

/** Asked about what `scanner` has found in `bytes`. */
type Test = (scanner: JsonScanner, bytes: Uint8Array) => boolean;

const encoder = new TextEncoder();

/** A JSON field as a whole is the value at the empty path. */
export const pathOf = (ref: Ref): CompiledPath => (ref.kind === 'path' ? compileJsonPath(ref.path) : []);

function scan(ref: Ref, scope: Scope, undecided: Uint32Array, test: Test): Uint32Array {
  const { values, offsets } = scope.column(ref.field);
  const bytes = values as Uint8Array;
  const path = pathOf(ref);
  const scanner = new JsonScanner();
  const rows = scope.present(ref.field, undecided);
  const out = new Uint32Array(rows.length);
  for (let w = 0; w < rows.length; w++) {
    let bits = 0;
    for (let rest = rows[w]; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const row = (w << 5) + bit;
      scanner.find(bytes, offsets![row], offsets![row + 1], path);
      bits |= +test(scanner, bytes) << bit;
    }
    out[w] = bits;
  }
  return out;
}

/** NULL is unknown; no value, or one of another type, is as false as one that does not meet the test. */
function leaf(ref: Ref, isNegated: boolean, scope: Scope, undecided: Uint32Array, test: Test): Truth {
  return scope.answer(scan(ref, scope, undecided, test), null, isNegated, scope.nulls(ref.field));
}

export const jsonMeets = (ref: Ref, condition: Condition, isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth => leaf(ref, isNegated, scope, undecided, testOf(condition));

export function jsonLength(ref: Ref, condition: Condition, isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  return leaf(ref, isNegated, scope, undecided, (scanner, bytes) => scanner.kind === 'array' && meetsCondition(jsonArrayLength(scanner, bytes, scanner.from, scanner.to), condition));
}

export const jsonExists = (ref: Ref, scope: Scope, undecided: Uint32Array): Truth => leaf(ref, false, scope, undecided, isThere);

/** Rows in which the path leads to a value; of NULL none does. */
export const jsonPresent = (ref: Ref, scope: Scope, undecided: Uint32Array): Uint32Array => scan(ref, scope, undecided, isThere);

const isThere: Test = ({ kind }) => kind !== 'missing' && kind !== 'null';

let scratch = new Uint8Array(1024);

export function jsonMatches(ref: Ref, pattern: TextPattern, isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  return leaf(ref, isNegated, scope, undecided, ({ kind, from, to }, bytes) => {
    if (kind !== 'string') return false;
    return isPlainJsonString(bytes, from, to) ? pattern.test(bytes, from + 1, to - 1) : pattern.test(scratch, 0, decode(bytes, from, to));
  });
}

/** The text of a string into `scratch`; answers its bytes. */
function decode(bytes: Uint8Array, from: number, to: number): number {
  if (scratch.length < to - from) scratch = new Uint8Array(2 * (to - from));
  return decodeJsonString(bytes, from, to, scratch);
}

export function jsonContains(ref: Ref, mode: 'any' | 'all', values: readonly JsonLiteral[], scope: Scope, undecided: Uint32Array): Truth {
  const literals = values.map(compileJsonLiteral);
  const test: Test = (scanner, bytes) => {
    const { kind, from, to } = scanner;
    if (kind !== 'array') return false;
    for (const literal of literals) if (isAmong(literal, scanner, bytes, from, to) === (mode === 'any')) return mode === 'any';
    return mode === 'all';
  };
  return leaf(ref, false, scope, undecided, test);
}

function isAmong(literal: CompiledLiteral, scanner: JsonScanner, bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; scanner.next(bytes, at, to) !== 'missing'; ) {
    at = scanner.to;
    if (jsonEquals(scanner, bytes, literal)) return true;
  }
  return false;
}

export function jsonEqualsArray(ref: Ref, values: readonly JsonLiteral[], isNegated: boolean, scope: Scope, undecided: Uint32Array): Truth {
  const literal = compileJsonLiteral(values);
  return leaf(ref, isNegated, scope, undecided, (scanner, bytes) => jsonEquals(scanner, bytes, literal));
}

function testOf(condition: Condition): Test {
  switch (condition.kind) {
    case 'equals': {
      const literal = compileJsonLiteral(condition.value);
      return (scanner, bytes) => jsonEquals(scanner, bytes, literal);
    }
    case 'between':
      return between(condition);
    case 'among':
      return among(condition.values);
  }
}

const kindOf = (literal: Literal | null): string => (typeof literal === 'bigint' ? 'number' : typeof literal);

/** Between bounds of two types there is nothing. */
function between(condition: Condition & { kind: 'between' }): Test {
  const { low, high, includesLow, includesHigh } = condition;
  const type = kindOf(low ?? high);
  if (low !== null && high !== null && kindOf(low) !== kindOf(high)) return () => false;
  if (type === 'string') {
    const first = low === null ? null : encoder.encode(String(low));
    const last = high === null ? null : encoder.encode(String(high));
    return ({ kind, from, to }, bytes) => {
      if (kind !== 'string') return false;
      if (first !== null && compareJsonString(bytes, from, to, first) < (includesLow ? 0 : 1)) return false;
      return last === null || compareJsonString(bytes, from, to, last) <= (includesHigh ? 0 : -1);
    };
  }
  if (type === 'boolean') return ({ kind }) => (kind === 'true' || kind === 'false') && meetsCondition(kind === 'true', condition);
  return numbersBetween(condition);
}

/** Far more than what {@link roughJsonNumber} is wrong by. */
const MARGIN = 1e-13;

/** Numbers are read roughly, and exactly where they lie at a bound. */
function numbersBetween(condition: Condition & { kind: 'between' }): Test {
  const [belowLow, aboveLow] = condition.low === null ? [-Infinity, -Infinity] : around(Number(condition.low));
  const [belowHigh, aboveHigh] = condition.high === null ? [Infinity, Infinity] : around(Number(condition.high));
  return ({ kind, from, to }, bytes) => {
    if (kind !== 'number') return false;
    const rough = roughJsonNumber(bytes, from, to);
    if (rough < belowLow || rough > aboveHigh) return false;
    return (rough > aboveLow && rough < belowHigh) || meetsCondition(readJsonNumber(bytes, from, to), condition);
  };
}

const around = (bound: number): [number, number] => [bound - Math.abs(bound) * MARGIN, bound + Math.abs(bound) * MARGIN];

function among(values: readonly Literal[]): Test {
  const texts = TextSet.of(values.filter((value) => typeof value === 'string'));
  const hasTrue = values.includes(true);
  const hasFalse = values.includes(false);
  const numbers = new Set(values.filter((value) => typeof value === 'number'));
  const integers = new Set(values.filter((value) => typeof value === 'bigint'));
  /** A double beyond 2^53 equals the integers that are rounded to it. */
  const rounded = new Set([...integers].map(Number));
  return ({ kind, from, to }, bytes) => {
    switch (kind) {
      case 'string':
        return isPlainJsonString(bytes, from, to) ? texts.has(bytes, from + 1, to - 1) : texts.has(scratch, 0, decode(bytes, from, to));
      case 'number': {
        const value = readJsonNumber(bytes, from, to);
        return typeof value === 'bigint' ? integers.has(value) || numbers.has(Number(value)) : numbers.has(value) || rounded.has(value);
      }
      case 'true':
        return hasTrue;
      case 'false':
        return hasFalse;
      default:
        return false;
    }
  };
}
