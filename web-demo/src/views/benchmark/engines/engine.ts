/** What the benchmark knows of an engine. All of them run in a worker of their own, are called on its thread, and keep everything in memory. */
import type { Matrix } from '../../../measure/truth.ts';

export type EngineId = 'elanus' | 'edgevec' | 'orama' | 'hnswlib-wasm';

export interface EngineInfo {
  readonly id: EngineId;
  readonly name: string;
  readonly version: string;
  /** In a few words. */
  readonly what: string;
  /** What cannot be compared, and how it was called. */
  readonly remark: string;
}

export interface BuildParams {
  readonly M: number;
  readonly efConstruction: number;
}

/** One way of asking. `breadth`: how many candidates a walk keeps; null: everything is compared. */
export interface Way {
  readonly breadth: number | null;
  /** Before searches are timed. */
  prepare(): void;
  /** Its answer in its own form: only asking is timed. */
  search(query: number): unknown;
  /** The rows of an answer, nearest first. */
  rowsOf(answer: unknown): number[];
}

export interface Memory {
  readonly bytes: number;
  /** `used`: what the engine says that it uses; `heap`: the size of its WebAssembly memory, used or not. */
  readonly kind: 'used' | 'heap';
}

export interface Built {
  /** Of the first index, all rows inserted. */
  readonly buildMs: number;
  /** With vectors and index; null where nobody knows. */
  readonly memory: Memory | null;
  readonly ways: readonly Way[];
  /** What went otherwise than asked for. */
  readonly note: string | null;
  /** Of Elanus: which build of its kernels ran. */
  readonly kernels?: string;
}

export interface Engine {
  /** Takes rows in the form that suits it best; making that form is not timed. By cosine. */
  build(matrix: Matrix, params: BuildParams, queries: readonly Float32Array[], k: number, breadths: readonly number[], onProgress: (share: number) => void): Promise<Built>;
}

/** Milliseconds that a piece of work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
