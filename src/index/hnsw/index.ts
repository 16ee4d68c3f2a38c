/**
 * HNSW: a navigable graph over the rows (Malkov & Yashunin). One structure, several codes that it is walked on: f32 vectors (HNSW), integers
 * or 16-bit floats (HNSW_SQ), product quantizers (HNSW_PQ, HNSW_PRQ), at a fraction of the memory and of its traffic. The best are
 * scored again with f32 by the caller, or by a second code here (`refine.ts`).
 *
 * With a filter the walk goes over the rows that match, and from neighbour to neighbour's neighbour where those between do not
 * (`assembly/filtered-walk.ts`). Where comparing all that match is less work (`filtered.ts`), or a walk has cost as much or found too few, they are scanned
 * instead, so that k hits come whenever k rows match.
 */
import { prepareQuery, rescoreByCode, scanCode, type RowCode, type RowCodeType } from '../../quant/row-code.ts';
import { productCode, SCALAR_CODES } from '../../quant/row-codes.ts';
import { assert } from '../../util/assert.ts';
import type { BuildParams, IndexContext, IndexType, SearchAccount, SearchPlan, VectorIndex } from '../index.ts';
import { refineCodeOf, refineSectionsOf, type RefinedPlan } from '../refine.ts';
import { GRAPH_SAMPLE_ROWS } from '../../kernels/abi.ts';
import { GraphBuilder, hnswGrower } from './builder.ts';
import { courseOf, rowCostOf } from './filtered.ts';
import { GraphBlock, graphBytes } from './graph.ts';
import { codeSearchParser, parseHnswBuild, parseHnswSearch, parsePqBuild, parsePrqBuild, parseSqBuild, shapeOf } from './params.ts';
import { GRAPH_SECTIONS } from './stored.ts';

/** A row of the family's table: its name, its code, how its parameters are read, what the graph is walked on (null: f32). */
function graphType(name: string, code: number, parse: Pick<IndexType, 'parseBuild' | 'parseSearch'>, codeOf: ((build: BuildParams) => RowCodeType) | null): IndexType {
  const links = (build: BuildParams): number => build['M'] as number;
  return {
    name,
    code,
    families: ['dense'],
    isScan: false,
    needsVectors: codeOf === null,
    sharesBuild: true,
    ...parse,
    rowCacheBytes: () => null,
    estimateBytes(rows, dim, build) {
      const codes = [codeOf?.(build), refineCodeOf(build)];
      return codes.reduce((sum, of) => sum + (of?.estimateBytes(rows, dim) ?? 0), graphBytes(rows, links(build)));
    },
    // Rows are written in codes anew, which costs little beside the graph: they are trained on all rows then.
    baseSections: GRAPH_SECTIONS,
    builder(context, build, seed, team, base) {
      const grower = hnswGrower(links(build), build['efConstruction'] as number);
      return new GraphBuilder(context, { grower, seed, code: codeOf?.(build) ?? null, refineCode: refineCodeOf(build) }, team, base);
    },
    open(context, build, sections) {
      assert(codeOf !== null || context.vectors !== null, 'HNSW walks f32 vectors');
      const refineType = refineCodeOf(build);
      let own: RowCode | null = null, refine: RowCode | null = null;
      try {
        own = codeOf?.(build).open(context, sections) ?? null;
        refine = refineType?.open(context, refineSectionsOf(sections)) ?? null;
        return new GraphIndex(name, context, GraphBlock.open(context, links(build), sections, own), own, refine);
      } catch (error) {
        own?.free();
        refine?.free();
        throw error;
      }
    },
  };
}

type ScalarName = keyof typeof SCALAR_CODES;

export const HNSW = graphType('HNSW', 2, { parseBuild: parseHnswBuild, parseSearch: parseHnswSearch }, null);
export const HNSW_SQ = graphType('HNSW_SQ', 3, { parseBuild: parseSqBuild, parseSearch: codeSearchParser('HNSW_SQ') }, (build) => SCALAR_CODES[build['sq_type'] as ScalarName]);
export const HNSW_PQ = graphType('HNSW_PQ', 30, { parseBuild: parsePqBuild, parseSearch: codeSearchParser('HNSW_PQ') }, (build) => productCode(shapeOf(build)));
export const HNSW_PRQ = graphType('HNSW_PRQ', 31, { parseBuild: parsePrqBuild, parseSearch: codeSearchParser('HNSW_PRQ') }, (build) => productCode(shapeOf(build)));

/** A graph as its search sees it. */
interface SearchedGraph {
  /** The Graph struct. */
  readonly ptr: number;
  /** Half of the most links of a row, rounded up. */
  readonly m: number;
  /** The most links of a row. */
  readonly degree: number;
  readonly memoryBytes: number;
  free(): void;
}

