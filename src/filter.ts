/** `elanus/filter`: filters that the compiler checks. It is apart from the rest, so that only who uses it downloads it. */
export { filterOf } from './builder/filter-of.ts';
export { escapeLike } from './builder/like.ts';
export type { Condition, FilterOptions, FilterValue, SampledCondition } from './builder/condition.ts';
export type { ArrayOperators, FieldOperators, FilterBuilder, FilterFieldName, IntegerOperators, JsonOperators, NumberOperators, TextOperators } from './builder/types.ts';
