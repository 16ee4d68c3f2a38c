/** The report of a run: what the table shows, and what is copied as JSON. Its form is described in the page's README. */
import { latencyOf } from '../../measure/percentiles.ts';
import type { Latency } from '../../measure/percentiles.ts';
import { recallOfQuery, withoutItself } from '../../measure/truth.ts';
import type { Matrix, Truth } from '../../measure/truth.ts';
import type { Device } from './device.ts';
import type { BuildParams, EngineId, EngineInfo, Memory } from './engines/engine.ts';
import type { Measured } from './messages.ts';

export const FORMAT = 'elanus-device-report/1';

export interface ReportPoint {
  /** Candidates that a walk keeps; null: a scan. */
  readonly ef: number | null;
  /** 0 to 1, mean over the queries. */
  readonly recall: number;
  /** One after the other, of the calmest round. */
  readonly queriesPerSecond: number;
  readonly latencyMs: Latency;
}

interface EngineHead {
  readonly id: EngineId;
  readonly name: string;
  readonly version: string;
}

export type ReportEngine =
  | (EngineHead & {
      readonly status: 'measured';
      readonly loadMs: number;
      /** Insert and index. */
      readonly buildMs: number;
      readonly memory: Memory | null;
      readonly kernels?: string;
      readonly note: string | null;
      readonly points: readonly ReportPoint[];
    })
  | (EngineHead & { readonly status: 'failed'; readonly reason: string });

export interface Report {
  readonly format: typeof FORMAT;
  /** ISO 8601. */
  readonly made: string;
  readonly device: Device;
  readonly data: { readonly collection: string; readonly rows: number; readonly dim: number; readonly metric: 'COSINE'; readonly k: number; readonly queries: number };
  readonly parameters: BuildParams;
  /** Of the order. */
  readonly seed: number;
  /** In which they ran. */
  readonly order: readonly EngineId[];
  /** Those that are done, in the order in which they ran. */
  readonly engines: readonly ReportEngine[];
}

const headOf = ({ id, name, version }: EngineInfo): EngineHead => ({ id, name, version });

export const failedEngine = (info: EngineInfo, reason: string): ReportEngine => ({ ...headOf(info), status: 'failed', reason });

/** Judged breadth by breadth, between which the page has its thread. */
export async function measuredEngine(info: EngineInfo, { ways, ...measured }: Measured, matrix: Matrix, truth: Truth): Promise<ReportEngine> {
  const points: ReportPoint[] = [];
  for (const { breadth, found, rounds } of ways) {
    const latencyMs = latencyOf(rounds);
    const recall = found.reduce((sum, rows, at) => sum + recallOfQuery(matrix, truth, at, withoutItself(rows, truth.queries[at], truth.k)), 0) / found.length;
    points.push({ ef: breadth, recall, queriesPerSecond: 1000 / latencyMs.mean, latencyMs });
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { ...headOf(info), status: 'measured', ...measured, points };
}

/** The fastest point that reaches a recall; null where none does. */
export function fastestAt(points: readonly ReportPoint[], target: number): ReportPoint | null {
  const enough = points.filter(({ recall }) => recall >= target);
  return enough.length === 0 ? null : enough.reduce((best, point) => (point.queriesPerSecond > best.queriesPerSecond ? point : best));
}

/** As it is copied: numbers with as many digits as mean something. */
export const textOf = (report: Report): string =>
  `${JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value), 2)}\n`;
