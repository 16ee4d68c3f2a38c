/**
 * Values of a source as values of a field: what `insert` takes. Only the form changes here, numbers that were text, lists that were JSON; whether a value is in its
 * field's range is for `insert` to say.
 */
import { show } from '../schema/refuse.ts';
import type { Field, FieldType } from '../schema/types.ts';
import { parseJson } from './parse-json.ts';
import { refuseAt, type Place } from './place.ts';

/** Of a field what its values' form depends on. */
export type FieldForm = Pick<Field, 'type' | 'dim' | 'elementType' | 'nullable' | 'defaultValue'>;
type PlaceOf = (row: number) => Place;
type Convert = (value: unknown, row: number) => unknown;

/** A value per row. `isText`: the source has nothing but texts. `isEmpty`: no text is an empty one, where there must be one. INVALID_ARGUMENT for a text that is none of the type, with its place. */
export function toFieldValues(field: FieldForm, values: ArrayLike<unknown>, isText: boolean, placeOf: PlaceOf, isEmpty = isText): unknown[] {
  const convert = converter(field, isText, placeOf);
  // An empty cell of a text that cannot be NULL is an empty text.
  const empty = isEmpty && field.type === 'VarChar' && !field.nullable && field.defaultValue === undefined ? '' : undefined;
  return Array.from(values, (value, row) => (value === null || value === undefined ? empty : convert(value, row)));
}

function converter(field: FieldForm, isText: boolean, placeOf: PlaceOf): Convert {
  const { dim = 0, elementType, type } = field;
  const refuse = (row: number, expected: string, value: unknown): never => refuseAt(placeOf(row), expected, show(value));
  const fromJson = (value: unknown, expected: string, row: number): unknown => {
    if (typeof value !== 'string') return value;
    try {
      return parseJson(value, {});
    } catch (cause) {
      refuseAt(placeOf(row), expected, show(value), 'INVALID_ARGUMENT', cause);
    }
  };
  switch (type) {
    case 'Bool':
      return (value, row) => boolOf(value, isText) ?? refuse(row, 'true or false', value);
    case 'Int8':
    case 'Int16':
    case 'Int32':
      return (value, row) => {
        const integer = integerOf(value, isText);
        return integer === undefined ? refuse(row, 'an integer', value) : Number(integer);
      };
    case 'Int64':
      // Also from other formats than CSV: decimal text is how many write what a number cannot hold.
      return (value, row) => integerOf(value, isText || typeof value === 'string') ?? refuse(row, 'an integer', value);
    case 'Float':
    case 'Double':
      return (value, row) => floatOf(value, isText) ?? refuse(row, 'a number', value);
    case 'VarChar':
      return (value, row) => textOf(value) ?? refuse(row, 'text', value);
    case 'JSON':
      return (value, row) => jsonOf(value, isText, () => placeOf(row));
    case 'Array': {
      const element = elementConverter(elementType!, placeOf);
      return (value, row) => {
        const list = fromJson(value, 'a list in JSON, such as [1, 2]', row);
        if (!isList(list)) refuse(row, 'a list', value);
        return Array.from(list as ArrayLike<unknown>, (item) => element(item, row));
      };
    }
    case 'SparseFloatVector':
      return (value, row) => sparseOf(fromJson(value, 'a sparse vector in JSON, such as {"1": 0.5}', row));
    default:
      return (value, row) => {
        const list = fromJson(value, `a vector of ${dim} dimensions in JSON, such as [1, 2]`, row);
        if (!isList(list)) refuse(row, `a vector of ${dim} dimensions`, value);
        return vectorOf(type, dim, list as ArrayLike<unknown>);
      };
  }
}

function elementConverter(type: FieldType, placeOf: PlaceOf): Convert {
  const convert = converter({ type, nullable: false }, false, placeOf);
  // What is missing among the elements is refused by its number.
  return (value, row) => (value === null || value === undefined ? value : convert(value, row));
}

export const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function boolOf(value: unknown, isText: boolean): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  if (!isText || typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : undefined;
}

/** Digits of a 64-bit integer; more are for `insert` to refuse. */
export const INTEGER = /^[+-]?\d{1,30}$/;

function integerOf(value: unknown, isText: boolean): bigint | number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Date) return value.getTime();
  if (!isText || typeof value !== 'string') return undefined;
  const digits = value.trim();
  if (!INTEGER.test(digits)) return undefined;
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
}

function floatOf(value: unknown, isText: boolean): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (!isText || typeof value !== 'string' || !FLOAT.test(value.trim())) return undefined;
  return Number(value);
}

export const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
}

/**
 * JSON as it is, or as a text of it, which is how Milvus's files have it. In formats that know other values than text a text that begins
 * neither with `{`, `[` nor a quote is itself.
 */
function jsonOf(value: unknown, isText: boolean, place: () => Place): unknown {
  if (typeof value !== 'string') return plainJson(value);
  if (isText) return plainJson(parseJson(value, place()));
  if (!/^\s*["[{]/.test(value)) return value;
  try {
    return plainJson(parseJson(value, place()));
  } catch {
    return value;
  }
}

/** The text that {@link jsonOf} makes the value of, of a value that is a text. */
export const needsQuotes = (value: string): boolean => /^\s*["[{]/.test(value);

/** Levels below which a value is left as it is: `insert` refuses what is too deep, or goes round in circles. */
const DEPTH_MAX = 500;

/** What JSON can hold: dates as text, integers beyond 2^53 as the nearest number, typed arrays as lists. */
export function plainJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null || value instanceof Date || depth > DEPTH_MAX) return value;
  if (isList(value)) return Array.from(value, (item) => plainJson(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainJson(inner, depth + 1)]));
}

function sparseOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isList(value)) return value;
  const { indices, values } = value as { readonly indices?: unknown; readonly values?: unknown };
  if (isList(indices) && isList(values)) return { indices: Array.from(indices, toNumber), values: Array.from(values, toNumber) };
  return value;
}

const toNumber = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** Numbers of a dense or binary vector. Of 16-bit types also bit patterns, as such or as bytes (Milvus's form). */
function vectorOf(type: FieldType, dim: number, list: ArrayLike<unknown>): unknown {
  const isHalf = type === 'Float16Vector' || type === 'BFloat16Vector';
  if (isHalf) {
    if (list instanceof Uint16Array) return list;
    if (list.length === 2 * dim) {
      const bytes = Uint8Array.from(list as ArrayLike<number>);
      if (bytes.every((byte, i) => byte === list[i])) return Uint16Array.from({ length: dim }, (_, i) => bytes[2 * i] | (bytes[2 * i + 1] << 8));
    }
  }
  if (type === 'BinaryVector' ? list instanceof Uint8Array : type === 'Int8Vector' ? list instanceof Int8Array : list instanceof Float32Array || list instanceof Float64Array) return list;
  return Array.from(list, toNumber);
}

/** A cell of text as what it looks like, for keys that no field has. */
export function guessedValue(cell: string): unknown {
  const text = cell.trim();
  if (text === 'true' || text === 'false') return text === 'true';
  if (isPlainNumber(text)) return Number(text);
  if (/^[[{]/.test(text)) {
    try {
      return plainJson(parseJson(text, {}));
    } catch {
      return cell;
    }
  }
  return cell;
}

/** A number that is written as one: no zeros at the front, which numbers of houses and telephones have, and none that would lose digits. */
export const isPlainNumber = (text: string): boolean => FLOAT.test(text) && !/^[+-]?0\d/.test(text) && (!INTEGER.test(text) || Number.isSafeInteger(Number(text)));
