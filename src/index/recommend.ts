/**
 * Which index to begin with, by a rule over what indexes take and what was measured; `collection.tune` then measures on
 * one's own rows. Pure: equal questions have equal answers.
 *
 * The rule, first that applies:
 * 1. all of it is asked for (`targetRecall` 1), or a scan of all vectors stays near a millisecond: FLAT;
 * 2. vectors, codes and graph fit the memory: what AUTOINDEX builds, with the `ef` that reached the recall when measured;
 * 3. they do with the vectors in half precision: the same graph, its best rows scored again by those, vectors on disk;
 * 4. codes and graph alone fit, and estimates from codes suffice for the recall: HNSW_SQ without `refine`, of 8 or else of 4 bits;
 * 5. they fit, and more recall is asked for: the same graph as in 2, its best rows scored again by vectors that are read from the store;
 * 6. lists of codes fit with as many bits as the recall takes: IVF_RABITQ without `refine`;
 * 7. the vectors alone fit: FLAT, which is slow and exact;
 * 8. nothing fits: the smallest of these, and `fits: false`.
 */
import type { MetricType } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import { builtSpec } from './spec.ts';
import { getIndexType } from './registry.ts';

export interface RecommendQuestion {
  /** Rows there will be. */
  readonly rows: number;
  /** 2 to 32,768. */
  readonly dim: number;
  /** What vectors and index may take while searching. Default: no bound. */
  readonly memoryBytes?: number;
  /** Share of the exact answer to be found, above 0 and at most 1. Default 0.95. */
  readonly targetRecall?: number;
  /** Default COSINE. */
  readonly metric?: MetricType;
}

export interface Recommendation {
  /** For `createIndex`. */
  readonly index: { readonly type: string; readonly metric: MetricType; readonly params: Readonly<Record<string, number | string | boolean>> };
  /** For `search({ params })` with a limit of 10; at larger limits `ef` and `nprobe` grow with them. */
  readonly params: Readonly<Record<string, number>>;
  /** For `connect`, where vectors are read from the store: what the memory has room for besides. Absent: the default will do. */
  readonly cacheBytes?: number;
  /** Estimate of what vectors and index take while searching. */
  readonly memoryBytes: number;
  /** False: nothing that reaches the recall fits the memory, and this takes the least. */
  readonly fits: boolean;
  /** In a sentence. */
  readonly why: string;
}

/** A scan reads about 10 GB a second. */
const SCAN_BYTES_MAX = 8 << 20;
/** Recall of the best 10 by codes alone, the least of the real sets that were measured, rounded down. */
const CODES_ALONE: readonly (readonly [sqType: string, bits: number, recallMax: number])[] = [['SQ8', 8, 0.94], ['SQ4U', 4, 0.89]];
/** Recall@10 and the `ef` that reached it on the hardest of the sets measured (6,838 x 768 text embeddings, M 16 and 24). */
const EF_BY_RECALL: readonly (readonly [recall: number, ef: number])[] = [[0.9, 16], [0.95, 24], [0.975, 40], [0.99, 64], [0.995, 96], [0.998, 160], [1, 320]];
/** Each doubling of the rows beyond those measured takes this much more breadth. */
const EF_PER_DOUBLING = 0.12;
const ROWS_MEASURED = 8192;

/** Recall of the best 10 by IVF_RABITQ's bits alone, the least of the sets measured (128 and 768 dimensions, L2 and COSINE), rounded down. */
const BITS_ALONE: readonly (readonly [bits: number, recallMax: number])[] = [[1, 0.68], [2, 0.83], [3, 0.91], [4, 0.95], [5, 0.97], [7, 0.985], [9, 0.99]];
/** Shorter rows were not measured: estimates from signs need many dimensions to average over. */
const BITS_FROM_DIM = 64;
/** Recall@10 and the lists out of 64 that reached it on the hardest of the sets measured (6,838 x 768 text embeddings). */
const PROBES_BY_RECALL: readonly (readonly [recall: number, probes: number])[] = [[0.8, 5], [0.9, 10], [0.95, 16], [0.97, 24], [1, 40]];
const LISTS_MEASURED = 64;
const NLIST_MAX = 65_536;

type Answer = Omit<Recommendation, 'fits' | 'why'>;

