/**
 * What an index is. One folder per structure (flat/ hnsw/ ivf/), codes in `quant/`, the names users know in `registry.ts`:
 * an index is {structure} x {code}, never a class per pair. No optional members on purpose: a new index must answer
 * every question.
 */
import type { DistanceRange, Kernels, SparseBlock } from '../kernels/kernels.ts';
import type { QueryTile, Steps } from '../kernels/query-tile.ts';
import type { MetricType, VectorType } from '../schema/types.ts';
import type { QueryVectors, VectorTypeInfo } from '../schema/vector-types/index.ts';

export type ParamValue = number | string | boolean;
export type BuildParams = Readonly<Record<string, ParamValue>>;

/** Vectors of a segment in kernel memory. Those of other numbers than f32 are given as f32. */
export interface VectorBlock {
  /** f32, shape (rows, dim), row-major, no padding; of a binary field its rows, shape (rows, dim / 8 bytes). */
  readonly ptr: number;
  readonly rows: number;
  /** COSINE: 1 / |row|, f32, shape (rows), 0 for a zero row. Of a binary field: bits set, u32. Undefined for other metrics. */
  readonly inverseNormsPtr: number;
}

export interface IndexContext {
  readonly kernels: Kernels;
  readonly metric: MetricType;
  readonly dim: number;
  /** Rows 0 .. rows - 1 of one sealed segment. */
  readonly rows: number;
  /** null where only codes are resident; indexes with `needsVectors` are never given null. */
  readonly vectors: VectorBlock | null;
  /** Rows of a sparse field, for a build over them. */
  readonly sparse?: SparseBlock;
}

/** Search parameters after validation. A structure may add its own (ivf/params.ts): an index is only given plans of its own type's parser. */
export interface SearchPlan {
  /** Rows the index is asked for: the limit, or more of them when they are scored again. */
  readonly candidates: number;
  /** Score the candidates again with the f32 vectors. */
  readonly refine: boolean;
  /** HNSW: breadth of the walk, at least `candidates`. 0 where it means nothing. */
  readonly ef: number;
  /** Candidates whose vectors are asked of the store at a time, where that takes waiting; absent: all. */
  readonly rowsAtOnce?: number;
}

/** A named part of an index file. */
export interface IndexSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface TileSearch {
  /** Hits of a query that the tile is to have room for. */
  readonly hits: number;
  /** The tile, of rows in f32, ends up with what `search` finds for each of its queries. */
  run(tile: QueryTile, allowPtr: number): Steps;
}

/** What a search did, for those who ask how it came about. */
export interface SearchAccount {
  /** It walked a graph, compared all rows that were allowed, looked into lists, or had nothing to look for. */
  readonly strategy: 'walk' | 'scan' | 'lists' | 'none';
  /** Rows compared with the query, by codes or in full; a scoring again is not counted. */
  readonly compared: number;
  /** Lists looked into; 0 where there are none. */
  readonly lists: number;
}

/** An index over the rows of one sealed segment, resident in kernel memory. Immutable. */
export interface VectorIndex {
  readonly typeName: string;
  readonly memoryBytes: number;
  /**
   * Up to `plan.candidates` rows for the query prepared in the kernels' scratch (`kernels.setQuery`), closest first, or in any
   * order where the plan says that they are scored again;
   * they are left in `kernels.hits`. Smaller distance is closer for every metric. `allowPtr`: a bitset of rows that may be
   * returned, applied during the search; 0 means all. `range`: what hits should be within: a structure may search no farther
   * for its sake, or none of it; its hits need not be within. Answers how many were found.
   */
  search(plan: SearchPlan, allowPtr: number, range?: DistanceRange | null): number;
  /** Of the last `search`; made when it is asked for, which must be before the kernels search again. */
  readonly lastSearch: SearchAccount;
  /** How queries of such a plan are searched for together, so that what is read for one serves others; null where each is better searched by itself. */
  tileSearch(plan: SearchPlan): TileSearch | null;
  free(): void;
}

/** A build in slices, so that its host can yield, report and stop. */
export interface IndexBuilder {
  readonly total: number;
  readonly done: number;
  /** Works for about `sliceMs` and returns; finished when `done === total`. */
  step(sliceMs: number): void;
  /** The finished index's bytes, copied out of kernel memory. Equal input and seed give equal bytes on every machine. */
  finish(): IndexSection[];
  free(): void;
}

