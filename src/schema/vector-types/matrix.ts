/**
 * Vectors of a fixed number of elements, copied into one array of their column's kind: what the dense and binary types
 * but FloatVector share. A type gives the array, and how the elements of one vector, or of a whole matrix, are checked
 * and copied.
 */
import type { BatchBudget } from '../budget.ts';
import { NO_ROW, refuse, show } from '../refuse.ts';
import type { DenseValues, VectorRows, VectorTypeInfo } from './vector-type.ts';

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

export interface Elements<A extends DenseValues> {
  readonly Type: ArrayType<A>;
  /** For messages: `Int8Array or an array of integers`. */
  readonly expected: string;
  /** For messages: what an element must be. */
  readonly range: string;
  isMatrix(value: unknown): value is ArrayLike<number>;
  /**
   * Copies elements [from, from + count) of a matrix, or of an array of numbers, to `out` at `at`. Answers the index of
   * the first element that the type cannot hold, or -1.
   */
  copy(source: ArrayLike<number>, from: number, count: number, out: A, at: number): number;
}

type Head = Pick<VectorTypeInfo, 'type' | 'family' | 'dims' | 'metrics' | 'present'>;

/** A type whose rows have an element for every `dimsPerElement` dimensions. */
export function matrixType<A extends DenseValues>(head: Head, kind: Elements<A>, dimsPerElement: number): VectorTypeInfo {
  const { Type, isMatrix } = kind;
  const { BYTES_PER_ELEMENT } = Type;
  const elements = (dim: number): number => dim / dimsPerElement;
  return {
    ...head,
    elements,
    bytesPerElement: BYTES_PER_ELEMENT,
    view: (buffer, byteOffset, byteLength) => new Type(buffer, byteOffset, byteLength / BYTES_PER_ELEMENT),
    isMatrix,
    rowsOf: (values, dim) => (isMatrix(values) ? values.length / elements(dim) : values.length),
    toRows: (label, values, dim, budget) => toRows(kind, label, values, elements(dim), budget),
    toQuery(label, value, dim) {
      const out = new Type(elements(dim));
      copyVector(kind, label, NO_ROW, value, out.length, out, 0);
      return out;
    },
  };
}

function toRows<A extends DenseValues>(kind: Elements<A>, label: string, values: ArrayLike<unknown>, elements: number, budget: BatchBudget | null): VectorRows {
  const { Type, isMatrix, copy } = kind;
  const isFlat = isMatrix(values);
  const total = isFlat ? values.length : values.length * elements;
  if (total % elements !== 0) refuse(label, NO_ROW, `a multiple of ${elements} elements`, String(total));
  budget?.take(total * Type.BYTES_PER_ELEMENT);
  const out = new Type(total);
  if (isFlat) {
    const bad = copy(values, 0, total, out, 0);
    if (bad >= 0) refuseElement(kind, label, Math.floor(bad / elements), bad % elements, values[bad]);
  } else {
    for (let row = 0; row < values.length; row++) copyVector(kind, label, row, values[row], elements, out, row * elements);
  }
  return { length: total / elements, values: out, offsets: null };
}

function copyVector<A extends DenseValues>(kind: Elements<A>, label: string, row: number, value: unknown, elements: number, out: A, at: number): void {
  if (!Array.isArray(value) && !kind.isMatrix(value)) refuse(label, row, `a vector (${kind.expected})`, show(value));
  if (value.length !== elements) refuse(label, row, `${elements} elements`, String(value.length));
  const bad = kind.copy(value, 0, elements, out, at);
  if (bad >= 0) refuseElement(kind, label, row, bad, value[bad]);
}

function refuseElement<A extends DenseValues>(kind: Elements<A>, label: string, row: number, element: number, got: unknown): never {
  refuse(label, row, `${kind.range} at element ${element}`, got === undefined ? 'a hole or undefined' : show(got));
}

/** Integers in a typed array of their own. Numbers that change when they are put into it are refused. */
export function integerElements<A extends Int8Array | Uint8Array>(Type: ArrayType<A> & { readonly name: string }, range: string): Elements<A> {
  const isMatrix = (value: unknown): value is A => tagOf(value) === Type.name;
  return {
    Type,
    expected: `${Type.name} or an array of integers`,
    range,
    isMatrix,
    copy(source, from, count, out, at) {
      if (isMatrix(source)) {
        out.set(source.subarray(from, from + count), at);
        return -1;
      }
      for (let i = 0; i < count; i++) {
        const x = source[from + i];
        if (typeof x !== 'number') return from + i;
        out[at + i] = x;
        if (out[at + i] !== x) return from + i;
      }
      return -1;
    },
  };
}

/** The tag of a typed array, also of another realm (a frame, a vm context). */
export const tagOf = (value: unknown): string | undefined =>
  ArrayBuffer.isView(value) ? (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag] : undefined;
