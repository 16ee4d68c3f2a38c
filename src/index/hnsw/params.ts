/** Parameters of HNSW and HNSW_SQ by Milvus's names, ranges and defaults. */
import type { BuildParams, SearchPlan } from '../index.ts';
import { booleanParam, integerParam, nameParam, numberParam, refuseUnknown } from '../params.ts';

type Raw = Readonly<Record<string, unknown>>;

const EF_CONSTRUCTION_MAX = 32_768;
const EF_MAX = 0x7fffffff;
/** More candidates than this are not scored again, whatever `refine_k` asks. */
const CANDIDATES_MAX = 32_768;
const EF_MIN = 16;

const SQ_TYPES = ['SQ4U', 'SQ6', 'SQ8', 'BF16', 'FP16'];
const REFINE_TYPES = ['SQ6', 'SQ8', 'BF16', 'FP16', 'FP32'];

const graphParams = (raw: Raw): { M: number; efConstruction: number } => ({
  M: integerParam(raw, 'M', 2, 2048, 30),
  efConstruction: integerParam(raw, 'efConstruction', 1, EF_CONSTRUCTION_MAX, 360),
});

export function parseHnswBuild(raw: Raw): BuildParams {
  refuseUnknown('HNSW', raw, ['M', 'efConstruction'], 'build');
  return graphParams(raw);
}

export function parseHnswSqBuild(raw: Raw): BuildParams {
  refuseUnknown('HNSW_SQ', raw, ['M', 'efConstruction', 'sq_type', 'refine', 'refine_type'], 'build');
  return {
    ...graphParams(raw),
    sq_type: nameParam(raw, 'sq_type', ['SQ8'], SQ_TYPES, 'SQ8'),
    refine: booleanParam(raw, 'refine', false),
    refine_type: nameParam(raw, 'refine_type', ['FP32'], REFINE_TYPES, 'FP32'),
  };
}

export function parseHnswSearch(raw: Raw, limit: number): SearchPlan {
  refuseUnknown('HNSW', raw, ['ef'], 'search');
  return { candidates: limit, refine: false, ef: integerParam(raw, 'ef', limit, EF_MAX, Math.max(limit, EF_MIN)) };
}

export function parseHnswSqSearch(raw: Raw, limit: number, build: BuildParams): SearchPlan {
  refuseUnknown('HNSW_SQ', raw, ['ef', 'refine_k'], 'search');
  const ef = integerParam(raw, 'ef', limit, EF_MAX, Math.max(limit, EF_MIN));
  const refineK = numberParam(raw, 'refine_k', 1, CANDIDATES_MAX, 1);
  const refine = build['refine'] === true;
  const candidates = refine ? Math.max(limit, Math.min(Math.ceil(limit * refineK), CANDIDATES_MAX)) : limit;
  return { candidates, refine, ef: Math.max(ef, candidates) };
}
