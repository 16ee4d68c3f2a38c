/** The way of `elanus/arrow` to answers as the engine gives them: in columns. */
import type { GetReply, SearchReply } from '../engine/client.ts';
import type { Schema } from '../schema/types.ts';

/** Of all copies of the library: `elanus/arrow` is a bundle of its own. */
export const COLUMNS: unique symbol = Symbol.for('elanus.columns');

export interface ColumnReader {
  /** What `get` and `search` do, but for making objects of the answer. */
  [COLUMNS](call: 'get', options: unknown, ids: unknown): Promise<ColumnAnswer<GetReply>>;
  [COLUMNS](call: 'search', options: unknown): Promise<ColumnAnswer<SearchReply>>;
}

export interface ColumnAnswer<R> {
  readonly schema: Schema;
  readonly reply: R;
}
