/** `FieldCode` of any schema. */
export { toBatch } from '../schema/batch.ts';
export { valueAt } from '../schema/column-values.ts';
export { VECTOR_TYPES } from '../schema/vector-types/index.ts';
export { withKeys, withKeysOfHits } from './dynamic-keys.ts';
