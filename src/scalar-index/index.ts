/**
 * What an index of a scalar field is: of one sealed segment, immutable, in plain arrays. It answers leaves of a filter for all rows
 * at once. One file per structure (`postings.ts`, `bitmaps.ts`, `sorted-rows.ts`, `ngrams.ts`); the names users know are lines of
 * `registry.ts`. What it is for may be a field, the elements of an Array field, or a place inside a JSON field.
 */
import type { JsonPath, Leaf, Ref, Truth } from '../filter/predicate.ts';
import type { Field, ScalarIndexSpec } from '../schema/types.ts';

/** A named part of an index file. */
export interface IndexSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Milvus's `json_cast_type`: what of the values at a path is indexed. */
export const CASTS = ['bool', 'double', 'varchar', 'array_bool', 'array_double', 'array_varchar'] as const;
export type Cast = (typeof CASTS)[number];

/** What an index is over. */
export interface Target {
  readonly field: Field;
  /** Inside a JSON field; null: the field, or the elements of an Array. */
  readonly path: JsonPath | null;
  /** Null where there is no path. Values that are of another type are not in the index. */
  readonly cast: Cast | null;
}

/**
 * What an index knows of a leaf. `exact`: which rows it is true, false and unknown for. `candidates`: rows outside are false (or
 * unknown), rows inside must be looked at. `none`: nothing, or what it takes its own work to tell.
 */
export type Answer = 'exact' | 'candidates' | 'none';

export interface ScalarIndex {
  readonly memoryBytes: number;
  answers(leaf: Leaf): Answer;
  /** REQUIRES that it answers the leaf, as the next two do. Candidates are rows that it is true for. */
  lookup(leaf: Leaf): Truth;
  /** About how many rows are true, at once. */
  estimate(leaf: Leaf): number;
  /** How many steps a lookup takes, in rows that a scan looks at in the same time. */
  work(leaf: Leaf): number;
}

/** Whether a place in a row is what the index is over. */
export function isOver({ field, path }: Target, ref: Ref): boolean {
  if (ref.field.fieldId !== field.fieldId) return false;
  if (path === null) return ref.kind === 'field';
  return ref.kind === 'path' && isSamePath(ref.path, path);
}

export const isSamePath = (a: JsonPath, b: JsonPath): boolean => a.length === b.length && a.every((key, i) => key === b[i]);

export function sameScalarSpec(a: ScalarIndexSpec, b: ScalarIndexSpec): boolean {
  const keys = Object.keys(a.params);
  return a.type === b.type && keys.length === Object.keys(b.params).length && keys.every((key) => a.params[key] === b.params[key]);
}
