/** The conditions of the builder: a tree of groups, which is data and does not change; edits answer another tree. */
import type { OperatorId } from './operators.ts';
import type { Path, ValueKind } from './subject.ts';

export interface Condition {
  readonly kind: 'condition';
  readonly field: string;
  /** Keys and positions inside JSON. */
  readonly path: Path;
  /** Of JSON: as what the values are read. */
  readonly as: ValueKind;
  readonly operator: OperatorId;
  /** As typed. */
  readonly values: readonly string[];
}

/** `all` and `any` of the parts hold; `none`: not any; `some-not`: not all. */
export type Join = 'all' | 'any' | 'none' | 'some-not';

export interface Group {
  readonly kind: 'group';
  readonly join: Join;
  readonly parts: readonly Part[];
}

export type Part = Condition | Group;

/** Positions of parts, from the root on. */
export type At = readonly number[];

export const EMPTY: Group = { kind: 'group', join: 'all', parts: [] };

/** Bounds, so that no link can make the page do much: the language allows far more. */
export const MAX_DEPTH = 6;
export const MAX_PARTS = 100;
export const MAX_VALUES = 200;

/** The tree with another part at a place; null takes it away. */
export function replaceAt(group: Group, at: At, part: Part | null): Group {
  const [first, ...rest] = at;
  if (first === undefined) return part?.kind === 'group' ? part : EMPTY;
  const parts = group.parts.flatMap((each, i) => {
    if (i !== first) return [each];
    if (rest.length > 0) return each.kind === 'group' ? [replaceAt(each, rest, part)] : [each];
    return part === null ? [] : [part];
  });
  return { ...group, parts };
}

/** The tree with one part more at the end of a group. */
export function addTo(group: Group, at: At, part: Part): Group {
  const [first, ...rest] = at;
  if (first === undefined) return { ...group, parts: [...group.parts, part] };
  return { ...group, parts: group.parts.map((each, i) => (i === first && each.kind === 'group' ? addTo(each, rest, part) : each)) };
}

export function conditionsOf(group: Group): Condition[] {
  return group.parts.flatMap((part) => (part.kind === 'group' ? conditionsOf(part) : [part]));
}

export function partsIn(group: Group): number {
  return group.parts.reduce((sum, part) => sum + 1 + (part.kind === 'group' ? partsIn(part) : 0), 0);
}
