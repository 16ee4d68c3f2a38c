/**
 * Rows written as codes, by row number: what a finished graph is walked on, and what an index scores candidates again by. A code
 * owns the kernel memory of its rows; the kernels know it as a Codes struct (`assembly/codes.ts`, `assembly/packed.ts`).
 */
import { CODE_QUERY_UNIT } from '../kernels/abi.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { MetricType } from '../schema/types.ts';
import type { Work } from './kmeans.ts';
import type { Section } from './sections.ts';

/** The rows to encode, and the memory that their codes are in. */
export interface CodeContext {
  readonly kernels: Kernels;
  readonly metric: MetricType;
  readonly dim: number;
  readonly rows: number;
  /** f32 rows and, for COSINE, their inverse norms; needed to train and encode, not to open. */
  readonly vectors: { readonly ptr: number; readonly inverseNormsPtr: number } | null;
}

export interface RowCode {
  /** The Codes struct. */
  readonly ptr: number;
  /** Room that a query takes in the form that the rows need. */
  readonly queryBytes: number;
  readonly memoryBytes: number;
  /** Products of coordinates, about, that training and encoding all rows cost. */
  readonly trainWork: number;
  readonly encodeWork: number;
  /** Learns from the context's rows what encoding needs. Yields the products of each step. */
  train(): Work;
  /** Encodes rows [from, to) of the context. Equal rows give equal codes on every machine. */
  encode(from: number, to: number): void;
  sections(): Section[];
  free(): void;
}

export interface RowCodeType {
  /** Bits of a dimension, about: what is finer than what. */
  bitsPerDim(dim: number): number;
  /** Bytes of kernel memory. */
  estimateBytes(rows: number, dim: number): number;
  /** Room for the context's rows, to be trained and filled. */
  create(context: CodeContext, seed: number): RowCode;
  /** Loads what `sections` gave; CORRUPT when lengths or values do not fit. */
  open(context: CodeContext, sections: ReadonlyMap<string, Uint8Array>): RowCode;
}

/** Rows per call of encoding, and products: few enough that a call ends in a few milliseconds. */
const ROWS_PER_CALL_MAX = 256;
const PRODUCTS_PER_CALL = 4e6;

/** Trains a code and writes all rows in it. Yields the products of each step. */
export function* writeRows(code: RowCode, rows: number): Work {
  yield* code.train();
  const perCall = Math.max(1, Math.min(Math.floor((PRODUCTS_PER_CALL * rows) / code.encodeWork), ROWS_PER_CALL_MAX));
  for (let from = 0; from < rows; from += perCall) {
    const to = Math.min(from + perCall, rows);
    code.encode(from, to);
    yield (code.encodeWork * (to - from)) / rows;
  }
}

/** Writes the kernels' prepared query in the form that the rows need to `out`, of `queryBytes`. */
export const prepareQuery = (kernels: Kernels, code: RowCode, out: number): void => kernels.exports.codesQuery(code.ptr, kernels.queryPtr, out);

/** Scans all rows that `allowPtr` allows (0: all) into the top-k under way for the prepared query at `query`. Answers how many hits there are. */
export function scanCode(kernels: Kernels, code: RowCode, query: number, rows: number, allowPtr: number): number {
  kernels.exports.scanCodes(kernels.topPtr, code.ptr, query, 0, rows, allowPtr);
  const n = kernels.endTopK();
  const unit = kernels.arena.f32(query + CODE_QUERY_UNIT, 1)[0];
  const distances = kernels.hitDistances(n);
  for (let i = 0; i < n; i++) distances[i] *= unit;
  return n;
}

/** Distances by the code for the first n hits of the prepared query, of which the best `keep` stay, sorted. Answers how many. */
export function rescoreByCode(kernels: Kernels, code: RowCode, n: number, keep: number): number {
  const query = kernels.scratch('refineQuery', code.queryBytes);
  prepareQuery(kernels, code, query);
  kernels.exports.rescoreCodes(kernels.topPtr, code.ptr, query, n, Math.min(keep, n));
  return Math.min(keep, n);
}
