/** `collection.searchIterator`: all that a search can find, page by page. Imported with the calls of `collection-admin.ts`. */
import type { PageBound } from '../engine/client.ts';
import type { Keys } from '../schema/column.ts';
import { NO_ROW, isRecord, refuse, show } from '../schema/refuse.ts';
import { withVectors } from './embed.ts';
import { toHits } from './hits.ts';
import { Moment } from './moment.ts';
import { MAX_LIMIT, contextOf, integerOption } from './options.ts';
import type { CollectionScope } from './scope.ts';
import { searchRequest } from './search-request.ts';

const BATCH_SIZE = 1000;
/** Where pages are small, so many rows are asked of the engine at a time once it is clear that many are wanted. */
const ROWS_AT_ONCE = 1024;

/** Why an iterator does not have an option of search. */
const REFUSED: Readonly<Record<string, string>> = {
  vectors: 'one query: "vector", "sparse" or "text"',
  texts: 'one query: "vector", "sparse" or "text"',
  ids: 'one query: "vector", "sparse" or "text"',
  offset: 'no offset: leave out the first hits',
  groupBy: 'no groupBy: an iterator answers all rows',
};

export async function* searchPages(scope: CollectionScope, options: unknown): AsyncGenerator<unknown[], void, undefined> {
  const { collectionId, plan } = scope;
  if (!isRecord(options)) refuse('options', NO_ROW, 'an object of options of searchIterator', show(options));
  const { batchSize, limit, ...rest } = options;
  for (const name in REFUSED) if (rest[name] !== undefined) refuse(name, NO_ROW, REFUSED[name], show(rest[name]));
  const size = integerOption('batchSize', batchSize, 1, MAX_LIMIT, BATCH_SIZE);
  const most = integerOption('limit', limit, 1, Number.MAX_SAFE_INTEGER, Infinity);
  const request = searchRequest(plan, collectionId, { ...(await withVectors(scope, rest)), limit: size });
  const context = contextOf(rest['signal'] as AbortSignal | undefined);
  const moment = await Moment.hold(scope, request.at);
  try {
    const isInt64 = plan.key.type === 'Int64';
    const given: (bigint | string)[] = [];
    let bound: PageBound | null = null;
    const waiting: unknown[] = [];
    let asked = 0;
    for (let left = most; left > 0; ) {
      if (waiting.length < Math.min(size, left)) {
        await moment.renew();
        const rows = Math.min(Math.max(size, Math.min(asked, ROWS_AT_ONCE)), left - waiting.length);
        const page = { rows, given: (isInt64 ? BigInt64Array.from(given as bigint[]) : given) as Keys, bound };
        // The engine may take the buffers of a request.
        const reply = await scope.engine.search({ ...request, queries: structuredClone(request.queries), at: moment.at, page }, context);
        const { near, bound: next, isLast } = reply.page!;
        asked += rows;
        bound = next;
        for (let i = 0; i < near; i++) given.push(reply.keys[i] as bigint | string);
        waiting.push(...plan.code.withKeysOfHits(plan, toHits(reply, plan), rest['outputFields']));
        if (isLast) left = Math.min(left, waiting.length);
      }
      const hits = waiting.splice(0, Math.min(size, left));
      left -= hits.length;
      if (hits.length > 0) yield hits;
    }
  } finally {
    moment.release();
  }
}
