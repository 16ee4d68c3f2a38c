/** Builds a setting over rows in a database of its own, in memory, and measures its searches. */
import type { connect as connectTo, defineSchema as schemaOf, IndexDescription } from 'elanus';
import { latencyOf } from '../../measure/percentiles.ts';
import type { Latency } from '../../measure/percentiles.ts';
import { recallOfQuery, rowOf, withoutItself } from '../../measure/truth.ts';
import type { Matrix, Truth } from '../../measure/truth.ts';
import type { Params } from './param.ts';
import type { Setting } from './setting.ts';
import { sweepValues } from './sweep.ts';

export interface Library {
  readonly connect: typeof connectTo;
  readonly defineSchema: typeof schemaOf;
}

/** What searches with one value of the swept parameter came to. */
export interface Point {
  /** Of the swept parameter; null where there is none. */
  readonly value: number | null;
  /** For `search({ params })`. */
  readonly params: Params;
  /** 0 to 1. */
  readonly recall: number;
  readonly latency: Latency;
}

export interface Outcome {
  readonly setting: Setting;
  readonly rows: number;
  readonly queries: number;
  /** Of `createIndex`. */
  readonly buildMs: number;
  /** Of the collection: its vectors and its index, as far as they are in memory. */
  readonly memoryBytes: number;
  /** Files and log. */
  readonly storedBytes: number;
  /** What was built for the name that was asked for. */
  readonly servedBy: string;
  /** In a sentence, where another index serves, or none. */
  readonly remark: string | null;
  readonly points: readonly Point[];
}

export interface ExperimentProgress {
  /** For people. */
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
}

interface ExperimentOptions {
  readonly signal: AbortSignal;
  /** How often all queries are asked with each value, if that takes no more than seconds. Default 10. */
  readonly rounds?: number;
  readonly onProgress: (progress: ExperimentProgress) => void;
}

/** Bytes of vectors that are given at once. */
const BATCH_BYTES = 1 << 20;
/** Engines compile what runs often: until then searches are slower. */
const WARM_UP_MS = 250;
const ROUNDS = 10;
/** Beyond the second, rounds end after so long. */
const ROUNDS_MS = 4_000;
/** More breadth that finds less than this more, twice, is not tried on. */
const GAIN_MIN = 0.001;

export async function experiment({ connect, defineSchema }: Library, setting: Setting, matrix: Matrix, truth: Truth, { signal, onProgress, rounds = ROUNDS }: ExperimentOptions): Promise<Outcome> {
  const { rows, dim, vectors } = matrix;
  if (truth.queries.length === 0) throw new Error('There is no row to search with: all vectors are zero, or there is none.');
  onProgress({ label: 'Inserting a copy of the rows', share: 0 });
  const database = await connect('memory:', { signal });
  try {
    const schema = defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, vector: { type: 'FloatVector', dim } } });
    const collection = await database.createCollection('lab', schema);
    const batch = Math.max(1, Math.floor(BATCH_BYTES / (4 * dim)));
    for (let from = 0; from < rows; from += batch) {
      const to = Math.min(rows, from + batch);
      await collection.insert({ id: Array.from({ length: to - from }, (_, i) => from + i), vector: vectors.subarray(from * dim, to * dim) }, { signal });
      onProgress({ label: 'Inserting a copy of the rows', share: to / rows });
    }
    const label = `Building ${setting.info.type}`;
    onProgress({ label, share: 0 });
    const begin = performance.now();
    await collection.createIndex('vector', { type: setting.info.type, metric: truth.metric, params: setting.build }, { signal, onProgress: ({ done, total }) => onProgress({ label, share: total > 0 ? done / total : 1 }) });
    const buildMs = performance.now() - begin;
    const description = await collection.describeIndex('vector');
    const ask = (vector: Float32Array, params: Params) => collection.search({ vector, limit: truth.k + 1, params, signal });
    const points = await sweep(ask, setting, matrix, truth, rounds, (share) => onProgress({ label: 'Measuring searches', share }));
    // After the searches: what they needed in memory is there then.
    const { memoryBytes, storedBytes, logBytes } = await collection.stats();
    return {
      setting, rows, queries: truth.queries.length, buildMs, memoryBytes, storedBytes: storedBytes + logBytes,
      servedBy: description.servedBy.type, remark: remarkOn(description), points,
    };
  } finally {
    await database.close();
  }
}

