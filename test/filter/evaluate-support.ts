/**
 * What the evaluator is held against: rows as plain values, the same rows as columns whose NULL rows hold rubbish, and a
 * computation of every predicate, row by row, from what the vocabulary says.
 */
import { truthWords, type JsonLiteral, type Leaf, type Predicate, type Ref, type Truth, type Value } from '../../src/filter/predicate.ts';
import type { Column, ColumnValues } from '../../src/schema/column.ts';
import { newValues } from '../../src/schema/column-values.ts';
import type { ElementType, Field, ScalarType } from '../../src/schema/types.ts';
import { mulberry32 } from '../../src/util/random.ts';

/** A JSON value that knows whether a number is an integer, and how it is written. */
export type Json =
  | null
  | boolean
  | { readonly text: string }
  | { readonly int: bigint }
  | { readonly double: number; readonly written: string }
  | { readonly list: readonly Json[] }
  | { readonly entries: readonly (readonly [string, Json])[] };

export type Plain = boolean | number | bigint | string | readonly Plain[] | { readonly json: Json };
/** Of each field by its id; null: NULL. */
export type Row = ReadonlyMap<number, Plain | null>;

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = mulberry32(seed);
  }

  /** 0 … n - 1. */
  below(n: number): number {
    return Math.floor((this.#next() / 2 ** 32) * n);
  }

  chance(p: number): boolean {
    return this.#next() / 2 ** 32 < p;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  u32(): number {
    return this.#next();
  }
}

export function field(fieldId: number, type: ScalarType, more: Partial<Field> = {}): Field {
  return { fieldId, name: `f${fieldId}`, type, primaryKey: false, autoId: false, nullable: true, ...more };
}

const INT64_EDGES = [-(2n ** 63n), -(2n ** 63n) + 1n, -(2n ** 53n) - 1n, -(2n ** 53n), -(2n ** 32n) - 1n, -(2n ** 32n), -(2n ** 31n), -1n, 0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
const DOUBLE_EDGES = [0, -0, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1, Math.fround(0.1), 1.5, -1.5, 2 ** 53, 1e16, -1e300, 2 ** 63, -(2 ** 63), 1, 2, 3];
const WORDS = ['', 'a', 'ab', 'abc', 'b', 'B', 'ä', 'z', 'zz', '\u{1f600}', '\ue000', '\uffff', '日本', 'a\u0000', 'abcdefghijklmnopqrstuvwxyz', '%', 'kite 🪁'];

export function randomText(dice: Dice): string {
  if (dice.chance(0.6)) return dice.pick(WORDS);
  return Array.from({ length: dice.below(6) }, () => dice.pick(WORDS)).join('');
}

export function randomInt(dice: Dice, bits: number): bigint {
  const wide = dice.chance(0.3) ? dice.pick(INT64_EDGES) : dice.chance(0.6) ? BigInt(dice.below(7) - 3) : (BigInt(dice.u32()) << 32n) | BigInt(dice.u32());
  return BigInt.asIntN(bits, wide);
}

export function randomDouble(dice: Dice): number {
  return dice.chance(0.5) ? dice.pick(DOUBLE_EDGES) : dice.chance(0.5) ? dice.below(9) - 4 : (dice.u32() - 2 ** 31) / 2 ** dice.below(40);
}

export function randomJson(dice: Dice, depth = 3): Json {
  const kind = dice.below(depth > 0 ? 9 : 6);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return { text: randomText(dice) };
    case 3:
      return { int: randomInt(dice, 64) };
    case 4:
      return { int: BigInt(dice.below(7) - 3) };
    case 5: {
      const double = randomDouble(dice);
      const written = Object.is(double, -0) ? '-0.0' : String(double);
      return { double, written: /[.e]/.test(written) ? written : `${written}.0` };
    }
    case 6:
      return { list: Array.from({ length: dice.below(5) }, () => randomJson(dice, depth - 1)) };
    default:
      return { entries: KEYS.filter(() => dice.chance(0.7)).map((key) => [key, randomJson(dice, depth - 1)]) };
  }
}

export const KEYS = ['a', 'b', 'c d', 'ä"'];

export function jsonText(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if ('text' in value) return JSON.stringify(value.text);
  if ('int' in value) return String(value.int);
  if ('double' in value) return value.written;
  if ('list' in value) return `[${value.list.map(jsonText).join(', ')}]`;
  return `{${value.entries.map(([key, part]) => `${JSON.stringify(key)}: ${jsonText(part)}`).join(',')}}`;
}

const BITS: Partial<Record<ScalarType, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 };

export function randomValue(dice: Dice, field: Field): Plain {
  switch (field.type) {
    case 'Array':
      return Array.from({ length: dice.below(5) }, () => randomScalar(dice, field.elementType!));
    case 'JSON':
      return { json: dice.chance(0.8) ? { entries: KEYS.filter(() => dice.chance(0.7)).map((key) => [key, randomJson(dice)]) } : randomJson(dice) };
    default:
      return randomScalar(dice, field.type as ElementType);
  }
}

