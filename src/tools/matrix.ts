/** A user's vectors as one matrix, and walking over it in blocks of kernel memory. */
import type { Kernels } from '../kernels/kernels.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { isFloatArray, toFlatMatrix, toMatrix } from '../schema/vector-types/f32.ts';

/** A list of vectors, or one flat matrix of shape (n, dim), row-major. */
export type VectorsInput = Float32Array | Float64Array | readonly (Float32Array | Float64Array | readonly number[])[];

/** A fresh f32 matrix of shape (n, dim). INVALID_ARGUMENT for another length, a hole, NaN or Infinity. */
export function matrixOf(vectors: unknown, dim: number): Float32Array {
  if (isFloatArray(vectors)) return toFlatMatrix('vectors', vectors, dim);
  if (!Array.isArray(vectors)) refuse('vectors', NO_ROW, 'an array of vectors or one flat Float32Array', show(vectors));
  return toMatrix('vectors', vectors, dim);
}

/** INVALID_ARGUMENT unless it is an integer within bounds. */
export function integer(label: string, value: unknown, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) refuse(label, NO_ROW, `an integer from ${min} to ${max}`, show(value));
  return value as number;
}

/** Runs `work` with blocks of kernel memory of these sizes, which are given back after it. */
export function withBlocks<T>(kernels: Kernels, byteLengths: readonly number[], work: (...ptrs: number[]) => T): T {
  const ptrs: number[] = [];
  try {
    for (const byteLength of byteLengths) ptrs.push(kernels.arena.alloc(Math.max(byteLength, 8)));
    return work(...ptrs);
  } finally {
    for (const ptr of ptrs) kernels.arena.free(ptr);
  }
}
