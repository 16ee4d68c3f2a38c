/** Random schemas and rows. Rows are kept as cells; how a user gives them and how they lie in columns is made from these. */
import type { Column } from '../../../src/schema/column.ts';
import type { ElementType, Field, ScalarType } from '../../../src/schema/types.ts';
import type { Json, JsonObject } from './cells.ts';
import type { Draw } from './draw.ts';

/** By the name of the field. */
export type Row = ReadonlyMap<string, Json>;

export const DYNAMIC = '$meta';
const ELEMENTS: readonly ElementType[] = ['Bool', 'Int8', 'Int16', 'Int32', 'Int64', 'Float', 'Double', 'VarChar'];
const BITS: Readonly<Record<string, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 };
export const bitsOf = (type: string): number | undefined => (Object.hasOwn(BITS, type) ? BITS[type] : undefined);

/** Every kind of field at least sometimes. The key is field 0. */
export function randomFields(draw: Draw, has: { readonly arrays: boolean; readonly dynamic: boolean }): Field[] {
  const types: ScalarType[] = [...ELEMENTS, 'JSON'];
  const fields: Field[] = [{ fieldId: 0, name: 'key', type: 'Int64', primaryKey: true, autoId: false, nullable: false }];
  const add = (name: string, type: ScalarType, more: Partial<Field> = {}): void => {
    fields.push({ fieldId: fields.length, name, type, primaryKey: false, autoId: false, nullable: draw.chance(0.5), ...(type === 'VarChar' ? { maxLength: 1000 } : {}), ...more });
  };
  for (const type of types) if (draw.chance(0.8)) for (let i = draw.below(2); i >= 0; i--) add(`${type.toLowerCase()}_${i}`, type);
  if (has.arrays) for (const elementType of ELEMENTS) if (draw.chance(0.4)) add(`list_${elementType.toLowerCase()}`, 'Array', { elementType, maxCapacity: 20, ...(elementType === 'VarChar' ? { maxLength: 1000 } : {}) });
  if (has.dynamic && draw.chance(0.6)) add(DYNAMIC, 'JSON', { isDynamic: true, nullable: false });
  return fields;
}