/** INVALID_ARGUMENT for a question that cannot be answered. */
export function recommend(question: RecommendQuestion): Recommendation {
  const { rows, dim, memoryBytes, targetRecall, metric } = checked(question);
  const vectorBytes = rows * (dim * 4 + 4);
  const auto = builtSpec({ type: 'AUTOINDEX', metric, params: {} }, dim, rows);
  const autoBytes = getIndexType(auto.type).estimateBytes(rows, dim, auto.params);
  const isOverCodes = auto.type === 'HNSW_SQ';
  const ef = breadth(rows, targetRecall);
  const flat = { index: { type: 'FLAT', metric, params: {} }, params: {}, memoryBytes: vectorBytes };
  const graphParams: Record<string, number> = isOverCodes ? { ef, refine_k: 2 } : { ef };
  const graph = { index: auto, params: graphParams, memoryBytes: vectorBytes + autoBytes };
  const withParams = (params: Readonly<Record<string, number | string | boolean>>) => {
    const index = { ...auto, params: { ...auto.params, ...params } };
    return { index, memoryBytes: getIndexType(auto.type).estimateBytes(rows, dim, index.params) };
  };
  const halves = { ...withParams({ refine_type: 'FP16' }), params: graphParams };
  const fits = ({ memoryBytes: bytes }: { readonly memoryBytes: number }): boolean => bytes <= memoryBytes;

  if (targetRecall === 1 && fits(flat)) return { ...flat, fits: true, why: 'all of the exact answer is asked for, which a scan of every row gives' };
  if (rows * dim * 4 <= SCAN_BYTES_MAX && fits(flat)) return { ...flat, fits: true, why: `a scan of ${rows} rows of ${dim} dimensions stays near a millisecond and misses nothing` };
  if (fits(graph) && targetRecall < 1) {
    return { ...graph, fits: true, why: isOverCodes ? 'a graph over 8-bit codes whose best rows are scored again: the fastest that reaches this recall' : `a graph over the vectors: codes of ${dim} dimensions would save little` };
  }
  if (isOverCodes && fits(halves) && targetRecall < 1) return { ...halves, fits: true, why: 'codes, graph and the vectors in half precision fit the memory, the vectors do not: they stay on disk' };
  const codesOnly = (isOverCodes ? CODES_ALONE : []).map(([sqType, bits, recallMax]) => ({ answer: { ...withParams({ sq_type: sqType, refine: false }), params: { ef } }, bits, recallMax }));
  for (const { answer, bits, recallMax } of codesOnly) {
    if (targetRecall <= recallMax && fits(answer)) return { ...answer, fits: true, why: `codes of ${bits} bits and the graph fit the memory, the vectors do not: they stay on disk, and scores are estimates` };
  }
  const paged = { index: auto, params: graphParams, memoryBytes: autoBytes };
  if (isOverCodes && fits(paged) && targetRecall < 1) {
    return { ...paged, cacheBytes: Math.floor(memoryBytes - autoBytes), fits: true, why: 'codes and graph fit the memory, the vectors do not: those of the best rows are read from the store' };
  }
  const lists = dim >= BITS_FROM_DIM && metric !== 'IP' ? BITS_ALONE.map(([bits, recallMax]) => ({ answer: listsOf(bits, rows, dim, metric, targetRecall), bits, recallMax })) : [];
  for (const { answer, bits, recallMax } of lists) {
    if (targetRecall <= recallMax && fits(answer)) return { ...answer, fits: true, why: `lists of codes of ${bits} bits fit the memory, a graph does not: the vectors stay on disk, and scores are estimates` };
  }
  if (fits(flat)) return { ...flat, fits: true, why: 'the vectors fit the memory, a graph beside them does not: every search compares all of them' };
  const smallest = [...codesOnly, ...lists].reduce((least, { answer }) => (answer.memoryBytes < least.memoryBytes ? answer : least), flat as Answer);
  return { ...smallest, fits: false, why: `nothing that reaches this recall fits into ${memoryBytes} bytes: this takes the least` };
}

/** About four times the root of the rows in lists; the share of them that is looked into shrinks as they grow in number. */
function listsOf(bits: number, rows: number, dim: number, metric: MetricType, targetRecall: number): Answer {
  const nlist = Math.max(1, Math.min(Math.round(4 * Math.sqrt(rows)), NLIST_MAX));
  const type = getIndexType('IVF_RABITQ');
  const index = { type: type.name, metric, params: type.parseBuild({ nlist, rbq_bits: bits }, { metric, dim }) };
  const [, probes] = PROBES_BY_RECALL.find(([recall]) => recall >= targetRecall)!;
  const nprobe = Math.max(1, Math.min(Math.ceil(probes * Math.sqrt(nlist / LISTS_MEASURED)), nlist));
  return { index, params: { nprobe }, memoryBytes: type.estimateBytes(rows, dim, index.params) };
}

function breadth(rows: number, targetRecall: number): number {
  const [, ef] = EF_BY_RECALL.find(([recall]) => recall >= targetRecall)!;
  return Math.round(ef * (1 + EF_PER_DOUBLING * Math.max(0, Math.log2(rows / ROWS_MEASURED))));
}

function checked(question: RecommendQuestion): Required<RecommendQuestion> {
  if (typeof question !== 'object' || question === null) throw wrong('question', '{ rows, dim, memoryBytes, targetRecall }', question);
  const known = ['rows', 'dim', 'memoryBytes', 'targetRecall', 'metric'];
  for (const key of Object.keys(question)) if (!known.includes(key)) throw wrong(key, `one of ${known.join(', ')}`, 'an unknown one');
  const { rows, dim, memoryBytes = Infinity, targetRecall = 0.95, metric = 'COSINE' } = question;
  if (!Number.isSafeInteger(rows) || rows < 0) throw wrong('rows', 'an integer from 0 on', rows);
  if (!Number.isInteger(dim) || dim < 2 || dim > 32_768) throw wrong('dim', 'an integer from 2 to 32768', dim);
  if (typeof memoryBytes !== 'number' || !(memoryBytes > 0)) throw wrong('memoryBytes', 'a number above 0', memoryBytes);
  if (typeof targetRecall !== 'number' || !(targetRecall > 0 && targetRecall <= 1)) throw wrong('targetRecall', 'a number above 0 and at most 1', targetRecall);
  if (metric !== 'L2' && metric !== 'IP' && metric !== 'COSINE') throw wrong('metric', 'L2, IP or COSINE', metric);
  return { rows, dim, memoryBytes, targetRecall, metric };
}

const wrong = (name: string, expected: string, got: unknown): ElanusError =>
  new ElanusError('INVALID_ARGUMENT', `"${name}" expected ${expected}, got ${typeof got === 'string' ? got : typeof got === 'object' ? 'an object' : String(got)}`, { parameter: name });
