/**
 * Parts of the engine that not every database uses: they are imported when the first call needs them, so that a page that has no
 * use for them does not wait for them either. An entry says from where.
 */
import type { aggregateRows } from '../exec/aggregate/aggregate.ts';
import type { queryRows } from '../exec/query.ts';
import type { makeFilter } from '../exec/row-filter.ts';
import type { ScalarIndexParts } from '../scalar-index/parts.ts';
import type * as reembedding from './reembed.ts';
import { ElanusError } from '../util/error.ts';

export interface OnDemandParts {
  readonly makeFilter: typeof makeFilter;
  readonly queryRows: typeof queryRows;
  readonly aggregateRows: typeof aggregateRows;
  readonly scalarIndexes: ScalarIndexParts;
  readonly reembedding: Pick<typeof reembedding, 'Dialogue' | 'reembed'>;
}

export class OnDemand {
  readonly #import: () => Promise<OnDemandParts>;
  #parts: OnDemandParts | null = null;

  constructor(importParts: () => Promise<OnDemandParts>) {
    this.#import = importParts;
  }

  /** null: they are not here yet. */
  get parts(): OnDemandParts | null {
    return this.#parts;
  }

  /** UNAVAILABLE where their file is not to be had; the next call tries again. */
  async load(): Promise<OnDemandParts> {
    try {
      return (this.#parts ??= await this.#import());
    } catch (cause) {
      throw new ElanusError('UNAVAILABLE', 'a part of the library could not be loaded: are its files still where the page came from?', {}, { cause });
    }
  }
}
