/**
 * Parameters of the IVF family by Milvus's names, ranges and defaults. IVF_SQ8 and IVF_PQ also take `refine`, `refine_type`
 * and `refine_k` as HNSW_SQ does, which Milvus's have not.
 */
import { ElanusError } from '../../util/error.ts';
import type { BuildParams, SearchPlan } from '../index.ts';
import { booleanParam, integerParam, nameParam, numberParam, refuseUnknown } from '../params.ts';

type Raw = Readonly<Record<string, unknown>>;
type About = { readonly dim: number };

const NLIST_MAX = 65_536;
const NLIST = 128;
const NPROBE = 8;
const PARTS_MAX = 65_536;
/** What `m` is where it divides the dimension; the next smaller divisor where it does not. */
const PARTS = 32;
/** More candidates than this are not scored again, whatever is asked. */
const CANDIDATES_MAX = 32_768;
const NBITS_MAX = 24;
const RBQ_BITS_MAX = 9;
const QUERY_BITS_MAX = 8;
const EMPTY_MAX = 65_536;
const EMPTY = 2;
const REFINE_TYPES = ['SQ6', 'SQ8', 'BF16', 'FP16', 'FP32'];

/** What an IVF search is told beside the candidates it has to find. */
export interface IvfPlan extends SearchPlan {
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

const REFINE = ['refine', 'refine_type'];
const refineParams = (raw: Raw): { refine: boolean; refine_type: string } => ({
  refine: booleanParam(raw, 'refine', false),
  refine_type: nameParam(raw, 'refine_type', ['FP32'], REFINE_TYPES, 'FP32'),
});

/** A whole number of Milvus's range of which this release serves some. */
function servedParam(raw: Raw, name: string, served: readonly number[], max: number, fallback: number): number {
  const value = integerParam(raw, name, 1, max, fallback);
  if (served.includes(value)) return value;
  throw new ElanusError('NOT_SUPPORTED', `"${name}" expected ${served.join(' or ')}, got ${value}`, { parameter: name, served });
}

function partsParam(raw: Raw, dim: number): number {
  let fallback = Math.min(PARTS, dim);
  while (dim % fallback !== 0) fallback--;
  const parts = integerParam(raw, 'm', 1, PARTS_MAX, fallback);
  if (dim % parts !== 0) throw new ElanusError('INVALID_ARGUMENT', `"m" expected a divisor of the dimension ${dim}, got ${parts}`, { parameter: 'm', dim });
  return parts;
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
  refuseUnknown('IVF_SQ8', raw, ['nlist', ...REFINE], 'build');
  return { nlist: nlistParam(raw), ...refineParams(raw) };
}

export function parsePqBuild(raw: Raw, { dim }: About): BuildParams {
  refuseUnknown('IVF_PQ', raw, ['nlist', 'm', 'nbits', ...REFINE], 'build');
  return { nlist: nlistParam(raw), m: partsParam(raw, dim), nbits: servedParam(raw, 'nbits', [4, 8], NBITS_MAX, 8), ...refineParams(raw) };
}

export function parseScannBuild(raw: Raw): BuildParams {
  refuseUnknown('SCANN', raw, ['nlist', 'with_raw_data'], 'build');
  return { nlist: nlistParam(raw), with_raw_data: booleanParam(raw, 'with_raw_data', true) };
}

export function parseRabitqBuild(raw: Raw): BuildParams {
  refuseUnknown('IVF_RABITQ', raw, ['nlist', 'rbq_bits', ...REFINE], 'build');
  return { nlist: nlistParam(raw), rbq_bits: servedParam(raw, 'rbq_bits', [1], RBQ_BITS_MAX, 1), ...refineParams(raw) };
}

/** What all of the family's searches are told by. */
const PROBE = ['nprobe', 'max_empty_result_buckets'];

function plan(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  const emptyMax = integerParam(raw, 'max_empty_result_buckets', 1, EMPTY_MAX, EMPTY);
  return { candidates: limit, refine: false, ef: 0, nprobe: probeParam(raw, build), emptyMax, queryBits: 0 };
}

/** More candidates, scored again, where the index was made to be refined. */
function refined(raw: Raw, limit: number, build: BuildParams, base: IvfPlan): IvfPlan {
  const refineK = numberParam(raw, 'refine_k', 1, CANDIDATES_MAX, 1);
  if (build['refine'] !== true) return base;
  return { ...base, refine: true, candidates: Math.max(limit, Math.min(Math.ceil(limit * refineK), CANDIDATES_MAX)) };
}

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
  return { ...base, refine: true, candidates: integerParam(raw, 'reorder_k', limit, CANDIDATES_MAX, limit) };
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