/** Why it is not the index that was asked for that answers. */
function remarkOn({ servedBy, serving, why }: IndexDescription): string | null {
  const isScanned = servedBy.type !== 'FLAT' && serving.every(({ type }) => type === 'FLAT');
  if (isScanned) return 'No index was built: with less than 1 MiB of vectors the library scans, which is as fast. More rows make a difference.';
  return why ?? null;
}

type Ask = (vector: Float32Array, params: Params) => Promise<readonly { readonly id: unknown }[]>;

/**
 * The first round finds how far the curve goes, and its recalls; all rounds time every point, one after the other, so that
 * what else the machine does meets all of them alike.
 */
async function sweep(ask: Ask, { info, build, search }: Setting, matrix: Matrix, truth: Truth, rounds: number, onProgress: (share: number) => void): Promise<Point[]> {
  const values = info.sweep === null ? [null] : sweepValues(info.sweep.min(truth.k + 1), Math.min(info.sweep.max(build), matrix.rows));
  const paramsOf = (value: number | null): Params => (value === null ? search : { [info.sweep!.name]: value, ...search });
  await warmUp((vector) => ask(vector, paramsOf(values[Math.min(3, values.length - 1)])), matrix, truth);
  const points: { value: number | null; params: Params; recall: number; passes: number[][] }[] = [];
  let idle = 0;
  for (const [i, value] of values.entries()) {
    onProgress(i / values.length / 2);
    const params = paramsOf(value);
    const found: number[][] = [];
    const times = await pass((vector) => ask(vector, params), matrix, truth, found);
    const recall = found.reduce((sum, rows, at) => sum + recallOfQuery(matrix, truth, at, rows), 0) / found.length;
    idle = i > 0 && recall - points[i - 1].recall < GAIN_MIN ? idle + 1 : 0;
    points.push({ value, params, recall, passes: [times] });
    if (recall === 1 || idle === 2) break;
  }
  const began = performance.now();
  for (let round = 1; round < rounds && (round === 1 || performance.now() - began < ROUNDS_MS); round++) {
    onProgress(0.5 + round / rounds / 2);
    for (const { params, passes } of points) passes.push(await pass((vector) => ask(vector, params), matrix, truth, null));
  }
  return points.map(({ passes, ...point }) => ({ ...point, latency: latencyOf(passes) }));
}

async function warmUp(ask: (vector: Float32Array) => ReturnType<Ask>, matrix: Matrix, { queries }: Truth): Promise<void> {
  const end = performance.now() + WARM_UP_MS;
  for (const query of queries) {
    await ask(rowOf(matrix, query));
    if (performance.now() > end) return;
  }
}

/** Asks all queries, one at a time: milliseconds of each. `found`: is given the rows of each, itself left out. */
async function pass(ask: (vector: Float32Array) => ReturnType<Ask>, matrix: Matrix, { queries, k }: Truth, found: number[][] | null): Promise<number[]> {
  const times: number[] = [];
  for (const query of queries) {
    const begin = performance.now();
    const hits = await ask(rowOf(matrix, query));
    times.push(performance.now() - begin);
    found?.push(withoutItself(hits.map(({ id }) => Number(id)), query, k));
  }
  return times;
}

/** The point at which a target is met with the least breadth, else that of the best recall. */
export function pointAt(points: readonly Point[], target: number): Point {
  return points.find(({ recall }) => recall >= target) ?? points.reduce((best, point) => (point.recall > best.recall ? point : best));
}
