/** A collection as those see it who make its calls: the parts of the API that are imported on demand, and `elanus/arrow`. */
import type { EngineClient } from '../engine/client.ts';
import type { Embedder } from './embedder.ts';
import type { EventHub } from './events.ts';
import type { HandlePlan } from './field-code.ts';

export interface CollectionScope {
  /** CLOSED after the database's end, NOT_FOUND after the collection's, when it is asked for. */
  readonly engine: EngineClient;
  readonly events: EventHub;
  /** What `connect` was given, by the id of the model. */
  readonly embedders: ReadonlyMap<string, Embedder> | undefined;
  readonly collectionId: number;
  readonly plan: HandlePlan;
}

/** Where a collection has its scope: known to all copies of the library, because `elanus/arrow` is a bundle of its own. */
export const SCOPE: unique symbol = Symbol.for('elanus.scope');
