/**
 * SparseFloatVector: pairs of a dimension and a 32-bit float. A row may be empty. Zeros that are given are kept, so that
 * a row comes back as it was.
 */
import { MAX_SPARSE_DIM } from '../limits.ts';
import { NO_ROW, isRecord, refuse, show } from '../refuse.ts';
import { isFloatArray } from './f32.ts';
import { VECTOR_KINDS } from './kinds.ts';
import { tagOf } from './matrix.ts';
import type { SparseValues, VectorTypeInfo } from './vector-type.ts';

/** A row of the user: dimensions and numbers in parallel, not checked yet. */
interface Pairs {
  readonly indices: ArrayLike<unknown>;
  readonly values: ArrayLike<unknown>;
}

const EXPECTED = 'a sparse vector ({ indices, values }, a Map, or an object { index: value })';
const BYTES_PER_PAIR = 8;

export const SPARSE_FLOAT_VECTOR: VectorTypeInfo = {
  type: 'SparseFloatVector',
  ...VECTOR_KINDS.SparseFloatVector,
  elements: () => 0,
  bytesPerElement: 4,
  view: (buffer, byteOffset, byteLength) => new Float32Array(buffer, byteOffset, byteLength / 4),
  isMatrix: () => false,
  rowsOf: (values) => values.length,
  toRows(label, values, _dim, budget) {
    const length = values.length;
    const rows: Pairs[] = new Array(length);
    const offsets = new Int32Array(length + 1);
    for (let row = 0; row < length; row++) {
      const pairs = toPairs(label, row, values[row]);
      rows[row] = pairs;
      // Charged before the next row adds to the sum, so that it never passes what an Int32Array holds.
      budget?.take(4 + pairs.indices.length * BYTES_PER_PAIR);
      offsets[row + 1] = offsets[row] + pairs.indices.length;
    }
    const indices = new Uint32Array(offsets[length]);
    const out = new Float32Array(offsets[length]);
    for (let row = 0; row < length; row++) copyPairs(label, row, rows[row], indices, out, offsets[row]);
    return { length, values: out, offsets, indices };
  },
  toQuery(label, value): SparseValues {
    const pairs = toPairs(label, NO_ROW, value);
    const count = pairs.indices.length;
    const query = { offsets: Int32Array.of(0, count), indices: new Uint32Array(count), values: new Float32Array(count) };
    copyPairs(label, NO_ROW, pairs, query.indices, query.values, 0);
    return query;
  },
  present(column, row) {
    const offsets = column.offsets!;
    return {
      indices: column.indices!.slice(offsets[row], offsets[row + 1]),
      values: (column.values as Float32Array).slice(offsets[row], offsets[row + 1]),
    };
  },
};

function toPairs(label: string, row: number, value: unknown): Pairs {
  if (value instanceof Map) return sorted(label, row, [...value]);
  if (!isRecord(value) || Symbol.iterator in value) refuse(label, row, EXPECTED, show(value));
  if (!Object.hasOwn(value, 'indices') && !Object.hasOwn(value, 'values')) {
    // Keys that are integers come in ascending order, but for those beyond what an array index may be.
    return sorted(label, row, Object.keys(value).map((key): [unknown, unknown] => [/^(0|[1-9]\d{0,9})$/.test(key) ? Number(key) : key, value[key]]));
  }
  const { indices, values } = value;
  if (!isList(indices)) refuse(label, row, 'indices to be an array of integers', show(indices));
  if (!isList(values)) refuse(label, row, 'values to be an array of numbers', show(values));
  if (indices.length !== values.length) refuse(label, row, `as many values as indices (${indices.length})`, String(values.length));
  return { indices, values };
}

function sorted(label: string, row: number, entries: [unknown, unknown][]): Pairs {
  for (const [index] of entries) if (!isIndex(index)) refuseIndex(label, row, index);
  entries.sort((a, b) => (a[0] as number) - (b[0] as number));
  return { indices: entries.map(([index]) => index), values: entries.map(([, x]) => x) };
}

function copyPairs(label: string, row: number, pairs: Pairs, indices: Uint32Array, values: Float32Array, at: number): void {
  let last = -1;
  for (let i = 0; i < pairs.indices.length; i++) {
    const index = pairs.indices[i];
    const x = pairs.values[i];
    if (!isIndex(index)) refuseIndex(label, row, index);
    if (index <= last) refuse(label, row, 'strictly ascending indices', `${index} behind ${last}`);
    if (typeof x !== 'number') refuse(label, row, `a number at index ${index}`, x === undefined ? 'a hole or undefined' : show(x));
    values[at + i] = x;
    if (!Number.isFinite(values[at + i])) refuse(label, row, `a finite 32-bit float at index ${index}`, show(x));
    indices[at + i] = index;
    last = index;
  }
}

const isIndex = (index: unknown): index is number => Number.isInteger(index) && (index as number) >= 0 && (index as number) < MAX_SPARSE_DIM;

function refuseIndex(label: string, row: number, got: unknown): never {
  refuse(label, row, `indices from 0 to ${MAX_SPARSE_DIM - 1}`, got === undefined ? 'a hole or undefined' : show(got));
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isFloatArray(value) || /^Uint(8|16|32)Array$|^Int(8|16|32)Array$/.test(tagOf(value) ?? '');
