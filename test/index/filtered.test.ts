/**
 * Filtered search by every index of the registry, and by the names that others serve, against a plain filtered scan in double precision:
 * as many hits as rows match, up to what was asked for, however little effort the search is allowed; and recall as without a filter,
 * whether the rows that match lie anywhere, around the query or far from it.
 */
import { describe, expect, it } from 'vitest';
import { getIndexType, indexTypeNames } from '../../src/index/registry.ts';
import { servedName, servedNames } from '../../src/index/served-names.ts';
import type { IndexType, VectorIndex } from '../../src/index/index.ts';
import { instantiateKernels, type Kernels } from '../../src/kernels/kernels.ts';
import type { KernelModule } from '../../src/kernels/load.ts';
import { QueryTile } from '../../src/kernels/query-tile.ts';
import { F32_ROWS, ROW_FORMATS, ROWS_SLACK_BYTES } from '../../src/kernels/rows.ts';
import type { MetricType } from '../../src/schema/types.ts';
import { VECTOR_TYPES, vectorsOf, type SparseValues } from '../../src/schema/vector-types/index.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { hasDataset, readData, readI8, readIvecs, readJsonl } from '../support/datasets.ts';
import { testKernels, testVariants } from '../support/kernels.ts';
import { randomVectors, SEED } from '../support/vectors.ts';

const module = await testKernels();
const ROWS = 6_000;
const DIM = 32;
const BITS = 256;
const QUERIES = 24;
const LIMIT = 10;
const SHARES = [0.5, 0.1, 0.01, 0.001];
/** What rounding may make of a distance, of the spread of all distances. */
const SLACK = 1e-6;
/** Behind the half of all rows that are nearest hundreds are about as far as the next: a code may take any of them. */
const CROWD = 0.02;

interface Subject {
  readonly type: string;
  readonly build: Record<string, unknown>;
  /** At which it finds 0.95 without a filter. */
  usual(limit: number): Record<string, unknown>;
  /** The least effort that it takes. */
  least(limit: number): Record<string, unknown>;
}

const graph = { M: 16, efConstruction: 100 };
const byEf = (refineK: number) => ({
  usual: (limit: number) => ({ ef: 10 * limit, ...(refineK > 0 ? { refine_k: refineK } : {}) }),
  least: (limit: number) => ({ ef: limit }),
});
const byProbes = (rest: (limit: number) => Record<string, unknown> = () => ({})) => ({
  usual: (limit: number) => ({ nprobe: 12, ...rest(limit) }),
  least: () => ({ nprobe: 1 }),
});
const plain = { usual: () => ({}), least: () => ({}) };
const lists = { nlist: 64 };