/** Which of several builders of one index a builder is. Each has all rows, and the same parameters and seed. */
export interface Team {
  readonly index: number;
  readonly count: number;
}

/**
 * A builder that may be one of a team. Builders of a team tell each other what they found, in turns: a turn ends when
 * each has a message and all messages have been given to all. The first one's `finish` is the index; equal bytes,
 * however many there are.
 */
export interface SharedBuilder extends IndexBuilder {
  /** What the others must hear before this builder can go on: `step` does nothing until then. null: go on. The caller may give it away. */
  takeMessage(): Uint8Array | null;
  /** What all builders said in this turn, in their order. */
  giveMessages(messages: readonly Uint8Array[]): void;
}

export interface IndexType {
  /** Milvus's name. */
  readonly name: string;
  /** Persisted: never renumber. */
  readonly code: number;
  /** The kinds of vectors that it is for. */
  readonly families: readonly VectorTypeInfo['family'][];
  /** Every row is compared: there is nothing to build, and segments are scanned as they are. */
  readonly isScan: boolean;
  /** Searching needs the vectors in memory. */
  readonly needsVectors: boolean;
  /** Checks and completes build parameters; an unknown or out-of-range one is INVALID_ARGUMENT. */
  parseBuild(raw: Readonly<Record<string, unknown>>, about: { readonly metric: MetricType; readonly dim: number }): BuildParams;
  /** Checks search parameters against an index with these build parameters; an unknown one is INVALID_ARGUMENT. */
  parseSearch(raw: Readonly<Record<string, unknown>>, limit: number, build: BuildParams): SearchPlan;
  /**
   * Bytes of full vectors that it keeps, of `vectorBytes`, row by row as they are read, in place of whole segments within
   * `cacheBytes`. null: it takes part in that.
   */
  rowCacheBytes(vectorBytes: number, build: BuildParams): number | null;
  /** Bytes of kernel memory that the index itself takes, f32 vectors apart. */
  estimateBytes(rows: number, dim: number, build: BuildParams): number;
  /** Its builders are `SharedBuilder`s; others build alone. */
  readonly sharesBuild: boolean;
  /** Sections of an index of the same type, parameters and metric that a build over more rows may begin with; none: it is always built anew. */
  readonly baseSections: readonly string[];
  /** Starts a build. `context.vectors` is never null here. `team`: absent, the builder is alone. `base`: has the `baseSections`; CORRUPT when they do not fit. */
  builder(context: IndexContext, build: BuildParams, seed: number, team?: Team, base?: IndexBase | null): IndexBuilder;
  /** Loads what `finish` gave. Sections that do not fit together are CORRUPT. */
  open(context: IndexContext, build: BuildParams, sections: ReadonlyMap<string, Uint8Array>): VectorIndex;
}

/** An index that a build begins with. Some of its rows are rows of the new segment, by another number. */
export interface IndexBase {
  /** i32, shape (rows of the base): row of the segment, each at most once; -1 for a row that was left out. */
  readonly rowsTo: Int32Array;
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** All that a build needs, in plain data, so that any thread can run it. */
export interface BuildJob {
  readonly typeName: string;
  readonly params: BuildParams;
  readonly metric: MetricType;
  /** What the vectors' elements are; absent: FloatVector. */
  readonly vectorType?: VectorType;
  readonly dim: number;
  readonly rows: number;
  readonly seed: number;
  /** Where the vectors are: given along (and transferred), or to be read by the builder from a store of its own. */
  readonly vectors:
    | { readonly kind: 'bytes'; readonly values: QueryVectors }
    | { readonly kind: 'store'; readonly url: string; readonly file: string; readonly fieldId: number };
  /** Absent or null: it is built anew. */
  readonly base?: BuildBase | null;
}

/** What a build begins with, as `IndexBase`; its `baseSections` are given along, or to be read from the store. */
export interface BuildBase {
  readonly rowsTo: Int32Array;
  readonly sections:
    | { readonly kind: 'bytes'; readonly values: readonly IndexSection[] }
    | { readonly kind: 'store'; readonly url: string; readonly file: string };
}

/** Runs builds somewhere: on this thread in slices, or on build workers. */
export interface BuildService {
  readonly thread: 'calling' | 'worker';
  build(
    job: BuildJob,
    context: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
  ): Promise<IndexSection[]>;
  close(): Promise<void>;
}
