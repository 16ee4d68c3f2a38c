/**
 * IVF: rows in lists, each near one of `nlist` centroids; a search looks into the `nprobe` lists nearest to the query. One
 * structure, several codes of the rows: vectors by position (IVF_FLAT, BIN_IVF_FLAT), and those of the table below.
 *
 * A filter is applied inside the lists, before rows are compared. The search goes on until it has compared as many rows that match as it would
 * compare without a filter (`effort.ts`), and, filter or not, until it has k hits, so that k hits come whenever k rows match.
 *
 * A range search knows when to stop by itself: it goes on beyond the `nprobe` nearest lists until `max_empty_result_buckets` in a
 * row have added no hit.
 */
import type { DistanceRange } from '../../kernels/kernels.ts';
import { bitLists } from '../../quant/bits/lists.ts';
import { f32Lists } from '../../quant/f32/lists.ts';
import type { Centroids, ListCodeType } from '../../quant/list-code.ts';
import { pqLists } from '../../quant/pq/lists.ts';
import { rabitqLists } from '../../quant/rabitq/lists.ts';
import { rescoreByCode, type RowCode } from '../../quant/row-code.ts';
import { sq8Lists } from '../../quant/sq/lists.ts';
import type { BuildParams, IndexContext, IndexType, SearchAccount, SearchPlan, TileSearch, VectorIndex } from '../index.ts';
import { refineCodeOf, refineSectionsOf } from '../refine.ts';
import { binaryBuilder, denseBuilder, listsFor } from './builder.ts';
import { ListBlock, listsBytes } from './lists.ts';
import { effortOf } from './effort.ts';
import { searchLists } from './tile.ts';
import {
  parseBinaryBuild, parseBinarySearch, parseFlatBuild, parseFlatSearch, parsePqBuild, parsePqSearch, parseRabitqBuild, parseRabitqSearch, parseScannBuild, parseScannSearch, parseSq8Build,
  parseSq8Search, type IvfPlan,
} from './params.ts';

/** SCANN: dimensions of a part, as knowhere has it. */
const SCANN_PART_DIM = 2;

type Parse = Pick<IndexType, 'parseBuild' | 'parseSearch'>;

const nlist = (build: BuildParams): number => build['nlist'] as number;

/** What the rows of the family's table share: its name, its code, how its parameters are read, what its rows are written as. */
function ivfType<C extends Centroids>(
  name: string, code: number, families: IndexType['families'], parse: Parse, codeOf: (build: BuildParams, dim: number) => ListCodeType<C>,
): Omit<IndexType, 'builder'> {
  return {
    name,
    code,
    families,
    isScan: false,
    needsVectors: false,
    sharesBuild: false,
    baseSections: [],
    ...parse,
    rowCacheBytes: () => null,
    estimateBytes(rows, dim, build) {
      const codeType = codeOf(build, dim);
      const lists = listsBytes(rows, codeType.centroidBytes(dim), listsFor(rows, nlist(build)));
      return lists + Math.ceil(rows * codeType.bytesPerRow(dim)) + (refineCodeOf(build)?.estimateBytes(rows, dim) ?? 0);
    },
    open(context, build, sections) {
      const refine = refineCodeOf(build)?.open(context, refineSectionsOf(sections)) ?? null;
      try {
        return new IvfIndex(name, context, ListBlock.open(context, nlist(build), codeOf(build, context.dim), sections), refine);
      } catch (error) {
        refine?.free();
        throw error;
      }
    },
  };
}

/** A row of the family's table over dense vectors. */
function denseType(name: string, code: number, parse: Parse, codeOf: (build: BuildParams, dim: number) => ListCodeType): IndexType {
  return {
    ...ivfType(name, code, ['dense'], parse, codeOf),
    builder: (context, build, seed) => denseBuilder(context, nlist(build), codeOf(build, context.dim), refineCodeOf(build), seed),
  };
}

