/**
 * HNSW: a navigable graph over the rows (Malkov & Yashunin). One structure, two codes: HNSW walks the f32 vectors,
 * HNSW_SQ 7-bit codes of them, at a fraction of the memory traffic; its caller scores the best again with f32.
 *
 * A filter is applied inside the walk: the walk passes through rows that are not allowed and keeps those that are. Where
 * so few are allowed that comparing all of them is less work, or a walk finds too few, they are scanned instead, so
 * that k hits come whenever k rows match.
 */
import type { CodeBlock } from '../../quant/sq8/codes.ts';
import { CodeBlock as Codes, codeQueryBytes, codesBytes } from '../../quant/sq8/codes.ts';
import { CODE_QUERY_UNIT } from '../../kernels/abi.ts';
import { assert } from '../../util/assert.ts';
import type { IndexContext, IndexType, SearchPlan, VectorIndex } from '../index.ts';
import { HnswBuilder } from './builder.ts';
import { GraphBlock, graphBytes } from './graph.ts';
import { parseHnswBuild, parseHnswSearch, parseHnswSqBuild, parseHnswSqSearch } from './params.ts';

export const HNSW: IndexType = {
  name: 'HNSW',
  code: 2,
  families: ['dense'],
  isScan: false,
  needsVectors: true,
  parseBuild: parseHnswBuild,
  parseSearch: parseHnswSearch,
  estimateBytes: (rows, _dim, build) => graphBytes(rows, build['M'] as number),
  sharesBuild: true,
  builder: (context, build, seed, team) => new HnswBuilder(context, build['M'] as number, build['efConstruction'] as number, seed, false, team),
  open(context, build, sections) {
    assert(context.vectors !== null, 'HNSW walks f32 vectors');
    return new HnswIndex('HNSW', context, GraphBlock.open(context, build['M'] as number, sections, null), null);
  },
};

export const HNSW_SQ: IndexType = {
  name: 'HNSW_SQ',
  code: 3,
  families: ['dense'],
  isScan: false,
  needsVectors: false,
  parseBuild: parseHnswSqBuild,
  parseSearch: parseHnswSqSearch,
  estimateBytes: (rows, dim, build) => graphBytes(rows, build['M'] as number) + codesBytes(rows, dim),
  sharesBuild: true,
  builder: (context, build, seed, team) => new HnswBuilder(context, build['M'] as number, build['efConstruction'] as number, seed, true, team),
  open(context, build, sections) {
    const codes = Codes.open(context, sections);
    try {
      return new HnswIndex('HNSW_SQ', context, GraphBlock.open(context, build['M'] as number, sections, codes), codes);
    } catch (error) {
      codes.free();
      throw error;
    }
  },
};

/** A filtered walk looks at this much more than the filter's share suggests, because matches are unevenly spread. */
const WALK_MARGIN = 1.2;

class HnswIndex implements VectorIndex {
  readonly typeName: string;
  readonly memoryBytes: number;
  readonly #context: IndexContext;
  readonly #graph: GraphBlock;
  readonly #codes: CodeBlock | null;
  readonly #queryBytes: number;

  constructor(typeName: string, context: IndexContext, graph: GraphBlock, codes: CodeBlock | null) {
    this.typeName = typeName;
    this.#context = context;
    this.#graph = graph;
    this.#codes = codes;
    this.#queryBytes = codes ? codeQueryBytes(context.dim) : 0;
    this.memoryBytes = graph.memoryBytes + (codes?.memoryBytes ?? 0);
  }

  search(plan: SearchPlan, allowPtr: number): number {
    const { kernels, rows } = this.#context;
    if (rows === 0) return 0;
    const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
    const k = Math.min(plan.candidates, allowed);
    if (k === 0) return 0;
    kernels.beginTopK(k);
    const ef = Math.min(Math.max(plan.ef, k), rows);
    return allowed === rows ? this.#walk(ef) : this.#filtered(k, ef, allowed, allowPtr);
  }

  #walk(ef: number): number {
    const { kernels, rows } = this.#context;
    const walk = kernels.prepareWalk(rows, ef, 0, this.#graph.m, this.#queryBytes);
    return kernels.exports.graphSearch(this.#graph.ptr, walk, kernels.topPtr, this.#query(), ef, 0, 0);
  }

  #filtered(k: number, ef: number, allowed: number, allowPtr: number): number {
    const { kernels, rows } = this.#context;
    const walkEf = Math.min(Math.ceil((ef * WALK_MARGIN * rows) / allowed), rows);
    const wanted = Math.min(ef, allowed);
    // A walk compares about M new rows for each that it expands.
    if (allowed > walkEf * this.#graph.m || walkEf === rows) {
      const walk = kernels.prepareWalk(rows, walkEf, ef, this.#graph.m, this.#queryBytes);
      const found = kernels.exports.graphSearch(this.#graph.ptr, walk, kernels.topPtr, this.#query(), walkEf, allowPtr, ef);
      if (found >= k && found * 2 >= wanted) return k;
      kernels.beginTopK(k);
    }
    return this.#scan(allowPtr);
  }

  #scan(allowPtr: number): number {
    const { kernels, metric, dim, rows, vectors } = this.#context;
    if (!this.#codes) {
      kernels.scanF32(metric, vectors!.ptr, dim, 0, rows, vectors!.inverseNormsPtr, allowPtr, 0);
      return kernels.endTopK();
    }
    kernels.prepareWalk(rows, 1, 0, this.#graph.m, this.#queryBytes);
    const query = this.#query();
    kernels.exports.scanCodes(kernels.topPtr, this.#codes.ptr, query, 0, rows, allowPtr);
    const n = kernels.endTopK();
    const unit = kernels.arena.f32(query + CODE_QUERY_UNIT, 1)[0];
    const distances = kernels.hitDistances(n);
    for (let i = 0; i < n; i++) distances[i] *= unit;
    return n;
  }

  /** The prepared query in the form that the rows need. */
  #query(): number {
    const { kernels } = this.#context;
    if (!this.#codes) return kernels.queryPtr;
    kernels.exports.codesQuery(this.#codes.ptr, kernels.queryPtr, kernels.walkQueryPtr);
    return kernels.walkQueryPtr;
  }

  free(): void {
    this.#graph.free();
    this.#codes?.free();
  }
}
