/** Types of `datasets.mjs`. */

/** Row-major f32, shape (rows, dim). */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

export interface Neighbours {
  /** Row numbers, nearest first. Shape (queries, k). */
  readonly rows: Int32Array;
  readonly queries: number;
  readonly k: number;
}

export interface VectorSet {
  readonly name: string;
  /** null for real data. */
  readonly seed: number | null;
  /** Vectors of a COSINE set have unit length. */
  readonly metric: 'L2' | 'COSINE';
  readonly base: Matrix;
  readonly queries: Matrix;
  readonly k: number;
  /** Squared distance of the exact k-th neighbour. Shape (queries). */
  readonly limits: Float64Array;
}

export function dataFolder(): string;
export function parseFvecs(bytes: Uint8Array, what?: string): Matrix;
export function parseIvecs(bytes: Uint8Array, what?: string): Neighbours;
export function parseIdx(bytes: Uint8Array, what?: string): { shape: number[]; values: Uint8Array };
export function parseJsonl(bytes: Uint8Array): any[];
export function readData(name: string): Uint8Array;
export function readFvecs(name: string): Matrix;
export function readIvecs(name: string): Neighbours;
export function readIdx(name: string): { shape: number[]; values: Uint8Array };
export function readJsonl(name: string): any[];
export function readI8(name: string, dim: number): { values: Int8Array; rows: number; dim: number };
export function datasets(): { folder: string; found: string[]; absent: string[] };
export function hasDataset(name: string): boolean;
export function describeDatasets(): string;
export function random(seed: number): () => number;
export function normal(uniform: () => number): number;
export function syntheticVectors(options?: {
  rows?: number;
  queries?: number;
  dim?: number;
  latent?: number;
  clusters?: number;
  spread?: number;
  seed?: number;
}): { base: Matrix; queries: Matrix };
export function syntheticUnitVectors(options: { rows: number; queries?: number; dim: number; seed?: number }): { base: Matrix; queries: Matrix };
export const SET_NAMES: string[];
export function loadSet(name: string, options?: { rows?: number; queries?: number; k?: number; seed?: number; dim?: number }): VectorSet | null;
export function squaredDistance(x: Matrix, a: number, y: Matrix, b: number): number;
export function exactNeighbours(base: Matrix, queries: Matrix, k: number): Neighbours;
export function recall(set: VectorSet, rowsOf: (query: number) => ArrayLike<number>): number;
