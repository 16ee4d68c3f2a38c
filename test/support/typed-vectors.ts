/** Random vectors of every type, as users give and read them, and the scores of Milvus in double precision. */
import { random } from './random.ts';
import type { MetricType, VectorType } from '../../src/schema/types.ts';
import type { SparseVector } from '../../src/schema/infer.ts';

/** A vector as reads return it. */
export type ReadVector = Float32Array | Int8Array | Uint8Array | SparseVector;

export interface TypeCase {
  readonly type: VectorType;
  readonly metrics: readonly MetricType[];
  /** A vector that the type holds exactly. */
  readonly draw: (next: () => number, dim: number) => ReadVector;
}

const normal = (next: () => number): number => next() + next() + next() + next() - 2;
/** Whole numbers of 2^-10: exact in half precision where |x| < 2. */
const half = (next: () => number): number => Math.round(normal(next) * 1024) / 1024;
/** Eight bits of fraction at most: exact in bfloat16. */
const brain = (next: () => number): number => {
  const x = new Float32Array([normal(next)]);
  new Uint32Array(x.buffer)[0] &= 0xffff0000;
  return x[0]!;
};

const DENSE: readonly MetricType[] = ['L2', 'IP', 'COSINE'];

export const TYPE_CASES: readonly TypeCase[] = [
  { type: 'FloatVector', metrics: DENSE, draw: (next, dim) => Float32Array.from({ length: dim }, () => normal(next)) },
  { type: 'Float16Vector', metrics: DENSE, draw: (next, dim) => Float32Array.from({ length: dim }, () => half(next)) },
  { type: 'BFloat16Vector', metrics: DENSE, draw: (next, dim) => Float32Array.from({ length: dim }, () => brain(next)) },
  { type: 'Int8Vector', metrics: DENSE, draw: (next, dim) => Int8Array.from({ length: dim }, () => Math.floor(next() * 256) - 128) },
  { type: 'BinaryVector', metrics: ['HAMMING', 'JACCARD'], draw: (next, dim) => Uint8Array.from({ length: dim / 8 }, () => Math.floor(next() * 256)) },
  { type: 'SparseFloatVector', metrics: ['IP'], draw: drawSparse },
];

/** Up to 24 of `dim` dimensions, few of them in most rows; now and then none. */
function drawSparse(next: () => number, dim: number): SparseVector {
  const indices = new Set<number>();
  for (let n = Math.floor(next() * 25); n > 0; n--) indices.add(Math.floor(next() ** 2 * dim));
  const sorted = Uint32Array.from(indices).sort();
  return { indices: sorted, values: Float32Array.from(sorted, () => normal(next)) };
}

export const isSmallerBetter = (metric: MetricType): boolean => metric !== 'IP' && metric !== 'COSINE';

/** The score of Milvus's convention, and the magnitude that the error of an f32 sum is measured by. */
export function referenceScore(metric: MetricType, a: ReadVector, b: ReadVector): { score: number; magnitude: number } {
  if ('indices' in a) return sparseProduct(a, b as SparseVector);
  if (metric === 'HAMMING' || metric === 'JACCARD') return bitScore(metric, a as Uint8Array, b as Uint8Array);
  let l2 = 0, dot = 0, absolute = 0, aa = 0, bb = 0;
  const other = b as Float32Array;
  for (let i = 0; i < a.length; i++) {
    l2 += (a[i]! - other[i]!) ** 2;
    dot += a[i]! * other[i]!;
    absolute += Math.abs(a[i]! * other[i]!);
    aa += a[i]! ** 2;
    bb += other[i]! ** 2;
  }
  if (metric === 'L2') return { score: l2, magnitude: l2 };
  if (metric === 'IP') return { score: dot, magnitude: absolute };
  const length = Math.sqrt(aa * bb);
  return length === 0 ? { score: 0, magnitude: 0 } : { score: dot / length, magnitude: absolute / length };
}

function bitScore(metric: MetricType, a: Uint8Array, b: Uint8Array): { score: number; magnitude: number } {
  let differing = 0, both = 0, either = 0;
  for (let bit = 0; bit < a.length * 8; bit++) {
    const x = (a[bit >> 3]! >> (bit & 7)) & 1, y = (b[bit >> 3]! >> (bit & 7)) & 1;
    differing += x ^ y;
    both += x & y;
    either += x | y;
  }
  if (metric === 'HAMMING') return { score: differing, magnitude: 0 };
  return { score: either === 0 ? 0 : 1 - both / either, magnitude: 1 };
}

function sparseProduct(a: SparseVector, b: SparseVector): { score: number; magnitude: number } {
  const values = new Map(Array.from(a.indices, (index, i) => [index, a.values[i]!]));
  let score = 0, magnitude = 0;
  b.indices.forEach((index, i) => {
    const term = (values.get(index) ?? 0) * b.values[i]!;
    score += term;
    magnitude += Math.abs(term);
  });
  return { score, magnitude };
}

/**
 * How far a score may be from `referenceScore`. Integers, bits: one rounding to f32 of an exact number (COSINE: three).
 * Sparse: one rounding. Floats: 4e-7 * sqrt(dim) of the sum of the terms' magnitudes.
 */
export function tolerance(type: VectorType, metric: MetricType, dim: number, score: number, magnitude: number): number {
  if (type === 'SparseFloatVector') return 1e-7 * magnitude;
  if (metric === 'HAMMING') return 0;
  if (metric === 'JACCARD' || (type === 'Int8Vector' && metric !== 'COSINE')) return 1e-7 * Math.abs(score);
  if (type === 'Int8Vector') return 3e-7;
  return 4e-7 * Math.sqrt(dim) * magnitude + 1e-30;
}

export const seeded = random;

/** Whether two vectors are the same, bit for bit and of the same kind: `toEqual` over thousands of vectors takes seconds. */
export function isSameVector(a: unknown, b: ReadVector): boolean {
  if ('indices' in b) return typeof a === 'object' && a !== null && 'indices' in a && isSameArray(a.indices, b.indices) && isSameArray((a as SparseVector).values, b.values);
  return isSameArray(a, b);
}

function isSameArray(a: unknown, b: Float32Array | Uint32Array | Int8Array | Uint8Array): boolean {
  if (!ArrayBuffer.isView(a) || a.constructor !== b.constructor || a.byteLength !== b.byteLength) return false;
  const x = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const y = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  return x.every((byte, i) => byte === y[i]);
}
