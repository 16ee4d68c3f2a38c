/**
 * The user's values of one field, checked and laid out as a column. One function per kind of type, each a plain loop
 * over the values: rows have been gathered into an array per field before (`rows.ts`).
 */
import type { Column } from './column.ts';
import type { BatchBudget } from './budget.ts';
import { MAX_BATCH_BYTES, MAX_JSON_BYTES } from './limits.ts';
import { refuse, show } from './refuse.ts';
import { bitmapBytes } from './scalar-column.ts';
import type { Field, ScalarType } from './types.ts';
import { NOT_UTF8, isAscii, writeUtf8 } from './utf8.ts';

const NO_TEXT = Symbol('no text');
const INTEGERS = { Int8: Int8Array, Int16: Int16Array, Int32: Int32Array } as const;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** How arrays are laid out: `arrayColumn` of `array-values.ts`. Needed where a schema has Array fields. */
export type ArrayLayout = (field: Field, values: ArrayLike<unknown>, validity: Uint8Array | null, budget: BatchBudget) => Column;

/**
 * A column of `values` of a scalar field, one per row. Nothing of `values` is kept. Where null or undefined
 * stands, the row has the field's default, or else NULL if the field is nullable.
 */
export function toColumn(field: Field, values: ArrayLike<unknown>, budget: BatchBudget, arrays?: ArrayLayout): Column {
  if (!field.nullable && field.defaultValue === undefined) return scalarColumn(field, values, null, budget, arrays);
  const row = firstMissing(values);
  if (row < 0) return scalarColumn(field, values, null, budget, arrays);
  const filled = Array.from(values);
  const fill = field.defaultValue === undefined ? PLACEHOLDERS[field.type as ScalarType] : defaultOf(field);
  const validity = field.defaultValue === undefined ? new Uint8Array(bitmapBytes(filled.length)) : null;
  if (validity !== null) budget.take(validity.length);
  for (let i = 0; i < filled.length; i++) {
    if (filled[i] === undefined || filled[i] === null) filled[i] = fill;
    else if (validity !== null) validity[i >> 3] |= 1 << (i & 7);
  }
  return scalarColumn(field, filled, validity, budget, arrays);
}

/** What stands in a column where a row has no value. No row of JSON has an empty text. */
const PLACEHOLDERS: Readonly<Record<ScalarType, unknown>> = { Bool: false, Int8: 0, Int16: 0, Int32: 0, Int64: 0, Float: 0, Double: 0, VarChar: '', JSON: NO_TEXT, Array: [] };

/** The default of a field that has one, as a user would write it. */
const defaultOf = ({ type, defaultValue }: Field): unknown => (type === 'Int64' ? BigInt(defaultValue as string) : defaultValue);

function firstMissing(values: ArrayLike<unknown>): number {
  if (ArrayBuffer.isView(values)) return -1;
  for (let row = 0; row < values.length; row++) if (values[row] === undefined || values[row] === null) return row;
  return -1;
}

function scalarColumn(field: Field, values: ArrayLike<unknown>, validity: Uint8Array | null, budget: BatchBudget, arrays?: ArrayLayout): Column {
  const { fieldId, name } = field;
  const type = field.type as ScalarType;
  const n = values.length;
  const column = { fieldId, type, length: n, dim: 1, validity, offsets: null };
  switch (type) {
    case 'VarChar':
      return { ...column, ...stringValues(name, values, field.maxLength as number, budget) };
    case 'JSON':
      return { ...column, ...stringValues(name, field.isDynamic ? values : jsonTexts(name, values), MAX_JSON_BYTES, budget) };
    case 'Bool':
      budget.take(bitmapBytes(n));
      return { ...column, values: boolValues(name, values) };
    case 'Int64':
      budget.take(n * 8);
      return { ...column, values: int64Values(field, values) };
    case 'Float':
    case 'Double':
      budget.take(n * (type === 'Float' ? 4 : 8));
      return { ...column, values: floatValues(name, type, values) };
    case 'Array':
      return arrays!(field, values, validity, budget);
    default:
      budget.take(n * 4);
      return { ...column, values: integerValues(name, type, values) };
  }
}

/** INVALID_ARGUMENT for a value that is of the wrong kind or not there. */
function refuseKind(name: string, row: number, expected: string, got: unknown): never {
  refuse(name, row, expected, got === undefined ? 'nothing' : got === null ? 'null (the field is not nullable)' : show(got));
}

function integerValues(name: string, type: keyof typeof INTEGERS, values: ArrayLike<unknown>): Int8Array | Int16Array | Int32Array {
  const out = new INTEGERS[type](values.length);
  const max = 2 ** (8 * out.BYTES_PER_ELEMENT - 1) - 1;
  const min = -max - 1;
  for (let row = 0; row < out.length; row++) {
    const x = values[row];
    if (typeof x !== 'number') refuseKind(name, row, 'an integer', x);
    if (!(x >= min && x <= max) || Math.trunc(x) !== x) refuse(name, row, `an integer from ${min} to ${max}`, show(x));
    out[row] = x;
  }
  return out;
}

