/**
 * How far a search of an inverted file goes. Without a filter it looks into `nprobe` lists. With one it goes on, list by list, until it has
 * compared about as many rows that match as it would compare without: so rows around the query are found at once, rows far from it by
 * lists that are farther away (`ivfSearch` then goes IVF_FAR_EFFORT times as far), and where fewer match than that they are all compared.
 */
import { IVF_ALL } from '../../kernels/abi.ts';
import type { IvfPlan } from './params.ts';

export interface Effort {
  /** Lists that are looked into at least. */
  readonly least: number;
  /** And until so many rows have been compared; IVF_ALL: all that are allowed. */
  readonly wanted: number;
  /** Lists that this will take, as far as can be known. */
  readonly probes: number;
  /** Allowed rows are found by their positions, marked beforehand, rather than tested row by row. */
  readonly byPosition: boolean;
}

/** Rows that match are spread over more lists the fewer they are: fewer of them need be compared. The power of their share. */
const FEWER = 0.25;
/** Marking an allowed row's position takes as long as testing so many rows of a list. */
const MARK_COST = 1.5;

/** Putting a list in its place costs as much as comparing so many rows. */
const LIST_COST = 2;

/** `allowed`: rows that match, above 0. `needsLists`: a row is compared by what its list's centroid says. */
export function effortOf({ nprobe }: IvfPlan, rows: number, lists: number, allowed: number, needsLists: boolean): Effort {
  if (allowed === rows) return { least: nprobe, wanted: 0, probes: Math.min(nprobe, lists), byPosition: false };
  const wanted = Math.ceil(((nprobe * rows) / lists) * (allowed / rows) ** FEWER);
  const isAll = wanted + (needsLists ? 0 : LIST_COST * lists) >= allowed;
  const probes = isAll ? lists : Math.min(Math.ceil((nprobe * rows) / allowed), lists);
  return { least: nprobe, wanted: isAll ? IVF_ALL : wanted, probes, byPosition: allowed * MARK_COST < (probes * rows) / lists };
}