const TEXTS = ['', 'a', 'ab', 'abc', 'b', 'B', 'ba', 'ä', 'a\u0308', 'z', 'zz', '😀', '😀😄', '\ue000', '\uffff', '日本', 'a\u0000b', 'a%b', 'a_b', '"', "'", '\\', 'line\nfeed', 'Ab C', 'abcdefghijklmnopqrstuvwxyz0123456789', 'x'.repeat(200)];
const INTEGERS = [-(2n ** 63n), -(2n ** 63n) + 1n, -(2n ** 53n) - 1n, -(2n ** 53n), -(2n ** 31n), -129n, -128n, -1n, 0n, 1n, 2n, 3n, 7n, 127n, 128n, 255n, 2n ** 15n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
const DOUBLES = [0, -0, 0.1, 0.5, -0.5, 1, 1.5, 2, 3, -1, -2, 7, 127, 1e16, 2 ** 53, 2 ** 53 + 2, 2 ** 63, -(2 ** 63), 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 1e21, 1e-7];
export const KEYS = ['a', 'b', 'c', 'a b', 'ä', '', '0', '"', '\\', '😀'];
/** Dynamic keys that can stand in a filter as a name. */
const NAMES = ['a', 'b', 'c', 'ä', 'color', '_x'];

export const randomText = (draw: Draw): string => (draw.chance(0.7) ? draw.pick(TEXTS) : draw.some(0, 4, () => draw.pick(TEXTS)).join(''));

export function randomInteger(draw: Draw, bits: number): bigint {
  const wide = draw.chance(0.7) ? BigInt(draw.below(9) - 3) : draw.chance(0.7) ? draw.pick(INTEGERS) : BigInt(draw.below(2 ** 32)) * BigInt(draw.below(2 ** 32));
  return BigInt.asIntN(bits, wide);
}

export const randomDouble = (draw: Draw): number => (draw.chance(0.6) ? draw.pick(DOUBLES) : draw.chance(0.5) ? draw.below(9) - 4 : (draw.below(2001) - 1000) / 8);

export function randomScalar(draw: Draw, type: ElementType): Json {
  switch (type) {
    case 'Bool':
      return draw.chance(0.5);
    case 'VarChar':
      return randomText(draw);
    case 'Double':
      return randomDouble(draw);
    case 'Float':
      return Math.fround(Math.max(-3e38, Math.min(3e38, randomDouble(draw))));
    default:
      return randomInteger(draw, BITS[type]);
  }
}

/** `isWritten`: all numbers as JSON.stringify writes them, which is given doubles alone; else there are all integers of 64 bits. */
export function randomJson(draw: Draw, depth: number, isWritten: boolean, keys: readonly string[] = KEYS): Json {
  const kind = draw.below(depth > 0 ? 10 : 6);
  if (kind === 0) return draw.pick([null, true, false]);
  if (kind <= 2) return isWritten ? written(Number(randomInteger(draw, 64))) : randomInteger(draw, 64);
  if (kind === 3) return written(randomDouble(draw));
  if (kind <= 5) return randomText(draw);
  if (kind <= 7) return draw.some(0, 4, () => randomJson(draw, depth - 1, isWritten));
  return randomObject(draw, depth, isWritten, keys);
}

export function randomObject(draw: Draw, depth: number, isWritten: boolean, keys: readonly string[]): JsonObject {
  const object: Record<string, Json> = Object.create(null);
  for (const key of keys) if (draw.chance(0.5)) object[key] = randomJson(draw, depth - 1, isWritten);
  return object;
}

/** A number as it is after JSON.stringify: an integer where no point and no exponent is written. */
function written(number: number): Json {
  const text = JSON.stringify(number);
  if (!/^-?\d+$/.test(text)) return number;
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : number;
}

export function randomValue(draw: Draw, field: Field, isWritten: boolean): Json {
  if (field.nullable && draw.chance(0.15)) return null;
  switch (field.type) {
    case 'Array':
      return draw.some(0, draw.chance(0.2) ? 8 : 3, () => randomScalar(draw, field.elementType as ElementType));
    case 'JSON': {
      if (field.isDynamic) return randomObject(draw, 3, isWritten, NAMES);
      if (draw.chance(0.8)) return randomObject(draw, 3, isWritten, KEYS);
      // A whole value is never null.
      return randomJson(draw, 3, isWritten) ?? false;
    }
    default:
      return randomScalar(draw, field.type as ElementType);
  }
}

/** What a user gives: small integers are numbers. JSON must be as it is written. */
export function givenValue(field: Field, value: Json): unknown {
  if (value === null) return null;
  if (field.type === 'JSON') return plain(value);
  if (field.type === 'Array') return (value as readonly Json[]).map((element) => givenValue({ ...field, type: field.elementType as ElementType }, element));
  return typeof value === 'bigint' && field.type !== 'Int64' ? Number(value) : value;
}

function plain(value: Json): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

export function jsonText(value: Json): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`).join(',')}}`;
}

const ARRAYS = { Int8: Int8Array, Int16: Int16Array, Int32: Int32Array, Int64: BigInt64Array, Float: Float32Array, Double: Float64Array } as const;

/** A column of these values. Rows that are NULL have rubbish where a value would be, and no elements. */
export function columnOf(draw: Draw, field: Field, values: readonly Json[]): Column {
  const { fieldId, type } = field;
  const length = values.length;
  const validity = values.includes(null) || (field.nullable && draw.chance(0.5)) ? new Uint8Array((length + 7) >> 3) : null;
  if (validity !== null) values.forEach((value, row) => (validity[row >> 3] |= (value === null ? 0 : 1) << (row & 7)));
  const filled = values.map((value) => value ?? (type === 'Array' ? [] : randomValue(draw, { ...field, nullable: false }, false)));
  const column = { fieldId, type, length, dim: 1, validity, offsets: null };
  switch (type) {
    case 'VarChar':
    case 'JSON': {
      const texts = filled.map((value) => Buffer.from(type === 'JSON' ? jsonText(value) : (value as string), 'utf8'));
      return { ...column, values: new Uint8Array(Buffer.concat(texts)), offsets: offsetsOf(texts) };
    }
    case 'Array': {
      const lists = filled as readonly (readonly Json[])[];
      const element = { ...field, type: field.elementType as ElementType, nullable: false };
      return { ...column, values: new Uint8Array(0), offsets: offsetsOf(lists), elements: columnOf(draw, element, lists.flat()) };
    }
    case 'Bool': {
      const bits = new Uint8Array((length + 7) >> 3);
      filled.forEach((value, row) => (bits[row >> 3] |= Number(value) << (row & 7)));
      return { ...column, values: bits };
    }
    default: {
      const Typed = ARRAYS[type as keyof typeof ARRAYS];
      return { ...column, values: type === 'Int64' ? BigInt64Array.from(filled as bigint[]) : (Typed as typeof Float64Array).from(filled.map(Number)) };
    }
  }
}

function offsetsOf(parts: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => (offsets[i + 1] = offsets[i] + part.length));
  return offsets;
}
