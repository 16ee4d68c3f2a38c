/** Parameters of DISKANN by Milvus's names, ranges and defaults. */
import { productCode, SCALAR_CODES } from '../../quant/row-codes.ts';
import type { RowCodeType } from '../../quant/row-code.ts';
import type { BuildParams } from '../index.ts';
import { integerParam, numberParam, refuseUnknown } from '../params.ts';
import type { RefinedPlan } from '../refine.ts';

type Raw = Readonly<Record<string, unknown>>;

const SEARCH_LIST_SIZE_MAX = 32_768;
const SEARCH_LIST_MAX = 0x7fffffff;
const SEARCH_LIST_MIN = 16;
const SEARCH_LIST = 100;
const BEAMWIDTH_MAX = 128;
/** A search scores no more rows again than this, however long its list is. */
const CANDIDATES_MAX = 32_768;
const GB_MAX = 2 ** 20;
const GB = 2 ** 30;

const BUILD = ['max_degree', 'search_list_size', 'pq_code_budget_gb', 'pq_code_budget_gb_ratio', 'search_cache_budget_gb', 'search_cache_budget_gb_ratio'];

export function parseDiskannBuild(raw: Raw): BuildParams {
  refuseUnknown('DISKANN', raw, BUILD, 'build');
  return {
    max_degree: integerParam(raw, 'max_degree', 1, 512, 56),
    search_list_size: integerParam(raw, 'search_list_size', 1, SEARCH_LIST_SIZE_MAX, 100),
    // In GB, 0: by the ratio.
    pq_code_budget_gb: numberParam(raw, 'pq_code_budget_gb', 0, GB_MAX, 0),
    pq_code_budget_gb_ratio: numberParam(raw, 'pq_code_budget_gb_ratio', 0, 1, 0.125),
    search_cache_budget_gb: numberParam(raw, 'search_cache_budget_gb', 0, GB_MAX, 0),
    search_cache_budget_gb_ratio: numberParam(raw, 'search_cache_budget_gb_ratio', 0, 1, 0.1),
  };
}

export function parseDiskannSearch(raw: Raw, limit: number): RefinedPlan {
  refuseUnknown('DISKANN', raw, ['search_list', 'beamwidth'], 'search');
  const asked = integerParam(raw, 'search_list', limit, SEARCH_LIST_MAX, Math.max(limit, SEARCH_LIST));
  const list = Math.max(asked, SEARCH_LIST_MIN);
  const rowsAtOnce = integerParam(raw, 'beamwidth', 1, BEAMWIDTH_MAX, 8);
  return { candidates: Math.min(list, CANDIDATES_MAX), refine: true, rescored: 0, ef: list, rowsAtOnce };
}

/**
 * The finest code within the budget: of a product quantizer of 256 words the most parts that divide the dimension. From a
 * byte a dimension on 7-bit codes are as fine, and faster; where the dimension has few divisors, 4-bit ones may be finer.
 */
export function codeOf(rows: number, dim: number, { pq_code_budget_gb: gb, pq_code_budget_gb_ratio: ratio }: BuildParams): RowCodeType {
  const bytes = Math.floor((gb as number) > 0 ? ((gb as number) * GB) / Math.max(rows, 1) : (ratio as number) * dim * 4);
  if (bytes >= Math.ceil(dim / 16) * 16) return SCALAR_CODES.SQ8;
  let parts = Math.max(1, Math.min(bytes, dim));
  while (dim % parts !== 0) parts--;
  const fourBitBytes = Math.ceil(dim / 32) * 16;
  return parts < bytes / 2 && fourBitBytes <= bytes ? SCALAR_CODES.SQ4U : productCode({ parts, stages: 1, words: 256 });
}

/** Bytes of full vectors that may be kept, of `vectorBytes`. */
export function rowCacheBytes(vectorBytes: number, { search_cache_budget_gb: gb, search_cache_budget_gb_ratio: ratio }: BuildParams): number {
  return Math.floor((gb as number) > 0 ? (gb as number) * GB : (ratio as number) * vectorBytes);
}