const DENSE: readonly Subject[] = [
  { type: 'FLAT', build: {}, ...plain },
  { type: 'HNSW', build: graph, ...byEf(0) },
  { type: 'HNSW_SQ', build: { ...graph, refine: true }, ...byEf(2) },
  { type: 'HNSW_SQ', build: { ...graph, sq_type: 'SQ4U', refine: true, refine_type: 'FP16' }, ...byEf(5) },
  { type: 'HNSW_PQ', build: { ...graph, m: 16, refine: true }, ...byEf(8) },
  { type: 'HNSW_PRQ', build: { ...graph, m: 8, refine: true }, ...byEf(8) },
  { type: 'DISKANN', build: { max_degree: 32, search_list_size: 100 }, usual: (limit) => ({ search_list: 20 * limit }), least: (limit) => ({ search_list: limit }) },
  { type: 'IVF_FLAT', build: lists, ...byProbes() },
  { type: 'IVF_SQ8', build: { ...lists, refine: true }, ...byProbes(() => ({ refine_k: 2 })) },
  { type: 'IVF_SQ8', build: { ...lists, refine: true, refine_type: 'FP16' }, ...byProbes(() => ({ refine_k: 2 })) },
  { type: 'IVF_PQ', build: { ...lists, m: 16, refine: true }, ...byProbes(() => ({ refine_k: 6 })) },
  { type: 'IVF_PQ', build: { ...lists, m: 16, nbits: 4, refine: true }, ...byProbes(() => ({ refine_k: 20 })) },
  { type: 'IVF_RABITQ', build: { ...lists, refine: true }, ...byProbes(() => ({ refine_k: 25 })) },
  { type: 'IVF_RABITQ', build: { ...lists, rbq_bits: 4, refine: true, refine_type: 'FP16' }, ...byProbes(() => ({ refine_k: 6 })) },
  { type: 'SCANN', build: lists, ...byProbes((limit) => ({ reorder_k: 10 * limit })) },
  { type: 'AUTOINDEX', build: {}, usual: () => ({}), least: (limit) => ({ ef: limit, refine_k: 1 }) },
  { type: 'GPU_BRUTE_FORCE', build: {}, ...plain },
  { type: 'GPU_CAGRA', build: { graph_degree: 32, intermediate_graph_degree: 64 }, usual: () => ({}), least: (limit) => ({ itopk_size: limit }) },
  { type: 'GPU_IVF_FLAT', build: lists, ...byProbes() },
  { type: 'GPU_IVF_PQ', build: { ...lists, m: 32 }, ...byProbes() },
];
const BINARY: readonly Subject[] = [
  { type: 'BIN_FLAT', build: {}, ...plain },
  { type: 'BIN_IVF_FLAT', build: lists, ...byProbes() },
];
const SPARSE: readonly Subject[] = ['DAAT_MAXSCORE', 'DAAT_WAND', 'TAAT_NAIVE'].map((inverted_index_algo) => ({ type: 'SPARSE_INVERTED_INDEX', build: { inverted_index_algo }, ...plain }));

const label = ({ type, build }: Subject): string => (Object.keys(build).length === 0 ? type : `${type} ${JSON.stringify(build)}`);

/** Rows and queries of some kind, and what is needed to search them. */
interface World {
  readonly rows: number;
  readonly queries: number;
  readonly metric: MetricType;
  /** Distance of every row from a query, by plain arithmetic; smaller is closer. f64, shape (rows). */
  distances(query: number): Float64Array;
  /** Distance of every row from a row. */
  fromRow(row: number): Float64Array;
  open(on: Kernels, subject: Subject): Opened;
}

interface Opened {
  readonly type: IndexType;
  readonly index: VectorIndex;
  /** Search parameters in the words of the index that serves. */
  plan(raw: Record<string, unknown>, limit: number): ReturnType<IndexType['parseSearch']>;
  setQuery(query: number): void;
  /** Candidates scored again where the plan leaves that to the caller; answers how many are left. */
  rescore(found: number, limit: number): number;
  /** All queries, f32, for tiles; null where there are none. */
  readonly queryValues: Float32Array | null;
}

/** The type that serves a name, its checked parameters, and its search parameters. */
function resolve({ type: name, build }: Subject, metric: MetricType, dim: number, rows: number) {
  const served = servedName(name);
  const spec = served ? served.serve(served.parseBuild(build, { metric, dim }), { metric, dim, rows }) : { type: name, params: build };
  const type = getIndexType(spec.type);
  const params = type.parseBuild(spec.params, { metric, dim });
  return { type, params, plan: (raw: Record<string, unknown>, limit: number) => type.parseSearch(served ? served.searchParams(raw, limit, type.name) : raw, limit, params) };
}

function buildIn(type: IndexType, params: ReturnType<IndexType['parseBuild']>, context: Parameters<IndexType['builder']>[0]): VectorIndex {
  const builder = type.builder(context, params, 5);
  while (builder.done < builder.total) builder.step(50);
  const sections = new Map(builder.finish().map(({ name, bytes }) => [name, bytes]));
  builder.free();
  return type.open(context, params, sections);
}

