/**
 * Parameters of the IVF family by Milvus's names, ranges and defaults. IVF_SQ8 and IVF_PQ also take `refine`, `refine_type`
 * and `refine_k` as HNSW_SQ does, which Milvus's have not.
 */
import { SCALAR_CODES } from '../../quant/row-codes.ts';
import { ElanusError } from '../../util/error.ts';
import type { BuildParams } from '../index.ts';
import { booleanParam, integerParam, partsParam, refuseUnknown, servedParam } from '../params.ts';
import { REFINE_PARAMS, refinedPlan, refineParams, type RefinedPlan } from '../refine.ts';

type Raw = Readonly<Record<string, unknown>>;
type About = { readonly dim: number };

const NLIST_MAX = 65_536;
const NLIST = 128;
const NPROBE = 8;
/** What `m` is where it divides the dimension; the next smaller divisor where it does not. */
const PARTS = 32;
/** More candidates than this are not scored again, whatever is asked. */
const REORDER_MAX = 32_768;
const NBITS_MAX = 24;
const RBQ_BITS_MAX = 9;
const QUERY_BITS_MAX = 8;
const EMPTY_MAX = 65_536;
const EMPTY = 2;

/** What an IVF search is told beside the candidates it has to find. */
export interface IvfPlan extends RefinedPlan {
  /** Lists to look into. */
  readonly nprobe: number;
  /** A range search ends, after `nprobe` lists, where so many in a row had no result. */
  readonly emptyMax: number;
  /** IVF_RABITQ: bits a dimension of the query; 0: as many as the tables hold. */
  readonly queryBits: number;
}

const nlistParam = (raw: Raw): number => integerParam(raw, 'nlist', 1, NLIST_MAX, NLIST);

function probeParam(raw: Raw, build: BuildParams): number {
  const nlist = (build['nlist'] as number | undefined) ?? NLIST;
  return integerParam(raw, 'nprobe', 1, nlist, Math.min(NPROBE, nlist));
}

export function parseBinaryBuild(raw: Raw): BuildParams {
  refuseUnknown('BIN_IVF_FLAT', raw, ['nlist'], 'build');
  return { nlist: nlistParam(raw) };
}

export function parseFlatBuild(raw: Raw): BuildParams {
  refuseUnknown('IVF_FLAT', raw, ['nlist'], 'build');
  return { nlist: nlistParam(raw) };
}

export function parseSq8Build(raw: Raw): BuildParams {
  refuseUnknown('IVF_SQ8', raw, ['nlist', ...REFINE_PARAMS], 'build');
  return { nlist: nlistParam(raw), ...refineParams(raw, SCALAR_CODES.SQ8.bitsPerDim(1)) };
}

export function parsePqBuild(raw: Raw, { dim }: About): BuildParams {
  refuseUnknown('IVF_PQ', raw, ['nlist', 'm', 'nbits', ...REFINE_PARAMS], 'build');
  const own = { m: partsParam(raw, dim, PARTS), nbits: servedParam(raw, 'nbits', [4, 8], NBITS_MAX, 8) };
  return { nlist: nlistParam(raw), ...own, ...refineParams(raw, (own.m * own.nbits) / dim) };
}

export function parseScannBuild(raw: Raw): BuildParams {
  refuseUnknown('SCANN', raw, ['nlist', 'with_raw_data'], 'build');
  return { nlist: nlistParam(raw), with_raw_data: booleanParam(raw, 'with_raw_data', true) };
}

export function parseRabitqBuild(raw: Raw): BuildParams {
  refuseUnknown('IVF_RABITQ', raw, ['nlist', 'rbq_bits', ...REFINE_PARAMS], 'build');
  const bits = integerParam(raw, 'rbq_bits', 1, RBQ_BITS_MAX, 1);
  return { nlist: nlistParam(raw), rbq_bits: bits, ...refineParams(raw, bits) };
}

/** What all of the family's searches are told by. */
const PROBE = ['nprobe', 'max_empty_result_buckets'];

function plan(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  const emptyMax = integerParam(raw, 'max_empty_result_buckets', 1, EMPTY_MAX, EMPTY);
  return { candidates: limit, refine: false, rescored: 0, ef: 0, nprobe: probeParam(raw, build), emptyMax, queryBits: 0 };
}


const refined = (raw: Raw, limit: number, build: BuildParams, base: IvfPlan): IvfPlan => ({ ...base, ...refinedPlan(raw, limit, build) });

export function parseFlatSearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('IVF_FLAT', raw, PROBE, 'search');
  return plan(raw, limit, build);
}

export function parseBinarySearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('BIN_IVF_FLAT', raw, PROBE, 'search');
  return plan(raw, limit, build);
}

export function parseSq8Search(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('IVF_SQ8', raw, [...PROBE, 'refine_k'], 'search');
  return refined(raw, limit, build, plan(raw, limit, build));
}

export function parsePqSearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('IVF_PQ', raw, [...PROBE, 'refine_k'], 'search');
  return refined(raw, limit, build, plan(raw, limit, build));
}

/** `reorder_k` rows are scored again by the vectors; without raw data there is nothing to score them by. */
export function parseScannSearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  const hasRawData = build['with_raw_data'] !== false;
  refuseUnknown('SCANN', raw, hasRawData ? [...PROBE, 'reorder_k'] : PROBE, 'search');
  const base = plan(raw, limit, build);
  if (!hasRawData) return base;
  return { ...base, refine: true, candidates: integerParam(raw, 'reorder_k', limit, REORDER_MAX, limit) };
}

export function parseRabitqSearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('IVF_RABITQ', raw, [...PROBE, 'rbq_query_bits', 'rbq_bits_query', 'refine_k'], 'search');
  const older = integerParam(raw, 'rbq_bits_query', 0, QUERY_BITS_MAX, 0);
  const queryBits = integerParam(raw, 'rbq_query_bits', 0, QUERY_BITS_MAX, older);
  if (raw['rbq_bits_query'] !== undefined && queryBits !== older) {
    throw new ElanusError('INVALID_ARGUMENT', `"rbq_query_bits" expected what "rbq_bits_query" says, ${older}, got ${queryBits}`, { parameter: 'rbq_query_bits' });
  }
  return refined(raw, limit, build, { ...plan(raw, limit, build), queryBits });
}
