/** Types of `filtered-sets.mjs`. */
import type { VectorSet } from '../datasets.d.mts';

export interface SetFilter {
  /** As the tables say it. */
  readonly name: string;
  readonly field: string;
  readonly value: string;
  /** 1 for rows that match. Shape (rows). */
  readonly matches: Uint8Array;
  /** Rows that match, at least one. */
  readonly count: number;
  /** Distance of the last of the exact hits. Shape (queries). */
  readonly limits: Float64Array;
}

/** `limits` are of a search without a filter. */
export interface FilteredSet extends VectorSet {
  /** Texts, by field. Shape of each (rows). */
  readonly columns: Record<string, string[]>;
  readonly filters: SetFilter[];
}

export const FILTERED_SET_NAMES: string[];
export function loadFilteredSet(name: string, options?: { rows?: number; queries?: number; k?: number; seed?: number }): FilteredSet | null;
export function distanceOf(set: Pick<FilteredSet, 'metric' | 'base' | 'queries'>, row: number, query: number): number;
export function filteredRecall(set: FilteredSet, filter: SetFilter, lists: ArrayLike<number>[]): { recall: number; hits: number; hitsMost: number };
export function filterText(filter: Pick<SetFilter, 'field' | 'value'>, n?: number): string;
export function filterSql(filter: Pick<SetFilter, 'field' | 'value'>): string;