/** Rows around centres, neither in the order of their clusters nor of equal density; queries of the same. */
function denseWorld(metric: MetricType): World {
  const next = mulberry32(SEED);
  const uniform = (): number => next() / 2 ** 32;
  const normal = (): number => uniform() + uniform() + uniform() + uniform() - 2;
  const centres = Array.from({ length: 30 }, () => Array.from({ length: DIM }, () => 2 * normal()));
  const draw = (count: number): Float32Array => {
    const values = new Float32Array(count * DIM);
    for (let row = 0; row < count; row++) {
      const centre = centres[Math.floor(uniform() ** 1.5 * centres.length)]!;
      for (let d = 0; d < DIM; d++) values[row * DIM + d] = centre[d]! + normal();
    }
    return values;
  };
  return f32World(metric, draw(ROWS), draw(QUERIES), DIM);
}

function f32World(metric: MetricType, values: Float32Array, queryValues: Float32Array, dim: number): World {
  const rows = values.length / dim;
  const from = (query: Float32Array): Float64Array => {
    const out = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      let squares = 0, dot = 0, q2 = 0, x2 = 0;
      for (let d = 0; d < dim; d++) {
        const q = query[d]!, x = values[row * dim + d]!;
        squares += (q - x) ** 2;
        dot += q * x;
        q2 += q * q;
        x2 += x * x;
      }
      out[row] = metric === 'L2' ? squares : metric === 'IP' || q2 * x2 === 0 ? -dot : -dot / Math.sqrt(q2 * x2);
    }
    return out;
  };
  return {
    rows,
    queries: queryValues.length / dim,
    metric,
    distances: (query) => from(queryValues.subarray(query * dim, (query + 1) * dim)),
    fromRow: (row) => from(values.subarray(row * dim, (row + 1) * dim)),
    open(kernels, subject) {
      const { arena } = kernels;
      const ptr = arena.alloc(values.byteLength);
      arena.f32(ptr, values.length).set(values);
      const inverseNormsPtr = arena.alloc(rows * 4);
      kernels.inverseNorms(ptr, rows, dim, inverseNormsPtr);
      const { type, params, plan } = resolve(subject, metric, dim, rows);
      const index = buildIn(type, params, { kernels, metric, dim, rows, vectors: { ptr, rows, inverseNormsPtr } });
      return {
        type, index, plan, queryValues,
        setQuery: (query) => kernels.setQuery(queryValues, query * dim, dim, metric),
        rescore(found, limit) {
          kernels.rescoreF32(metric, ptr, dim, inverseNormsPtr, found, limit);
          return Math.min(found, limit);
        },
      };
    },
  };
}

/** Bits of a centre, some of them drawn anew. */
function binaryWorld(metric: MetricType): World {
  const next = mulberry32(SEED + 1);
  const density = metric === 'JACCARD' ? 0.1 : 0.5;
  const bit = (): boolean => next() / 2 ** 32 < density;
  const centres = Array.from({ length: 30 }, () => Array.from({ length: BITS }, bit));
  const bytes = BITS / 8;
  const draw = (count: number): Uint8Array => {
    const values = new Uint8Array(count * bytes);
    for (let row = 0; row < count; row++) {
      const centre = centres[next() % centres.length]!;
      for (let d = 0; d < BITS; d++) if (next() / 2 ** 32 < 0.3 ? bit() : centre[d]) values[row * bytes + (d >> 3)]! |= 1 << (d & 7);
    }
    return values;
  };
  const values = draw(ROWS), queryValues = draw(QUERIES);
  const ones = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
  const from = (query: Uint8Array): Float64Array =>
    Float64Array.from({ length: ROWS }, (_, row) => {
      let differ = 0, both = 0;
      for (let i = 0; i < bytes; i++) {
        differ += ones[query[i]! ^ values[row * bytes + i]!]!;
        both += ones[query[i]! & values[row * bytes + i]!]!;
      }
      return metric === 'HAMMING' ? differ : differ + both === 0 ? 0 : differ / (differ + both);
    });
  const format = ROW_FORMATS.BinaryVector;
  return {
    rows: ROWS,
    queries: QUERIES,
    metric,
    distances: (query) => from(queryValues.subarray(query * bytes, (query + 1) * bytes)),
    fromRow: (row) => from(values.subarray(row * bytes, (row + 1) * bytes)),
    open(kernels, subject) {
      const { arena } = kernels;
      const ptr = arena.alloc(values.length + ROWS_SLACK_BYTES), inverseNormsPtr = arena.alloc(ROWS * 4);
      arena.u8(ptr, values.length).set(values);
      kernels.rowTerms(format, ptr, ROWS, BITS, inverseNormsPtr);
      const { type, params, plan } = resolve(subject, metric, BITS, ROWS);
      const index = buildIn(type, params, { kernels, metric, dim: BITS, rows: ROWS, vectors: { ptr, rows: ROWS, inverseNormsPtr } });
      return { type, index, plan, queryValues: null, setQuery: (query) => kernels.setRowQuery(format, queryValues, query * bytes, BITS, metric), rescore: (found) => found };
    },
  };
}