/** Searches a graph, of whatever family, over f32 or codes. */
export class GraphIndex implements VectorIndex {
  readonly typeName: string;
  readonly memoryBytes: number;
  readonly #context: IndexContext;
  readonly #graph: SearchedGraph;
  readonly #code: RowCode | null;
  readonly #refine: RowCode | null;
  readonly #queryBytes: number;
  readonly #rowCost: number;
  #strategy: SearchAccount['strategy'] = 'none';
  #compared = 0;

  constructor(typeName: string, context: IndexContext, graph: SearchedGraph, code: RowCode | null, refine: RowCode | null) {
    this.typeName = typeName;
    this.#context = context;
    this.#graph = graph;
    this.#code = code;
    this.#refine = refine;
    this.#queryBytes = code?.queryBytes ?? 0;
    this.#rowCost = rowCostOf(context.kernels, code, context.dim);
    this.memoryBytes = graph.memoryBytes + (code?.memoryBytes ?? 0) + (refine?.memoryBytes ?? 0);
  }

  /** `searchPlan` is this family's own: a plan comes from the parser of the type that it is given to. */
  search(searchPlan: SearchPlan, allowPtr: number): number {
    const plan = searchPlan as RefinedPlan;
    const { kernels, rows } = this.#context;
    this.#strategy = 'none';
    this.#compared = 0;
    const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    const k = Math.min(Math.max(plan.candidates, plan.rescored), allowed);
    if (k === 0) return 0;
    kernels.beginTopK(k);
    const ef = Math.min(Math.max(plan.ef, k), rows);
    const found = allowed === rows ? this.#walk(ef) : this.#filtered(plan, k, ef, allowed, allowPtr);
    return this.#refine && plan.rescored > 0 ? rescoreByCode(kernels, this.#refine, found, plan.candidates) : found;
  }

  #walk(ef: number): number {
    const { kernels, rows } = this.#context;
    const walk = kernels.prepareWalk(rows, ef, 0, this.#graph.m, this.#queryBytes);
    this.#strategy = 'walk';
    return kernels.exports.graphSearch(this.#graph.ptr, walk, kernels.topPtr, this.#query(), ef);
  }

  #filtered(plan: RefinedPlan, k: number, ef: number, allowed: number, allowPtr: number): number {
    const { kernels, rows, metric } = this.#context;
    const graph = this.#graph;
    if (allowed === k && (plan.refine || (this.#refine !== null && plan.rescored > 0))) {
      // All that match are scored again.
      this.#strategy = 'scan';
      this.#compared = k;
      return kernels.exports.allowedRows(kernels.topPtr, allowPtr, rows);
    }
    const { walks, breadth, farBreadth, target, budget, dense } = courseOf({ rows, allowed, degree: graph.degree, ef, rowCost: this.#rowCost, metric });
    if (walks) {
      const walk = kernels.prepareWalk(rows, Math.max(breadth, farBreadth), GRAPH_SAMPLE_ROWS, graph.m, this.#queryBytes);
      const found = kernels.exports.graphSearchAllowed(graph.ptr, walk, kernels.topPtr, this.#query(), breadth, farBreadth, allowPtr, allowed, target, this.#rowCost, budget, dense ? 1 : 0);
      this.#strategy = 'walk';
      if (found === k) return k;
      this.#compared = kernels.walkCompared;
      kernels.beginTopK(k);
    }
    this.#strategy = 'scan';
    this.#compared += allowed;
    return this.#scan(allowPtr);
  }

  #scan(allowPtr: number): number {
    const { kernels, metric, dim, rows, vectors } = this.#context;
    if (!this.#code) {
      kernels.scanF32(metric, vectors!.ptr, dim, 0, rows, vectors!.inverseNormsPtr, allowPtr, 0);
      return kernels.endTopK();
    }
    kernels.prepareWalk(rows, 1, 0, this.#graph.m, this.#queryBytes);
    return scanCode(kernels, this.#code, this.#query(), rows, allowPtr);
  }

  /** The prepared query in the form that the rows need. */
  #query(): number {
    const { kernels } = this.#context;
    if (!this.#code) return kernels.queryPtr;
    prepareQuery(kernels, this.#code, kernels.walkQueryPtr);
    return kernels.walkQueryPtr;
  }

  get lastSearch(): SearchAccount {
    return { strategy: this.#strategy, compared: this.#strategy === 'walk' ? this.#context.kernels.walkCompared : this.#compared, lists: 0 };
  }

  /** Walks of different queries have little in common. */
  tileSearch(): null {
    return null;
  }

  free(): void {
    this.#graph.free();
    this.#code?.free();
    this.#refine?.free();
  }
}
