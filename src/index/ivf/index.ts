/**
 * IVF: rows in lists, each near one of `nlist` centroids; a search looks into the `nprobe` lists nearest to the query. One
 * structure, several codes of the rows: f32 vectors by position (IVF_FLAT), and those of the table below.
 *
 * A filter is applied row by row inside the lists. The fewer rows it allows the more lists are looked into, so that as many
 * allowed rows are compared as without a filter; and where too few hits are found, filter or not, the search goes on over
 * more lists, so that k hits come whenever k rows match.
 */
import { f32Lists } from '../../quant/f32/lists.ts';
import type { ListCodeType } from '../../quant/list-code.ts';
import { pqLists } from '../../quant/pq/lists.ts';
import { rabitqLists } from '../../quant/rabitq/lists.ts';
import { rescoreByCode, type RowCode } from '../../quant/row-code.ts';
import { sq8Lists } from '../../quant/sq/lists.ts';
import type { BuildParams, IndexContext, IndexType, SearchPlan, TileSearch, VectorIndex } from '../index.ts';
import { refineCodeOf, refineSectionsOf } from '../refine.ts';
import { IvfBuilder, listsFor } from './builder.ts';
import { ListBlock, listsBytes } from './lists.ts';
import { PROBE_GROWTH, searchLists } from './tile.ts';
import {
  parseFlatBuild, parseFlatSearch, parsePqBuild, parsePqSearch, parseRabitqBuild, parseRabitqSearch, parseScannBuild, parseScannSearch, parseSq8Build,
  parseSq8Search, type IvfPlan,
} from './params.ts';

/** SCANN: dimensions of a part, as knowhere has it. */
const SCANN_PART_DIM = 2;

/** A row of the family's table: its name, its code, how its parameters are read. */
function ivfType(name: string, code: number, parse: Pick<IndexType, 'parseBuild' | 'parseSearch'>, codeOf: (build: BuildParams, dim: number) => ListCodeType): IndexType {
  const nlist = (build: BuildParams): number => build['nlist'] as number;
  return {
    name,
    code,
    families: ['dense'],
    isScan: false,
    needsVectors: false,
    ...parse,
    rowCacheBytes: () => null,
    estimateBytes: (rows, dim, build) =>
      listsBytes(rows, dim, listsFor(rows, nlist(build))) + Math.ceil(rows * codeOf(build, dim).bytesPerRow(dim)) + (refineCodeOf(build)?.estimateBytes(rows, dim) ?? 0),
    builder: (context, build, seed) => new IvfBuilder(context, nlist(build), codeOf(build, context.dim), refineCodeOf(build), seed),
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

export const IVF_FLAT = ivfType('IVF_FLAT', 4, { parseBuild: parseFlatBuild, parseSearch: parseFlatSearch }, () => f32Lists);
export const IVF_SQ8 = ivfType('IVF_SQ8', 5, { parseBuild: parseSq8Build, parseSearch: parseSq8Search }, () => sq8Lists);
export const IVF_PQ = ivfType('IVF_PQ', 6, { parseBuild: parsePqBuild, parseSearch: parsePqSearch }, ({ m, nbits }, dim) =>
  pqLists({ parts: m as number, partDim: dim / (m as number), words: nbits === 4 ? 16 : 256 }),
);
export const SCANN = ivfType('SCANN', 7, { parseBuild: parseScannBuild, parseSearch: parseScannSearch }, (_build, dim) =>
  pqLists({ parts: Math.ceil(dim / SCANN_PART_DIM), partDim: SCANN_PART_DIM, words: 16 }),
);
export const IVF_RABITQ = ivfType('IVF_RABITQ', 8, { parseBuild: parseRabitqBuild, parseSearch: parseRabitqSearch }, () => rabitqLists);

class IvfIndex implements VectorIndex {
  readonly typeName: string;
  readonly #context: IndexContext;
  readonly #block: ListBlock;
  readonly #refine: RowCode | null;

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
  search(searchPlan: SearchPlan, allowPtr: number): number {
    const plan = searchPlan as IvfPlan;
    const { kernels, rows } = this.#context;
    const { lists, ptr } = this.#block;
    if (rows === 0) return 0;
    const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    const k = Math.min(Math.max(plan.candidates, plan.rescored), allowed);
    if (k === 0) return 0;
    const isRescored = this.#refine !== null && plan.rescored > 0;
    const allow = allowed === rows ? 0 : allowPtr;
    let probes = Math.min(Math.ceil((plan.nprobe * rows) / allowed), lists);
    for (;;) {
      kernels.beginTopK(k);
      const found = kernels.exports.ivfSearch(ptr, kernels.topPtr, kernels.queryPtr, probes, allow, plan.queryBits, plan.refine || isRescored ? 0 : 1);
      if (found >= k || probes === lists) return isRescored ? rescoreByCode(kernels, this.#refine!, found, plan.candidates) : found;
      probes = Math.min(probes * PROBE_GROWTH, lists);
    }
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