export const IVF_FLAT = denseType('IVF_FLAT', 4, { parseBuild: parseFlatBuild, parseSearch: parseFlatSearch }, () => f32Lists);
export const IVF_SQ8 = denseType('IVF_SQ8', 5, { parseBuild: parseSq8Build, parseSearch: parseSq8Search }, () => sq8Lists);
export const IVF_PQ = denseType('IVF_PQ', 6, { parseBuild: parsePqBuild, parseSearch: parsePqSearch }, ({ m, nbits }, dim) =>
  pqLists({ parts: m as number, partDim: dim / (m as number), words: nbits === 4 ? 16 : 256 }),
);
export const SCANN = denseType('SCANN', 7, { parseBuild: parseScannBuild, parseSearch: parseScannSearch }, (_build, dim) =>
  pqLists({ parts: Math.ceil(dim / SCANN_PART_DIM), partDim: SCANN_PART_DIM, words: 16 }),
);
export const IVF_RABITQ = denseType('IVF_RABITQ', 8, { parseBuild: parseRabitqBuild, parseSearch: parseRabitqSearch }, ({ rbq_bits }) => rabitqLists(rbq_bits as number));
export const BIN_IVF_FLAT: IndexType = {
  ...ivfType('BIN_IVF_FLAT', 33, ['binary'], { parseBuild: parseBinaryBuild, parseSearch: parseBinarySearch }, () => bitLists),
  builder: (context, build, seed) => binaryBuilder(context, nlist(build), bitLists, seed),
};

class IvfIndex implements VectorIndex {
  readonly typeName: string;
  readonly #context: IndexContext;
  readonly #block: ListBlock;
  readonly #refine: RowCode | null;
  #isSearched = false;

  constructor(typeName: string, context: IndexContext, block: ListBlock, refine: RowCode | null) {
    this.typeName = typeName;
    this.#context = context;
    this.#block = block;
    this.#refine = refine;
  }

  get memoryBytes(): number {
    return this.#block.memoryBytes + (this.#refine?.memoryBytes ?? 0);
  }

  /** `searchPlan` is this family's own: a plan comes from the parser of the type that it is given to. */
  search(searchPlan: SearchPlan, allowPtr: number, range: DistanceRange | null = null): number {
    const plan = searchPlan as IvfPlan;
    const { kernels, rows, metric } = this.#context;
    const { lists } = this.#block;
    const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    const k = Math.min(Math.max(plan.candidates, plan.rescored), allowed);
    this.#isSearched = k > 0;
    if (k === 0) return 0;
    const allow = allowed === rows ? 0 : allowPtr;
    const isEstimate = this.#isEstimate(plan);
    const { least, wanted, probes, byPosition } = effortOf(plan, rows, lists, allowed, this.#block.code.comparesByList);
    if (isEstimate && allow !== 0 && allowed <= k) {
      kernels.beginTopK(k);
      this.#block.lastSearch = { lists: 0, rows: allowed };
      return this.#rescored(plan, kernels.exports.allowedRows(kernels.topPtr, allow, rows));
    }
    this.#block.markPositions(byPosition ? allow : 0);
    const query = metric === 'HAMMING' || metric === 'JACCARD' ? kernels.rowQueryPtr : kernels.queryPtr;
    const find = (probes: number, least: number, emptyMax: number, wanted: number): number =>
      kernels.exports.ivfSearch(this.#block.ptr, kernels.topPtr, query, probes, least, emptyMax, wanted, allow, allowed, plan.queryBits, isEstimate ? 0 : 1);
    // Bounds apply to scores as they are shown, which estimates that are scored again are not.
    kernels.beginTopK(k, range && !isEstimate ? range : undefined);
    if (!range) return this.#rescored(plan, find(probes, least, 0, wanted));
    const inProportion = (n: number): number => Math.min(Math.ceil((n * rows) / allowed), lists);
    return this.#rescored(plan, find(lists, inProportion(least), inProportion(plan.emptyMax), 0));
  }

  get lastSearch(): SearchAccount {
    if (!this.#isSearched) return { strategy: 'none', compared: 0, lists: 0 };
    const { lists, rows } = this.#block.lastSearch;
    return { strategy: lists > 0 ? 'lists' : 'scan', compared: rows, lists };
  }

  /** What the lists say is scored again, by the second code or by the vectors. */
  #isEstimate(plan: IvfPlan): boolean {
    return plan.refine || (this.#refine !== null && plan.rescored > 0);
  }

  #rescored({ rescored, candidates }: IvfPlan, found: number): number {
    return this.#refine !== null && rescored > 0 ? rescoreByCode(this.#context.kernels, this.#refine, found, candidates) : found;
  }

  tileSearch(searchPlan: SearchPlan): TileSearch | null {
    const plan = searchPlan as IvfPlan;
    const { code } = this.#block;
    if (!code.startTile || (this.#refine !== null && plan.rescored > 0)) return null;
    return {
      hits: Math.min(plan.candidates, Math.max(this.#context.rows, 1)),
      run: (tile, allowPtr) => searchLists(this.#context, this.#block, tile, plan, allowPtr),
    };
  }

  free(): void {
    this.#block.free();
    this.#refine?.free();
  }
}
