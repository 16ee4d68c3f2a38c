/** Parameters of the HNSW family by Milvus's names, ranges and defaults. */
import { productCode, SCALAR_CODES, type ProductShape } from '../../quant/row-codes.ts';
import type { BuildParams } from '../index.ts';
import { integerParam, nameParam, partsParam, refuseUnknown, servedParam } from '../params.ts';
import { REFINE_PARAMS, refinedPlan, refineParams, type RefinedPlan } from '../refine.ts';

type Raw = Readonly<Record<string, unknown>>;
type About = { readonly dim: number };

const EF_CONSTRUCTION_MAX = 32_768;
const EF_MAX = 0x7fffffff;
const EF_MIN = 16;

const SQ_TYPES = ['SQ4U', 'SQ6', 'SQ8', 'BF16', 'FP16'] as const;
/** What `m` is where it divides the dimension; the next smaller divisor where it does not. */
const PQ_PARTS = 32;
const PRQ_PARTS = 2;
const STAGES_MAX = 16;
const NBITS_MAX = 24;

const GRAPH = ['M', 'efConstruction'];
const graphParams = (raw: Raw): { M: number; efConstruction: number } => ({
  M: integerParam(raw, 'M', 2, 2048, 30),
  efConstruction: integerParam(raw, 'efConstruction', 1, EF_CONSTRUCTION_MAX, 360),
});

const nbitsParam = (raw: Raw): number => servedParam(raw, 'nbits', [4, 8], NBITS_MAX, 8);

/** The shape of the product quantizer that build parameters say. */
export const shapeOf = ({ m, nrq = 1, nbits }: BuildParams): ProductShape => ({ parts: m as number, stages: nrq as number, words: nbits === 4 ? 16 : 256 });

export function parseHnswBuild(raw: Raw): BuildParams {
  refuseUnknown('HNSW', raw, GRAPH, 'build');
  return graphParams(raw);
}

export function parseSqBuild(raw: Raw): BuildParams {
  refuseUnknown('HNSW_SQ', raw, [...GRAPH, 'sq_type', ...REFINE_PARAMS], 'build');
  const sqType = nameParam(raw, 'sq_type', SQ_TYPES, [], 'SQ8') as (typeof SQ_TYPES)[number];
  return { ...graphParams(raw), sq_type: sqType, ...refineParams(raw, SCALAR_CODES[sqType].bitsPerDim(1)) };
}

export function parsePqBuild(raw: Raw, { dim }: About): BuildParams {
  refuseUnknown('HNSW_PQ', raw, [...GRAPH, 'm', 'nbits', ...REFINE_PARAMS], 'build');
  const own = { m: partsParam(raw, dim, PQ_PARTS), nbits: nbitsParam(raw) };
  return { ...graphParams(raw), ...own, ...refineParams(raw, productCode(shapeOf(own)).bitsPerDim(dim)) };
}

export function parsePrqBuild(raw: Raw, { dim }: About): BuildParams {
  refuseUnknown('HNSW_PRQ', raw, [...GRAPH, 'm', 'nrq', 'nbits', ...REFINE_PARAMS], 'build');
  const own = { m: partsParam(raw, dim, PRQ_PARTS), nrq: integerParam(raw, 'nrq', 1, STAGES_MAX, 2), nbits: nbitsParam(raw) };
  return { ...graphParams(raw), ...own, ...refineParams(raw, productCode(shapeOf(own)).bitsPerDim(dim)) };
}

const efParam = (raw: Raw, limit: number): number => integerParam(raw, 'ef', limit, EF_MAX, Math.max(limit, EF_MIN));

export function parseHnswSearch(raw: Raw, limit: number): RefinedPlan {
  refuseUnknown('HNSW', raw, ['ef'], 'search');
  return { candidates: limit, refine: false, rescored: 0, ef: efParam(raw, limit) };
}

/** Of those over codes. */
export const codeSearchParser = (name: string) => (raw: Raw, limit: number, build: BuildParams): RefinedPlan => {
  refuseUnknown(name, raw, ['ef', 'refine_k'], 'search');
  const ef = efParam(raw, limit);
  const plan = refinedPlan(raw, limit, build);
  return { ...plan, ef: Math.max(ef, plan.candidates, plan.rescored) };
};