/** Of a column of doubles: what JSON and literals cannot be, too. */
const beyondNumbers = (dice: Dice): number => dice.pick([NaN, Infinity, -Infinity]);

export function randomScalar(dice: Dice, type: ElementType): Plain {
  switch (type) {
    case 'Bool':
      return dice.chance(0.5);
    case 'Int64':
      return randomInt(dice, 64);
    case 'Float':
      if (dice.chance(0.03)) return beyondNumbers(dice);
      return Math.fround(Math.max(-3e38, Math.min(3e38, randomDouble(dice))));
    case 'Double':
      return dice.chance(0.03) ? beyondNumbers(dice) : randomDouble(dice);
    case 'VarChar':
      return randomText(dice);
    default:
      return Number(randomInt(dice, BITS[type]!));
  }
}

/** A column of these values; the placeholders of NULL rows are values drawn by the dice. */
export function columnOf(field: Field, values: readonly (Plain | null)[], dice: Dice): Column {
  const length = values.length;
  let validity: Uint8Array | null = null;
  if (values.includes(null) || dice.chance(0.3)) {
    validity = new Uint8Array((length + 7) >> 3);
    values.forEach((value, row) => value !== null && (validity![row >> 3] |= 1 << (row & 7)));
  }
  const filled = values.map((value) => value ?? randomValue(dice, field));
  const base = { fieldId: field.fieldId, type: field.type, length, dim: 1, validity };
  if (field.type === 'Array') {
    const elementField = { ...field, type: field.elementType! };
    const rows = filled as (readonly Plain[])[];
    const elements = { ...columnOf(elementField, rows.flat(), dice), validity: null };
    return { ...base, values: new Uint8Array(0), offsets: offsetsOf(rows.map((row) => row.length)), elements };
  }
  if (field.type === 'VarChar' || field.type === 'JSON') {
    const texts = filled.map((value) => Buffer.from(typeof value === 'string' ? value : jsonText((value as { json: Json }).json)));
    return { ...base, values: new Uint8Array(Buffer.concat(texts)), offsets: offsetsOf(texts.map((text) => text.length)) };
  }
  const out = newValues(field.type, length) as ColumnValues;
  filled.forEach((value, row) => {
    if (field.type === 'Bool') (out as Uint8Array)[row >> 3] |= Number(value) << (row & 7);
    else (out as { [i: number]: unknown })[row] = value;
  });
  return { ...base, values: out, offsets: null };
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (offsets[i + 1] = offsets[i] + length));
  return offsets;
}

/** The three-valued answer for one row; null: unknown. */
export function plainly(predicate: Predicate, row: Row): boolean | null {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value;
    case 'fixed':
      return row.get(predicate.ref.field.fieldId) === null ? null : predicate.value;
    case 'not': {
      const answer = plainly(predicate.part, row);
      return answer === null ? null : !answer;
    }
    case 'and':
    case 'or': {
      const answers = predicate.parts.map((part) => plainly(part, row));
      const decides = predicate.kind === 'or';
      return answers.includes(decides) ? decides : answers.includes(null) ? null : !decides;
    }
    default:
      return plainLeaf(predicate, row);
  }
}

/** Absent, or not of the type. */
const NONE = { none: true } as const;
/** What a Value is in a row: integers as bigint. */
type Found = typeof NONE | null | boolean | bigint | number | string | readonly unknown[];

function fromJson(json: Json): unknown {
  if (json === null || typeof json === 'boolean') return json;
  if ('text' in json) return json.text;
  if ('int' in json) return json.int;
  // What is an integer counts as one, however it is written.
  if ('double' in json) return Number.isSafeInteger(json.double) ? BigInt(json.double) : json.double;
  if ('list' in json) return json.list.map(fromJson);
  return {};
}

function findRef(ref: Ref, row: Row): Found {
  const value = row.get(ref.field.fieldId)!;
  if (value === null) return null;
  if (ref.kind === 'element') return (ref.index < (value as readonly Plain[]).length ? widened((value as readonly Plain[])[ref.index]) : NONE) as Found;
  if (ref.field.type !== 'JSON') return (Array.isArray(value) ? value.map(widened) : widened(value)) as Found;
  let json: Json | undefined = (value as { json: Json }).json;
  for (const step of ref.kind === 'path' ? ref.path : []) {
    if (json === null || typeof json !== 'object') return NONE;
    if (typeof step === 'number') json = 'list' in json ? json.list[step] : undefined;
    else json = 'entries' in json ? json.entries.find(([key]) => key === step)?.[1] : undefined;
    if (json === undefined) return NONE;
  }
  return json === null ? NONE : (fromJson(json) as Found);

  function widened(plain: Plain): unknown {
    return typeof plain === 'number' && BITS[(ref.field.elementType ?? ref.field.type) as ScalarType] ? BigInt(plain) : plain;
  }
}

