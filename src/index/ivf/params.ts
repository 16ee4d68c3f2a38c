/** Parameters of the IVF family by Milvus's names, ranges and defaults. */
import type { BuildParams, SearchPlan } from '../index.ts';
import { integerParam, refuseUnknown } from '../params.ts';

type Raw = Readonly<Record<string, unknown>>;

const NLIST_MAX = 65_536;
const NLIST = 128;
const NPROBE = 8;

/** What an IVF search is told beside the candidates it has to find. */
export interface IvfPlan extends SearchPlan {
  /** Lists to look into. */
  readonly nprobe: number;
  /** IVF_RABITQ: bits a dimension of the query; 0: as many as the tables hold. */
  readonly queryBits: number;
}

const nlistParam = (raw: Raw): number => integerParam(raw, 'nlist', 1, NLIST_MAX, NLIST);

function probeParam(raw: Raw, build: BuildParams): number {
  const nlist = (build['nlist'] as number | undefined) ?? NLIST;
  return integerParam(raw, 'nprobe', 1, nlist, Math.min(NPROBE, nlist));
}

export function parseFlatBuild(raw: Raw): BuildParams {
  refuseUnknown('IVF_FLAT', raw, ['nlist'], 'build');
  return { nlist: nlistParam(raw) };
}

export function parseFlatSearch(raw: Raw, limit: number, build: BuildParams): IvfPlan {
  refuseUnknown('IVF_FLAT', raw, ['nprobe'], 'search');
  return { candidates: limit, refine: false, ef: 0, nprobe: probeParam(raw, build), queryBits: 0 };
}
