/**
 * Scoring candidates again. `refine_type` FP32 takes the segment's own vectors, which is its caller's work (`SearchPlan.refine`). The
 * others are a second, finer code of the rows within the index: the full vectors need not be in memory, nor be read.
 */
import type { RowCode, RowCodeType } from '../quant/row-code.ts';
import { SCALAR_CODES } from '../quant/row-codes.ts';
import type { Section } from '../quant/sections.ts';
import { ElanusError } from '../util/error.ts';
import type { BuildParams, SearchPlan } from './index.ts';
import { booleanParam, nameParam, numberParam } from './params.ts';

type Raw = Readonly<Record<string, unknown>>;
type RefineType = 'SQ6' | 'SQ8' | 'BF16' | 'FP16';

const REFINE_TYPES: readonly RefineType[] = ['SQ6', 'SQ8', 'BF16', 'FP16'];
/** More candidates than this are not scored again, whatever `refine_k` asks. */
const CANDIDATES_MAX = 32_768;
const PREFIX = 'refine-';

/** Names of the build parameters. */
export const REFINE_PARAMS: readonly string[] = ['refine', 'refine_type'];

/** `refine` and `refine_type` of an index over a code of so many bits a dimension. INVALID_ARGUMENT for a type that is no finer. */
export function refineParams(raw: Raw, bitsPerDim: number): { refine: boolean; refine_type: string } {
  const finer = [...REFINE_TYPES.filter((type) => SCALAR_CODES[type].bitsPerDim(1) > bitsPerDim), 'FP32'];
  const type = nameParam(raw, 'refine_type', [...REFINE_TYPES, 'FP32'], [], 'FP32');
  if (!finer.includes(type)) {
    throw new ElanusError('INVALID_ARGUMENT', `"refine_type" expected a type finer than the index's own code (${finer.join(', ')}), got ${type}`, { parameter: 'refine_type', served: finer });
  }
  return { refine: booleanParam(raw, 'refine', false), refine_type: type };
}

/** A search over codes: what its caller scores again, and what the index does itself. */
export interface RefinedPlan extends SearchPlan {
  /** Candidates that the index scores again by its second code; 0: none. */
  readonly rescored: number;
}

/** `refine_k` times the limit, where the index was made to be refined. */
export function refinedPlan(raw: Raw, limit: number, build: BuildParams): Omit<RefinedPlan, 'ef'> {
  const refineK = numberParam(raw, 'refine_k', 1, CANDIDATES_MAX, 1);
  if (build['refine'] !== true) return { candidates: limit, refine: false, rescored: 0 };
  const candidates = Math.max(limit, Math.min(Math.ceil(limit * refineK), CANDIDATES_MAX));
  return refineCodeOf(build) ? { candidates: limit, refine: false, rescored: candidates } : { candidates, refine: true, rescored: 0 };
}

/** The second code that an index keeps; null for none. */
export function refineCodeOf(build: BuildParams): RowCodeType | null {
  return build['refine'] === true && build['refine_type'] !== 'FP32' ? SCALAR_CODES[build['refine_type'] as RefineType] : null;
}

/** Sections of the second code, told apart from those of the first. */
export const refineSections = (code: RowCode): Section[] => code.sections().map(({ name, bytes }) => ({ name: PREFIX + name, bytes }));

/** The sections that `refineSections` gave, by the names that the code knows. */
export function refineSectionsOf(sections: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const own = new Map<string, Uint8Array>();
  for (const [name, bytes] of sections) if (name.startsWith(PREFIX)) own.set(name.slice(PREFIX.length), bytes);
  return own;
}