function floatValues(name: string, type: 'Float' | 'Double', values: ArrayLike<unknown>): Float32Array | Float64Array {
  const out = new (type === 'Float' ? Float32Array : Float64Array)(values.length);
  for (let row = 0; row < out.length; row++) {
    const x = values[row];
    if (typeof x !== 'number') refuseKind(name, row, 'a number', x);
    out[row] = x;
    if (!Number.isFinite(out[row])) refuse(name, row, `a finite ${type === 'Float' ? '32' : '64'}-bit float`, show(x));
  }
  return out;
}

function boolValues(name: string, values: ArrayLike<unknown>): Uint8Array {
  const out = new Uint8Array(bitmapBytes(values.length));
  for (let row = 0; row < values.length; row++) {
    const x = values[row];
    if (x === true) out[row >> 3] |= 1 << (row & 7);
    else if (x !== false) refuseKind(name, row, 'true or false', x);
  }
  return out;
}

/** Int64 from bigints and safe integers; decimal strings too where the field reads as strings. */
export function int64Values(field: Field, values: ArrayLike<unknown>): BigInt64Array {
  const { name, as } = field;
  const out = new BigInt64Array(values.length);
  // Numbers are stored as two halves: making a bigint of each costs five times as much.
  const halves = new Int32Array(out.buffer);
  for (let row = 0; row < out.length; row++) {
    const x = values[row];
    if (typeof x === 'number') {
      if (!Number.isSafeInteger(x)) refuse(name, row, 'a bigint or an integer within 2^53 - 1', show(x));
      halves[2 * row] = x;
      halves[2 * row + 1] = Math.floor(x / 0x1_0000_0000);
      continue;
    }
    let big: bigint;
    if (typeof x === 'bigint') big = x;
    else if (typeof x === 'string' && as === 'string' && /^-?\d{1,19}$/.test(x)) big = BigInt(x);
    else refuseKind(name, row, as === 'string' ? 'a bigint, an integer or a decimal string' : 'a bigint or an integer', x);
    if (big < INT64_MIN || big > INT64_MAX) refuse(name, row, 'a 64-bit integer', show(x));
    if (as === 'number' && (big < -SAFE_MAX || big > SAFE_MAX)) refuse(name, row, 'an integer within 2^53 - 1 (it is read as a number)', show(x));
    out[row] = big;
  }
  return out;
}

function jsonTexts(name: string, values: ArrayLike<unknown>): string[] {
  const texts: string[] = new Array(values.length);
  for (let row = 0; row < texts.length; row++) {
    const x = values[row];
    if (x === NO_TEXT) {
      texts[row] = '';
      continue;
    }
    if (x === undefined || x === null) refuseKind(name, row, 'a JSON value', x);
    let text: string | undefined;
    try {
      text = JSON.stringify(x);
    } catch (cause) {
      refuse(name, row, 'a value that JSON can hold', cause instanceof Error ? cause.message.split('\n', 1)[0] : show(x));
    }
    if (text === undefined || text === 'null') refuse(name, row, 'a value that JSON can hold', show(x));
    texts[row] = text;
  }
  return texts;
}

/** UTF-8 bytes back to back and their offsets. */
function stringValues(
  name: string,
  values: ArrayLike<unknown>,
  maxBytes: number,
  budget: BatchBudget,
): { readonly values: Uint8Array; readonly offsets: Int32Array } {
  const n = values.length;
  let units = 0;
  for (let row = 0; row < n; row++) {
    const text = values[row];
    if (typeof text !== 'string') refuseKind(name, row, 'a string', text);
    if (text.length > maxBytes) refuse(name, row, `at most ${maxBytes} bytes of UTF-8`, `${text.length} characters`);
    units += text.length;
  }
  budget.take(units + (n + 1) * 4);
  const offsets = new Int32Array(n + 1);
  // A byte per unit is enough for ASCII, and no text takes less; what is not ASCII makes it grow, within the budget.
  let out = new Uint8Array(units);
  let at = 0;
  let rest = units;
  for (let row = 0; row < n; row++) {
    const text = values[row] as string;
    const length = text.length;
    rest -= length;
    if (out.length - at < length * 3 + rest && !isAscii(text)) out = grow(out, at + length * 3 + rest);
    const end = writeUtf8(text, out, at);
    if (end === NOT_UTF8) refuse(name, row, 'well-formed text', `a lone surrogate in ${show(text)}`);
    if (end - at > maxBytes) refuse(name, row, `at most ${maxBytes} bytes of UTF-8`, `${end - at}`);
    offsets[row + 1] = at = end;
  }
  budget.take(at - units);
  return { values: at === out.length ? out : out.slice(0, at), offsets };
}

function grow(bytes: Uint8Array, atLeast: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.min(Math.max(atLeast, Math.ceil(bytes.length * 1.5)), MAX_BATCH_BYTES * 3));
  out.set(bytes);
  return out;
}
