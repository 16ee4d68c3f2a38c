/** What the engine needs of this room where a collection has scalar indexes; it is imported then (`engine/on-demand.ts`). */
import { buildScalarIndex } from './build.ts';
import { formatJsonPath } from './json-path.ts';
import { completeScalarSpec, targetOf, whyScalar } from './registry.ts';

export const scalarIndexParts = { buildScalarIndex, completeScalarSpec, formatJsonPath, targetOf, whyScalar };
export type ScalarIndexParts = typeof scalarIndexParts;
