/** `collection.queryIterator`: all rows that match, page by page, of one moment. */
import type { ColumnBatch } from '../schema/column.ts';
import type { AnySchema, OutputFields } from '../schema/infer.ts';
import { columnKeys } from '../schema/keys.ts';
import type { At, FilterParams } from './collection.ts';
import { toEntities } from './hits.ts';
import { Moment } from './moment.ts';
import { MAX_LIMIT, atOption, checkOptions, contextOf, integerOption, namesOption, type CallOptions } from './options.ts';
import { queryFilter } from './query.ts';
import type { CollectionScope } from './scope.ts';
import { entityIds } from './search-request.ts';

export interface QueryIteratorOptions<S = AnySchema, O = OutputFields<S> | undefined> extends CallOptions {
  /** Only rows that match: an expression of the filter language. FILTER_SYNTAX, FILTER_TYPE. Default: all. */
  readonly filter?: string;
  /** Values of the filter's templates: `{name}` in it stands for one. */
  readonly filterParams?: FilterParams;
  /** Names, or `'*'` for all. Without: all scalar fields. The primary key is always there. */
  readonly outputFields?: O;
  /** Rows of a page, 1 to 16,384. Default 1,000. */
  readonly batchSize?: number;
  /** Most rows of all pages together. Default: all that match. */
  readonly limit?: number;
  /** Only these. Default: all. NOT_FOUND when there is none of that name. */
  readonly partitions?: readonly string[];
  /** The rows as they were then: a timestamp of `db.now()` or of a write, a Date, or milliseconds. Default: as they are when the first page is asked for. */
  readonly at?: At;
}

const OPTIONS: ReadonlySet<string> = new Set(['filter', 'filterParams', 'outputFields', 'batchSize', 'limit', 'partitions', 'at', 'signal']);
const BATCH_SIZE = 1_000;

/** `scope`: its engine is asked for anew for each page, so that it is refused once the database is closed. */
export async function* queryPages(scope: CollectionScope, options: QueryIteratorOptions<AnySchema, any> = {}): AsyncGenerator<Record<string, unknown>[], void, undefined> {
  const { plan } = scope;
  for await (const entities of columnPages(scope, options)) yield plan.code.withKeys(plan, toEntities(entities, plan), options.outputFields);
}

/** The pages as the engine answers them: columns in the order of the fields asked for. */
export async function* columnPages(scope: CollectionScope, options: QueryIteratorOptions<AnySchema, any>): AsyncGenerator<ColumnBatch, void, undefined> {
  checkOptions(options, 'queryIterator', OPTIONS);
  const { collectionId, plan } = scope;
  const batchSize = integerOption('batchSize', options.batchSize, 1, MAX_LIMIT, BATCH_SIZE);
  const outputFieldIds = entityIds(plan, options.outputFields);
  const read = { collectionId, filter: queryFilter(options), outputFieldIds, offset: 0, partitions: namesOption('partitions', options.partitions) };
  const at = atOption(options.at);
  let left: number = integerOption('limit', options.limit, 1, Number.MAX_SAFE_INTEGER, Infinity);
  contextOf(options.signal);
  const moment = await Moment.hold(scope, at);
  try {
    for (let after: bigint | string | undefined; left > 0; ) {
      const context = contextOf(options.signal);
      await moment.renew();
      const limit = Math.min(batchSize, left);
      const entities = await scope.engine.query({ ...read, at: moment.at, limit, after }, context);
      if (entities.rows === 0) return;
      left = entities.rows < limit ? 0 : left - limit;
      // By key, not by number: where a row lies may have changed by the next page.
      after = columnKeys(entities.columns[outputFieldIds.indexOf(plan.key.fieldId)])[entities.rows - 1];
      yield entities;
    }
  } finally {
    moment.release();
  }
}
