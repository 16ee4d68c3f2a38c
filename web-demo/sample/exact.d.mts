/** Rows nearest first, with the score of each (L2: squared distance, COSINE: cosine, IP: inner product). */
export interface ExactHits {
  readonly rows: number[];
  readonly scores: number[];
}

type Vectors = Uint8Array | Float32Array;
type Query = ArrayLike<number>;

export function exactL2(base: Vectors, rows: number, dim: number, query: Query, k: number): ExactHits;
export function exactCosine(base: Vectors, rows: number, dim: number, query: Query, k: number): ExactHits;
export function exactIP(base: Vectors, rows: number, dim: number, query: Query, k: number): ExactHits;
export function l2At(base: Vectors, row: number, dim: number, query: Query): number;
export function cosineAt(base: Vectors, row: number, dim: number, query: Query): number;
export function ipAt(base: Vectors, row: number, dim: number, query: Query): number;
/** 0 to 1. `found` are rows of `base`. */
export function recallL2(found: readonly number[], exact: ExactHits, base: Vectors, dim: number, query: Query): number;
export function recallCosine(found: readonly number[], exact: ExactHits, base: Vectors, dim: number, query: Query): number;
export function recallIP(found: readonly number[], exact: ExactHits, base: Vectors, dim: number, query: Query): number;
