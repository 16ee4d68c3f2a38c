/** What a database shares with its collections: the engine, as long as it is open. */
import type { CollectionInfo, CollectionProperties, EngineClient } from '../engine/client.ts';
import type { IndexSpec, Schema, ShownSchema } from '../schema/types.ts';
import { ElanusError } from '../util/error.ts';
import type { Embedder } from './embedder.ts';
import type { EventHub } from './events.ts';
import type { CollectionIo } from './io.ts';

export type IoLoader = () => Promise<CollectionIo>;

export class Session {
  readonly #engine: EngineClient;
  readonly events: EventHub;
  /** The bodies of import and export. */
  readonly io: IoLoader;
  /** By the id of their model; undefined: there are none. */
  readonly embedders: ReadonlyMap<string, Embedder> | undefined;
  #closing: Promise<void> | undefined;

  constructor(engine: EngineClient, events: EventHub, io: IoLoader, embedders?: ReadonlyMap<string, Embedder>) {
    this.#engine = engine;
    this.events = events;
    this.io = io;
    this.embedders = embedders;
  }

  /** The engine. CLOSED once `close` was called. */
  get engine(): EngineClient {
    if (this.#closing !== undefined) throw new ElanusError('CLOSED', 'the database is closed');
    return this.#engine;
  }

  /** Closes the engine once; every caller gets the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#engine.close();
    return this.#closing;
  }
}

export interface CollectionDescription {
  readonly name: string;
  readonly schema: ShownSchema;
  /** Indexes by field name. */
  readonly indexes: Readonly<Record<string, IndexSpec>>;
  readonly createdTimestamp: bigint;
  readonly properties: CollectionProperties;
  /** With a partition key: into how many partitions it divides the rows. */
  readonly numPartitions?: number;
}

/** What users may know of a collection. */
export function describe({ collectionId: _, schema, ...description }: CollectionInfo): CollectionDescription {
  return { ...description, schema: shownSchema(schema) };
}

/** The schema without its hidden field. */
export function shownSchema(schema: Schema): ShownSchema {
  const fields = schema.fields.filter((field) => !field.isDynamic);
  return fields.length === schema.fields.length ? schema : { ...schema, fields, dynamicField: true };
}
