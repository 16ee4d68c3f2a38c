/** The builder's conditions as a parameter of the URL, which may hold anything. */
import { OPERATORS } from './operators.ts';
import type { OperatorId } from './operators.ts';
import { EMPTY, MAX_DEPTH, MAX_PARTS, MAX_VALUES, partsIn } from './tree.ts';
import type { Condition, Group, Join, Part } from './tree.ts';

const JOINS: readonly Join[] = ['all', 'any', 'none', 'some-not'];
const KINDS: readonly Condition['as'][] = ['text', 'number', 'integer', 'flag'];
const MAX_LENGTH = 20_000;
const MAX_PATH = 20;

/** A group is `[join, ...parts]`, a condition `{ f, p, a, o, v }`. Null of an empty tree. */
export function treeParam(group: Group): string | null {
  return group.parts.length === 0 && group.join === EMPTY.join ? null : JSON.stringify(packed(group));
}

function packed(part: Part): unknown {
  if (part.kind === 'group') return [part.join, ...part.parts.map(packed)];
  const { field, path, as, operator, values } = part;
  return { f: field, ...(path.length > 0 ? { p: path } : {}), ...(as === 'text' ? {} : { a: as }), o: operator, ...(values.length > 0 ? { v: values } : {}) };
}

/** The empty tree where the text is none. */
export function readTree(text: string | null): Group {
  if (text === null || text.length > MAX_LENGTH) return EMPTY;
  try {
    const group = unpacked(JSON.parse(text), 1);
    return group?.kind === 'group' && partsIn(group) <= MAX_PARTS ? group : EMPTY;
  } catch {
    return EMPTY;
  }
}

function unpacked(value: unknown, depth: number): Part | null {
  if (Array.isArray(value)) {
    const [join, ...parts] = value as unknown[];
    if (!JOINS.includes(join as Join) || depth > MAX_DEPTH || parts.length > MAX_PARTS) return null;
    return { kind: 'group', join: join as Join, parts: parts.map((part) => unpacked(part, depth + 1)).filter((part) => part !== null) };
  }
  if (typeof value !== 'object' || value === null) return null;
  const { f, p = [], a = 'text', o, v = [] } = value as Record<string, unknown>;
  if (typeof f !== 'string' || typeof o !== 'string' || !Object.hasOwn(OPERATORS, o) || !KINDS.includes(a as Condition['as'])) return null;
  if (!Array.isArray(p) || p.length > MAX_PATH || !p.every((step) => typeof step === 'string' || (Number.isSafeInteger(step) && step >= 0))) return null;
  if (!Array.isArray(v) || v.length > MAX_VALUES || !v.every((each) => typeof each === 'string')) return null;
  return { kind: 'condition', field: f, path: p as (string | number)[], as: a as Condition['as'], operator: o as OperatorId, values: v as string[] };
}