/** Few dimensions are in many rows, most in few; a query shares none with most rows. */
function sparseWorld(): World {
  const next = mulberry32(SEED + 2);
  const uniform = (): number => next() / 2 ** 32;
  const draw = (count: number) =>
    Array.from({ length: count }, () => {
      const indices = Uint32Array.from(new Set(Array.from({ length: 5 + Math.floor(uniform() * 20) }, () => Math.floor(uniform() ** 2 * 3000)))).sort();
      return { indices, values: Float32Array.from(indices, () => (uniform() - 0.1) * 4) };
    });
  const vectors = draw(ROWS), queries = draw(QUERIES);
  const from = ({ indices, values }: (typeof vectors)[number]): Float64Array => {
    const weights = new Map(Array.from(indices, (index, i) => [index, values[i]!]));
    return Float64Array.from(vectors, (row) => -row.indices.reduce((sum, index, i) => sum + (weights.get(index) ?? 0) * row.values[i]!, 0));
  };
  return {
    rows: ROWS,
    queries: QUERIES,
    metric: 'IP',
    distances: (query) => from(queries[query]!),
    fromRow: (row) => from(vectors[row]!),
    open(kernels, subject) {
      const rows = vectorsOf(VECTOR_TYPES.SparseFloatVector.toRows('v', vectors, 1, null)) as SparseValues;
      const put = (part: ArrayBufferView): number => {
        const ptr = kernels.arena.alloc(part.byteLength);
        kernels.arena.u8(ptr, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
        return ptr;
      };
      const sparse = { offsetsPtr: put(rows.offsets), indicesPtr: put(rows.indices), valuesPtr: put(rows.values) };
      const { type, params, plan } = resolve(subject, 'IP', 1, ROWS);
      const index = buildIn(type, params, { kernels, metric: 'IP', dim: 1, rows: ROWS, vectors: null, sparse });
      return { type, index, plan, queryValues: null, setQuery: (query) => kernels.setSparseQuery(queries[query]!.indices, queries[query]!.values), rescore: (found) => found };
    },
  };
}

/** u8, shape (rows): 1 for rows that match. */
type Match = Uint8Array;

const byOrder = (order: Uint32Array, count: number): Match => {
  const match = new Uint8Array(order.length);
  for (const row of order.subarray(0, count)) match[row] = 1;
  return match;
};
const nearest = (distances: Float64Array): Uint32Array => Uint32Array.from(distances.keys()).sort((a, b) => distances[a]! - distances[b]! || a - b);

/** What is known of a query: its distances, and all rows in their order, and in the order of the row farthest from it. */
interface Known {
  readonly distances: Float64Array;
  readonly order: Uint32Array;
  readonly farOrder: Uint32Array;
}

const knownOf = (world: World): Known[] =>
  Array.from({ length: world.queries }, (_, query) => {
    const distances = world.distances(query);
    const order = nearest(distances);
    return { distances, order, farOrder: nearest(world.fromRow(order[order.length - 1]!)) };
  });

/** How the rows that match, of which `count` are made, lie to a query. */
const FARTHEST = 'the rows farthest from the query';
const LAYOUTS: Readonly<Record<string, (of: Known, query: number, count: number) => Match>> = {
  'rows anywhere': ({ order: { length: rows } }, query, count) => {
    const next = mulberry32(SEED + 31 * query + count);
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    for (let i = 0; i < count; i++) {
      const j = i + (next() % (rows - i));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return byOrder(order, count);
  },
  'rows around the query': ({ order }, _query, count) => byOrder(order, count),
  [FARTHEST]: ({ order }, _query, count) => byOrder(order.toReversed(), count),
  'a cluster far from the query': ({ farOrder }, _query, count) => byOrder(farOrder, count),
  'a far cluster, and a few rows around the query': ({ order, farOrder }, _query, count) => {
    const few = Math.min(Math.ceil(LIMIT / 3), count);
    const match = byOrder(farOrder, count - few);
    for (let i = 0, left = few; left > 0 && i < order.length; i += 3) {
      if (match[order[i]!] === 1) continue;
      match[order[i]!] = 1;
      left--;
    }
    return match;
  },
  'a run of rows': ({ order: { length: rows } }, query, count) => {
    const first = (query * 379) % (rows - count + 1);
    return Uint8Array.from({ length: rows }, (_, row) => Number(row >= first && row < first + count));
  },
};

/** A world's subject opened, and searches of it. */
class Searched {
  readonly world: World;
  readonly opened: Opened;
  readonly #kernels: Kernels;
  readonly #allowPtr: number;
  readonly #words: number;

  constructor(world: World, subject: Subject, of: KernelModule = module) {
    this.world = world;
    this.#kernels = instantiateKernels(of);
    this.opened = world.open(this.#kernels, subject);
    this.#words = Math.ceil(world.rows / 32);
    this.#allowPtr = this.#kernels.arena.alloc(this.#words * 4);
  }

  #allow(match: Match | null): number {
    if (!match) return 0;
    const words = this.#kernels.arena.u32(this.#allowPtr, this.#words).fill(0);
    match.forEach((matches, row) => (words[row >> 5]! |= matches << (row & 31)));
    return this.#allowPtr;
  }

  /** Rows found, closest first, at most `limit`. */
  rows(query: number, limit: number, raw: Record<string, unknown>, match: Match | null): number[] {
    const { index, plan, setQuery, rescore } = this.opened;
    const searchPlan = plan(raw, limit);
    setQuery(query);
    const found = index.search(searchPlan, this.#allow(match));
    const { strategy, compared, lists } = index.lastSearch;
    const matching = match ? match.reduce((sum, matches) => sum + matches, 0) : this.world.rows;
    if (matching === 0) expect({ strategy, compared, lists }).toEqual({ strategy: 'none', compared: 0, lists: 0 });
    else expect({ strategy, enough: compared >= Math.min(limit, matching) }).toEqual({ strategy: expect.stringMatching(/walk|scan|lists/), enough: true });
    const n = searchPlan.refine ? rescore(found, limit) : found;
    return [...this.#kernels.hitRows(Math.min(n, limit))];
  }

  /** The same of all queries as a tile, as candidates; null where the index has no tiles for such a search. */
  tileRows(limit: number, raw: Record<string, unknown>, match: Match): { rows: number[]; distances: number[] }[] | null {
    const { index, plan, queryValues } = this.opened;
    const { metric, queries } = this.world;
    const search = queryValues && index.tileSearch(plan(raw, limit));
    if (!search) return null;
    const tile = new QueryTile(this.#kernels, F32_ROWS, metric, queryValues!.length / queries, queries, search.hits);
    tile.setQueries(F32_ROWS, queryValues!, 0);
    tile.begin();
    for (const step of search.run(tile, this.#allow(match))) void step;
    const found = Array.from({ length: queries }, (_, query) => {
      const n = tile.end(query);
      return inOrder([...tile.hitRows(query, n)], [...tile.hitDistances(query, n)]);
    });
    tile.free();
    return found;
  }

  /** Candidates of one query alone, in the same order. */
  candidates(query: number, limit: number, raw: Record<string, unknown>, match: Match): { rows: number[]; distances: number[] } {
    this.opened.setQuery(query);
    const n = this.opened.index.search(this.opened.plan(raw, limit), this.#allow(match));
    return inOrder([...this.#kernels.hitRows(n)], [...this.#kernels.hitDistances(n)]);
  }
}

/** By distance, then row: those that are scored again come in any order. */
function inOrder(rows: number[], distances: number[]): { rows: number[]; distances: number[] } {
  const order = [...rows.keys()].sort((a, b) => distances[a]! - distances[b]! || rows[a]! - rows[b]!);
  return { rows: order.map((i) => rows[i]!), distances: order.map((i) => distances[i]!) };
}

/** How many of the rows are no farther than the exact last one of as many, `slack` of the spread of all distances apart, and how many there could be. */
function goodOnes({ distances, order }: Known, match: Match | null, rows: readonly number[], slack: number): { good: number; asked: number } {
  let asked = 0, last = -Infinity;
  for (let i = 0; i < order.length && asked < LIMIT; i++) {
    if (match !== null && match[order[i]!] === 0) continue;
    last = distances[order[i]!]!;
    asked++;
  }
  const spread = distances[order[order.length - 1]!]! - distances[order[0]!]!;
  return { good: rows.filter((row) => distances[row]! <= last + slack * spread).length, asked };
}

function subjectSuite(name: string, world: World, subjects: readonly Subject[]): void {
  describe(`${name} (seed ${SEED})`, () => {
    const known = knownOf(world);

    it.each(subjects.map((subject) => [label(subject), subject] as const))('%s', (_, subject) => {
      const searched = new Searched(world, subject);

      // As many hits as match, up to the limit: with little effort, and for every count that is a border of something.
      for (const limit of [LIMIT, 100]) {
        for (const raw of [subject.least(limit), subject.usual(limit)]) {
          for (const count of [0, 1, 2, limit - 1, limit, limit + 1, 3 * limit, world.rows - 1, world.rows]) {
            for (const layout of ['rows anywhere', 'a cluster far from the query']) {
              const of = count % world.queries;
              const match = LAYOUTS[layout]!(known[of]!, of, count);
              const about = `${count} ${layout} match, ${limit} asked for by ${JSON.stringify(raw)}`;
              for (const query of [of, (of + 7) % world.queries]) {
                const rows = searched.rows(query, limit, raw, match);
                expect(rows, about).toHaveLength(Math.min(limit, count));
                expect(new Set(rows).size, about).toBe(rows.length);
                expect(rows.every((row) => match[row] === 1), about).toBe(true);
              }
              const tile = limit === LIMIT && searched.tileRows(limit, raw, match);
              if (!tile) continue;
              tile.forEach(({ rows }) => expect(rows.length, `${about}, as a batch`).toBeGreaterThanOrEqual(Math.min(limit, count)));
              for (const query of [0, 1, 2]) {
                const alone = searched.candidates(query, limit, raw, match);
                // What is scored again has no distances worth comparing.
                if (searched.opened.plan(raw, limit).refine) expect(tile[query]!.rows.toSorted(), `${about}, as a batch`).toEqual(alone.rows.toSorted());
                else expect(tile[query], `${about}, as a batch`).toEqual(alone);
              }
            }
          }
        }
      }

      const recallOf = (matchOf: (query: number) => Match | null, slack: number): number => {
        let good = 0, asked = 0;
        for (let query = 0; query < world.queries; query++) {
          const match = matchOf(query);
          const rows = searched.rows(query, LIMIT, subject.usual(LIMIT), match);
          const of = goodOnes(known[query]!, match, rows, slack);
          expect(rows).toHaveLength(of.asked);
          good += of.good;
          asked += of.asked;
        }
        return good / asked;
      };
      const poor: string[] = [];
      const unfiltered = recallOf(() => null, SLACK);
      if (unfiltered < 0.95) poor.push(`without a filter: ${unfiltered.toFixed(3)}`);
      for (const share of SHARES) {
        for (const [layout, matchOf] of Object.entries(LAYOUTS)) {
          const recall = recallOf((query) => matchOf(known[query]!, query, Math.round(share * world.rows)), layout === FARTHEST ? CROWD : SLACK);
          if (recall < 0.95) poor.push(`${100 * share} %, ${layout}: ${recall.toFixed(3)}`);
        }
      }
      expect(poor, 'recall below 0.95').toEqual([]);
    });
  });
}

describe(`filtered search in every kernel build (seed ${SEED})`, async () => {
  const variants = await Promise.all(testVariants().map((variant) => testKernels(variant)));
  const rows = 1_500, dim = 16;
  const values = randomVectors(rows, dim, 1), queries = randomVectors(12, dim, 2);
  // Rows from a third on are far from all queries.
  for (let i = Math.floor(rows / 3) * dim; i < values.length; i++) values[i]! += 6;
  const next = mulberry32(SEED);
  const matches: Record<string, (row: number) => boolean> = {
    'nine tenths': () => next() / 2 ** 32 < 0.9,
    half: () => next() / 2 ** 32 < 0.5,
    'one in twelve': (row) => row % 12 === 5,
    'rows far from the queries': (row) => row > rows / 2,
    'rows near the queries': (row) => row < rows / 4,
    'rows near the queries, few': (row) => row % 100 === 7 && row < rows / 3,
    'seven rows': (row) => row % 200 === 31,
  };
  const filters = Object.entries(matches).map(([name, of]) => [name, Uint8Array.from({ length: rows }, (_, row) => Number(of(row)))] as const);

  // Their distances are integers, equal in all builds; where lists are ordered by f32 ones, no two are nearly equal.
  it.each([
    ['HNSW_SQ', { M: 6, efConstruction: 40 }, { ef: 20 }],
    ['DISKANN', { max_degree: 10, search_list_size: 30, pq_code_budget_gb_ratio: 1 }, { search_list: 20 }],
    ['IVF_SQ8', { nlist: 20 }, { nprobe: 3 }],
  ] as const)('%s finds the same, in the same way', (type, build, search) => {
    const world = f32World('L2', values, queries, dim);
    const seen = variants.map((variant) => {
      const searched = new Searched(world, { type, build, usual: () => search, least: () => search }, variant);
      return filters.map(([name, match]) => Array.from({ length: world.queries }, (_, query) => ({ name, ...searched.candidates(query, LIMIT, search, match), account: searched.opened.index.lastSearch })));
    });
    for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
    const strategies = new Set(seen[0]!.flat().map(({ account }) => account.strategy));
    expect([...strategies].sort()).toEqual(type === 'IVF_SQ8' ? ['lists', 'scan'] : ['scan', 'walk']);
  });
});

/** Package descriptions with their own filters: ties, duplicates and zero rows, and neighbours computed by others. */
const DEBIAN = 'debian-packages-text';
const DEBIAN_FILTERS: readonly [string, string, (row: Record<string, unknown>) => boolean][] = [
  ['arch_all', '49 %', ({ arch }) => arch === 'all'],
  ['section_python', '7.2 %', ({ section }) => section === 'python'],
  ['section_games', '1.7 %', ({ section }) => section === 'games'],
  ['priority_required', '0.05 %', ({ priority }) => priority === 'required'],
];

describe(`filtered search of ${DEBIAN}`, () => {
  const isThere = hasDataset(DEBIAN);
  it('has its data, or says that it has not', () => {
    if (!isThere) console.warn(`filtered search: ${DEBIAN} is not there (ELANUS_DATA), which leaves real filters untested`);
    expect(isThere || process.env['ELANUS_DATA'] === undefined, 'ELANUS_DATA says where it is').toBe(true);
  });
  if (!isThere) return;
  const dim = 96;
  const values = Float32Array.from(readI8(`${DEBIAN}/lsa96.i8`, dim).values);
  const about = readJsonl(`${DEBIAN}/packages.jsonl.gz`) as Record<string, unknown>[];
  const queryRows = (JSON.parse(new TextDecoder().decode(readData(`${DEBIAN}/query_rows.json`))) as number[]).slice(0, 150);
  const queryValues = new Float32Array(queryRows.length * dim);
  queryRows.forEach((row, query) => queryValues.set(values.subarray(row * dim, (row + 1) * dim), query * dim));
  const isZero = (row: number): boolean => values.subarray(row * dim, (row + 1) * dim).every((value) => value === 0);
  const world = f32World('COSINE', values, queryValues, dim);
  const subjects: readonly Subject[] = [
    { type: 'HNSW_SQ', build: { M: 16, efConstruction: 60, refine: true }, usual: (limit) => ({ ef: 20 * limit, refine_k: 3 }), least: (limit) => ({ ef: limit }) },
    { type: 'IVF_FLAT', build: { nlist: 256 }, usual: () => ({ nprobe: 40 }), least: () => ({ nprobe: 1 }) },
    { type: 'IVF_RABITQ', build: { nlist: 256, rbq_bits: 4, refine: true }, usual: () => ({ nprobe: 40, refine_k: 4 }), least: () => ({ nprobe: 1 }) },
  ];

  it.each(subjects.map((subject) => [label(subject), subject] as const))('%s', { timeout: 120_000 }, (_, subject) => {
    const searched = new Searched(world, subject);
    for (const [name, share, matches] of DEBIAN_FILTERS) {
      const match = Uint8Array.from(about, (row, i) => Number(matches(row) && !isZero(i)));
      const truth = readIvecs(`${DEBIAN}/groundtruth_cosine_${name}_k10.ivecs`);
      let good = 0, asked = 0;
      queryRows.forEach((__, query) => {
        const expected = [...truth.rows.subarray(query * truth.k, (query + 1) * truth.k)];
        const cosine = (row: number): number => cosineOf(values, row, queryValues, query, dim);
        const least = Math.min(...expected.map(cosine));
        const rows = searched.rows(query, truth.k, subject.usual(truth.k), match);
        expect(rows, `${name}, query ${query}`).toHaveLength(truth.k);
        expect(rows.every((row) => match[row] === 1)).toBe(true);
        good += rows.filter((row) => cosine(row) >= least - 1e-6).length;
        asked += truth.k;
      });
      expect(good / asked, `recall of ${name}, ${share} of the rows`).toBeGreaterThanOrEqual(0.95);
    }
  });
});

function cosineOf(values: Float32Array, row: number, queries: Float32Array, query: number, dim: number): number {
  let dot = 0, q2 = 0, x2 = 0;
  for (let d = 0; d < dim; d++) {
    const x = values[row * dim + d]!, q = queries[query * dim + d]!;
    dot += x * q;
    q2 += q * q;
    x2 += x * x;
  }
  return dot / Math.sqrt(q2 * x2);
}

describe('filtered search', () => {
  it('is tested for every index and every name that another serves', () => {
    const tested = new Set([...DENSE, ...BINARY, ...SPARSE].map(({ type }) => type));
    expect([...tested].sort()).toEqual([...indexTypeNames, ...servedNames].sort());
  });
});

subjectSuite('filtered search, L2', denseWorld('L2'), DENSE);
for (const metric of ['IP', 'COSINE'] as const) {
  const subjects = DENSE.filter(({ type }, i) => !servedNames.includes(type) && DENSE.findIndex((other) => other.type === type) === i);
  subjectSuite(`filtered search, ${metric}`, denseWorld(metric), subjects);
}
for (const metric of ['HAMMING', 'JACCARD'] as const) subjectSuite(`filtered search, ${metric}`, binaryWorld(metric), BINARY);
subjectSuite('filtered search, sparse', sparseWorld(), SPARSE);
