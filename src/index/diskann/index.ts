/**
 * DISKANN: a Vamana graph walked on codes that are a fraction of the vectors, both in memory; the full vectors of all rows
 * that the walk ends with are read from the store and decide. They are never loaded as a whole: rows that were read are kept
 * within a budget of the index's own.
 */
import type { RowCode } from '../../quant/row-code.ts';
import { GraphBuilder } from '../hnsw/builder.ts';
import { GraphIndex } from '../hnsw/index.ts';
import type { BuildParams, IndexType } from '../index.ts';
import { VamanaGraph, vamanaBytes } from './graph.ts';
import { vamanaGrower } from './grow.ts';
import { codeOf, parseDiskannBuild, parseDiskannSearch, rowCacheBytes } from './params.ts';

const degreeOf = (build: BuildParams): number => build['max_degree'] as number;

export const DISKANN: IndexType = {
  name: 'DISKANN',
  code: 32,
  families: ['dense'],
  isScan: false,
  needsVectors: false,
  sharesBuild: false,
  baseSections: [],
  parseBuild: parseDiskannBuild,
  parseSearch: parseDiskannSearch,
  rowCacheBytes,
  estimateBytes: (rows, dim, build) => vamanaBytes(rows, degreeOf(build)) + codeOf(rows, dim, build).estimateBytes(rows, dim),
  builder(context, build, seed) {
    const grower = vamanaGrower(degreeOf(build), build['search_list_size'] as number);
    return new GraphBuilder(context, { grower, seed, code: codeOf(context.rows, context.dim, build), refineCode: null });
  },
  open(context, build, sections) {
    let code: RowCode | null = null;
    try {
      code = codeOf(context.rows, context.dim, build).open(context, sections);
      return new GraphIndex('DISKANN', context, VamanaGraph.open(context, degreeOf(build), sections, code), code, null);
    } catch (error) {
      code?.free();
      throw error;
    }
  },
};