function find(value: Value, row: Row): Found {
  switch (value.kind) {
    case 'literal':
      return value.value;
    case 'length': {
      const found = findRef(value.of, row);
      return found === null ? null : Array.isArray(found) ? BigInt(found.length) : NONE;
    }
    case 'arithmetic': {
      const operands = [value.left, value.right].map((side) => {
        const found = find(side, row);
        return side.kind === 'literal' && value.type !== 'float' && Number.isInteger(found) ? BigInt(found as number) : found;
      });
      if (operands.includes(null)) return null;
      if (!operands.every((operand) => typeof operand === 'number' || typeof operand === 'bigint')) return NONE;
      const [a, b] = operands as (number | bigint)[];
      if (value.type !== 'float' && typeof a === 'bigint' && typeof b === 'bigint') {
        if (b === 0n && '/%'.includes(value.operator)) return null;
        return BigInt.asIntN(64, integer(value.operator, a, b));
      }
      if (value.type === 'int' || !'+-*/'.includes(value.operator)) return NONE;
      const x = Number(a), y = Number(b);
      return value.operator === '+' ? x + y : value.operator === '-' ? x - y : value.operator === '*' ? x * y : x / y;
    }
    default:
      return findRef(value, row);
  }
}

function integer(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    case '%': return a % b;
    case '&': return a & b;
    case '|': return a | b;
    case '^': return a ^ b;
    case '<<': return a * 2n ** BigInt.asUintN(6, b);
    default: return a >> BigInt.asUintN(6, b);
  }
}

/** -1, 0, 1; NaN where nothing holds but `!=`; null where the two have no order. */
function order(a: unknown, b: unknown): number | null {
  const isNumber = (x: unknown): x is number | bigint => typeof x === 'number' || typeof x === 'bigint';
  if (isNumber(a) && isNumber(b)) {
    if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
    const x = Number(a), y = Number(b);
    return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
  }
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return null;
}

function holds(operator: string, sign: number | null): boolean {
  if (sign === null || Number.isNaN(sign)) return operator === '!=';
  return operator === '<' ? sign < 0 : operator === '<=' ? sign <= 0 : operator === '>' ? sign > 0 : operator === '>=' ? sign >= 0 : operator === '==' ? sign === 0 : sign !== 0;
}

function same(found: unknown, literal: JsonLiteral): boolean {
  if (literal === null) return found === null;
  if (Array.isArray(literal)) return Array.isArray(found) && found.length === literal.length && literal.every((part, i) => same(found[i], part));
  return order(found, literal) === 0;
}

function plainLeaf(leaf: Leaf, row: Row): boolean | null {
  switch (leaf.kind) {
    case 'compare': {
      const left = find(leaf.left, row), right = find(leaf.right, row);
      return left === null || right === null ? null : holds(leaf.operator, order(left, right));
    }
    case 'range': {
      const found = find(leaf.value, row);
      return found === null ? null : holds(leaf.includesLow ? '>=' : '>', order(found, leaf.low)) && holds(leaf.includesHigh ? '<=' : '<', order(found, leaf.high));
    }
    case 'in': {
      const found = find(leaf.value, row);
      return found === null ? null : leaf.values.some((value) => same(found, value)) !== leaf.isNegated;
    }
    case 'like':
    case 'regex': {
      const found = findRef(leaf.ref, row);
      const isNegated = leaf.kind === 'regex' && leaf.isNegated;
      if (found === null) return null;
      return typeof found === 'string' ? leaf.pattern.test(Buffer.from(found), 0, Buffer.byteLength(found)) !== isNegated : isNegated;
    }
    case 'isNull': {
      if (leaf.ref.kind === 'field') return (row.get(leaf.ref.field.fieldId) === null) !== leaf.isNegated;
      const found = findRef(leaf.ref, row);
      return (found === null || found === NONE) !== leaf.isNegated;
    }
    case 'exists': {
      const found = findRef(leaf.ref, row);
      return found === null ? null : found !== NONE;
    }
    case 'contains': {
      const found = findRef(leaf.ref, row);
      if (found === null) return null;
      if (!Array.isArray(found)) return false;
      const has = (value: JsonLiteral): boolean => found.some((element) => same(element, value));
      return leaf.mode === 'any' ? leaf.values.some(has) : leaf.values.every(has);
    }
    case 'equalsArray': {
      const found = findRef(leaf.ref, row);
      return found === null ? null : same(found, leaf.values) !== leaf.isNegated;
    }
  }
}

/** What an answer says of a row. Fails where its form is not what it has to be. */
export function readTruth(truth: Truth, rows: number): (boolean | null)[] {
  const { isTrue, isUnknown } = truth;
  for (const bits of [isTrue, isUnknown]) {
    if (bits === null) continue;
    if (bits.length !== truthWords(rows)) throw new Error(`${bits.length} words for ${rows} rows`);
    for (let bit = rows; bit < bits.length * 32; bit++) if ((bits[bit >> 5] >>> (bit & 31)) & 1) throw new Error(`bit ${bit} is set, of ${rows} rows`);
  }
  return Array.from({ length: rows }, (_, row) => {
    const bit = (bits: Uint32Array | null): boolean => bits !== null && ((bits[row >> 5] >>> (row & 31)) & 1) === 1;
    if (bit(isTrue) && bit(isUnknown)) throw new Error(`row ${row} is true and unknown`);
    return bit(isUnknown) ? null : bit(isTrue);
  });
}
