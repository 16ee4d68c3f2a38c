import type { Matrix } from '../../measure/truth.ts';
import type { BuildParams, EngineId, Memory } from './engines/engine.ts';

/** What the page asks of an engine's worker. */
export interface BenchRequest {
  readonly engine: EngineId;
  readonly matrix: Matrix;
  /** Rows that are asked with. */
  readonly queries: readonly number[];
  /** Hits that are asked for. */
  readonly k: number;
  readonly params: BuildParams;
  readonly breadths: readonly number[];
}

export interface MeasuredWay {
  readonly breadth: number | null;
  /** Rows that each query found, the one that was asked with among them. */
  readonly found: readonly (readonly number[])[];
  /** Milliseconds of every query, round by round. */
  readonly rounds: readonly (readonly number[])[];
}

export interface Measured {
  /** From the code's request to an engine that can be called. */
  readonly loadMs: number;
  readonly buildMs: number;
  readonly memory: Memory | null;
  readonly kernels?: string;
  readonly note: string | null;
  readonly ways: readonly MeasuredWay[];
}

export type BenchReply =
  | { readonly kind: 'progress'; readonly label: string; readonly share: number }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'failed'; readonly message: string; /** It compiled code from text, which was refused. */ readonly isEval: boolean };
