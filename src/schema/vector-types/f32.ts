/**
 * Vectors of the user, copied into one f32 matrix and checked. Used for rows, for columns and for queries, so it is
 * on the path of every search: plain loops, no allocation but the answer.
 */
import { NO_ROW, refuse, show } from '../refuse.ts';

/**
 * One vector as a Float32Array of its own: `spare` where that has its length, otherwise a fresh one (memory for a fresh
 * one costs more than all of the rest). INVALID_ARGUMENT: another kind of thing, another length, a hole, NaN, Infinity.
 */
export function toVector(label: string, value: unknown, dim: number, spare: Float32Array | null = null): Float32Array {
  const out = spare !== null && spare.length === dim ? spare : new Float32Array(dim);
  if (value instanceof Float32Array) {
    if (value.length !== dim) refuse(label, NO_ROW, `${dim} elements`, String(value.length));
    out.set(value);
    checkFinite(label, out, dim, true, null);
    return out;
  }
  copyVector(label, NO_ROW, value, dim, out, 0);
  checkFinite(label, out, dim, true, [value]);
  return out;
}

/** n vectors as one fresh matrix, shape (n, dim). */
export function toMatrix(label: string, values: ArrayLike<unknown>, dim: number): Float32Array {
  const n = values.length;
  const out = new Float32Array(n * dim);
  for (let row = 0; row < n; row++) {
    const value = values[row];
    if (value instanceof Float32Array && value.length === dim) out.set(value, row * dim);
    else copyVector(label, row, value, dim, out, row * dim);
  }
  checkFinite(label, out, dim, false, values);
  return out;
}

/** A flat matrix of the user, shape (n, dim), copied. INVALID_ARGUMENT where its length is no multiple of dim. */
export function toFlatMatrix(label: string, values: Float32Array | Float64Array, dim: number): Float32Array {
  if (values.length % dim !== 0) refuse(label, NO_ROW, `a multiple of ${dim} elements`, String(values.length));
  const out = isFloat32(values) ? Float32Array.prototype.slice.call(values) : Float32Array.from(values);
  checkFinite(label, out, dim, false, null);
  return out;
}

export function isFloatArray(value: unknown): value is Float32Array | Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array || isFloat32(value) || isFloat64(value);
}

// Arrays of another realm (a frame, a vm context) are no instance of ours but have the same tag.
const isFloat32 = (value: unknown): value is Float32Array => tagOf(value) === 'Float32Array';
const isFloat64 = (value: unknown): value is Float64Array => tagOf(value) === 'Float64Array';
const tagOf = (value: unknown): string | undefined =>
  ArrayBuffer.isView(value) ? (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag] : undefined;

function copyVector(label: string, row: number, value: unknown, dim: number, out: Float32Array, at: number): void {
  if (Array.isArray(value)) {
    if (value.length !== dim) refuse(label, row, `${dim} elements`, String(value.length));
    for (let i = 0; i < dim; i++) {
      const x = value[i];
      if (typeof x !== 'number') refuse(label, row, `a number at element ${i}`, x === undefined ? 'a hole or undefined' : show(x));
      out[at + i] = x;
    }
    return;
  }
  if (!isFloatArray(value)) refuse(label, row, 'a vector (Float32Array, Float64Array or an array of numbers)', show(value));
  if (value.length !== dim) refuse(label, row, `${dim} elements`, String(value.length));
  out.set(value, at);
}

/**
 * Refuses NaN, Infinity and numbers beyond f32. x - x is 0 exactly when x is finite; four sums, so that one addition
 * need not wait for the other. `sources` are the user's own values, for the message.
 */
function checkFinite(label: string, values: Float32Array, dim: number, single: boolean, sources: ArrayLike<unknown> | null): void {
  const n = values.length;
  const whole = n & ~3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < whole; i += 4) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
    c += values[i + 2] - values[i + 2];
    d += values[i + 3] - values[i + 3];
  }
  for (let i = whole; i < n; i++) a += values[i] - values[i];
  if (a + b + c + d === 0) return;
  const at = values.findIndex((x) => !Number.isFinite(x));
  const row = Math.floor(at / dim);
  const element = at % dim;
  const given = sources === null ? values[at] : (sources[row] as ArrayLike<number>)[element];
  refuse(label, single ? NO_ROW : row, `a finite 32-bit float at element ${element}`, show(given));
}
