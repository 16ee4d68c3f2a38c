/** What a filter's text says, before anything is known of a schema. */
import type { ArithmeticOperator, ComparisonOperator, JsonPath } from './predicate.ts';
import type { Span } from './errors.ts';

/** An integer is a bigint here, and a number has a fraction, an exponent or a point. */
export type Constant = boolean | bigint | number | string;

/** `depth`: nodes on the longest way to a leaf. Whoever walks the tree may recurse: it is bounded. */
export type Node = Span & { readonly depth: number } & NodeKind;

export type NodeKind =
  | { readonly kind: 'constant'; readonly value: Constant }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'template'; readonly name: string }
  /** A field or a dynamic key, and what follows it in brackets. */
  | { readonly kind: 'reference'; readonly name: string; readonly path: JsonPath }
  | { readonly kind: 'unary'; readonly operator: '+' | '-' | '~'; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: ArithmeticOperator | '**'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'compare'; readonly operator: ComparisonOperator; readonly left: Node; readonly right: Node }
  /** `low < value < high`, the same from the other side, and `between`. */
  | { readonly kind: 'between'; readonly value: Node; readonly low: Node; readonly high: Node; readonly includesLow: boolean; readonly includesHigh: boolean }
  | { readonly kind: 'in'; readonly value: Node; readonly list: Node; readonly isNegated: boolean }
  | { readonly kind: 'like'; readonly value: Node; readonly pattern: Node }
  | { readonly kind: 'regex'; readonly value: Node; readonly pattern: Node; readonly isNegated: boolean }
  | { readonly kind: 'isNull'; readonly operand: Node; readonly isNegated: boolean }
  | { readonly kind: 'exists'; readonly operand: Node }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Node[] }
  | { readonly kind: 'not'; readonly operand: Node }
  /** Two parts or more: `a and b and c` is one node. */
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Node[] };

/** How many arguments each takes. */
export const FUNCTIONS = {
  array_contains: 2,
  array_contains_all: 2,
  array_contains_any: 2,
  json_contains: 2,
  json_contains_all: 2,
  json_contains_any: 2,
  array_length: 1,
  random_sample: 1,
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** Functions of Milvus that are not there. */
export const UNSUPPORTED_FUNCTIONS: ReadonlySet<string> = new Set([
  'text_match', 'text_match_fuzzy', 'phrase_match', 'element_filter', 'match_any', 'match_all', 'match_least', 'match_most', 'match_exact',
  'st_contains', 'st_within', 'st_intersects', 'st_touches', 'st_overlaps', 'st_crosses', 'st_equals', 'st_dwithin', 'st_isvalid',
]);

const VALUES: ReadonlySet<string> = new Set(['constant', 'list', 'template', 'reference', 'unary', 'binary']);

/** Whether a node is true or false of a row, by its form. */
export const isCondition = (node: Node): boolean => (node.kind === 'call' ? node.name !== 'array_length' : !VALUES.has(node.kind));
