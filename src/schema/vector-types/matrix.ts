/**
 * Vectors of a fixed number of elements, copied into one array of their column's kind: what the dense and binary types
 * but FloatVector share. A type gives the array and how the elements of one vector, or of a whole matrix, are checked
 * and copied.
 */
import type { BatchBudget } from '../budget.ts';
import { NO_ROW, refuse, show } from '../refuse.ts';
import type { DenseValues, VectorRows } from './vector-type.ts';

export interface Elements<A extends DenseValues> {
  /** For messages: `a vector (Int8Array or an array of integers)`. */
  readonly expected: string;
  /** For messages: what one element is called. */
  readonly unit: string;
  readonly bytesPerElement: number;
  alloc(elements: number): A;
  isMatrix(value: unknown): value is ArrayLike<number>;
  /**
   * Copies elements [from, from + count) of a matrix, or of an array of numbers, to `out` at `at`. Answers the index
   * from `from` on of the first element that the type cannot hold, or -1.
   */
  copy(source: ArrayLike<number>, from: number, count: number, out: A, at: number): number;
  /** For messages: what an element must be. */
  readonly range: string;
}

export function toRows<A extends DenseValues>(kind: Elements<A>, label: string, values: ArrayLike<unknown>, elements: number, budget: BatchBudget | null): VectorRows {
  if (kind.isMatrix(values)) {
    if (values.length % elements !== 0) refuse(label, NO_ROW, `a multiple of ${elements} ${kind.unit}`, String(values.length));
    budget?.take(values.length * kind.bytesPerElement);
    const out = kind.alloc(values.length);
    const bad = kind.copy(values, 0, values.length, out, 0);
    if (bad >= 0) refuseElement(kind, label, Math.floor(bad / elements), bad % elements, values[bad]);
    return { length: values.length / elements, values: out, offsets: null };
  }
  const length = values.length;
  budget?.take(length * elements * kind.bytesPerElement);
  const out = kind.alloc(length * elements);
  for (let row = 0; row < length; row++) copyVector(kind, label, row, values[row], elements, out, row * elements);
  return { length, values: out, offsets: null };
}

export function toQuery<A extends DenseValues>(kind: Elements<A>, label: string, value: unknown, elements: number): A {
  const out = kind.alloc(elements);
  copyVector(kind, label, NO_ROW, value, elements, out, 0);
  return out;
}

function copyVector<A extends DenseValues>(kind: Elements<A>, label: string, row: number, value: unknown, elements: number, out: A, at: number): void {
  if (!Array.isArray(value) && !kind.isMatrix(value)) refuse(label, row, kind.expected, show(value));
  if (value.length !== elements) refuse(label, row, `${elements} ${kind.unit}`, String(value.length));
  const bad = kind.copy(value, 0, elements, out, at);
  if (bad >= 0) refuseElement(kind, label, row, bad, value[bad]);
}

function refuseElement<A extends DenseValues>(kind: Elements<A>, label: string, row: number, element: number, got: unknown): never {
  refuse(label, row, `${kind.range} at element ${element}`, got === undefined ? 'a hole or undefined' : show(got));
}

/** The tag of a typed array, also of another realm (a frame, a vm context). */
export const tagOf = (value: unknown): string | undefined =>
  ArrayBuffer.isView(value) ? (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag] : undefined;
