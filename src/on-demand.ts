/** What of the engine is imported when the first call needs it (`engine/on-demand.ts`). Becomes `worker-on-demand.js` beside the worker of a page. */
import type { OnDemandParts } from './engine/on-demand.ts';
import { Dialogue, reembed } from './engine/reembed.ts';
import { aggregateRows } from './exec/aggregate/aggregate.ts';
import { queryRows } from './exec/query.ts';
import { makeFilter } from './exec/row-filter.ts';
import { scalarIndexParts } from './scalar-index/parts.ts';

export const parts: OnDemandParts = { makeFilter, queryRows, aggregateRows, scalarIndexes: scalarIndexParts, reembedding: { Dialogue, reembed } };
