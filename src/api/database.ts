/** A database, as its users see it: collections by name, and its end. Talks to the engine in plain messages. */
import type { DatabaseStats, EngineClient } from '../engine/client.ts';
import { checkName, isSameSchema, toSchema } from '../schema/define.ts';
import type { AnySchema } from '../schema/infer.ts';
import type { Schema } from '../schema/types.ts';
import { Collection } from './collection.ts';
import type { DatabaseEvents, EventHub } from './events.ts';
import { booleanOption, checkOptions, contextOf, refuseMissingChunk } from './options.ts';
import type { CallOptions } from './options.ts';
import { Session } from './session.ts';
import type { CollectionDescription } from './session.ts';

export interface CreateCollectionOptions extends CallOptions {
  /** Answer the collection of that name if there is one; SCHEMA_MISMATCH if it has another schema. Default false: ALREADY_EXISTS. */
  readonly ifNotExists?: boolean;
}

const CREATE_OPTIONS: ReadonlySet<string> = new Set(['ifNotExists', 'signal']);

/** Made by `connect`. Every method answers CLOSED after `close`. */
export class Database {
  readonly #session: Session;
  readonly #events: EventHub;

  constructor(engine: EngineClient, events: EventHub) {
    this.#session = new Session(engine);
    this.#events = events;
  }

  /** Makes a collection. ALREADY_EXISTS when the name is taken and `ifNotExists` is not given. */
  async createCollection<const S extends AnySchema>(name: string, schema: S, options: CreateCollectionOptions = {}): Promise<Collection<S>> {
    const { engine } = this.#session;
    checkName('name', name);
    checkOptions(options, 'createCollection', CREATE_OPTIONS);
    const ifNotExists = booleanOption('ifNotExists', options.ifNotExists, false);
    const given = toSchema(schema);
    const info = await engine.createCollection({ name, schema: given, ifNotExists }, contextOf(options.signal));
    await refuseOther(name, info.schema, given);
    return new Collection<S>(this.#session, info);
  }

  /**
   * The collection of that name, typed by the schema. NOT_FOUND when there is none, SCHEMA_MISMATCH when it is stored
   * with another schema. Without a schema rows are untyped.
   */
  async collection<const S extends AnySchema = AnySchema>(name: string, schema?: S): Promise<Collection<S>> {
    const { engine } = this.#session;
    checkName('name', name);
    const given = schema === undefined ? undefined : toSchema(schema);
    const info = await engine.describeCollection({ name });
    if (given !== undefined) await refuseOther(name, info.schema, given);
    return new Collection<S>(this.#session, info);
  }

  async hasCollection(name: string): Promise<boolean> {
    return (await admin()).hasCollection(this.#session, name);
  }

  /** Names of all collections. */
  async listCollections(): Promise<string[]> {
    return (await admin()).listCollections(this.#session);
  }

  async describeCollection(name: string): Promise<CollectionDescription> {
    return (await admin()).describeCollection(this.#session, name);
  }

  /** Removes a collection with everything in it. NOT_FOUND when there is none. */
  async dropCollection(name: string, options?: CallOptions): Promise<void> {
    return (await admin()).dropCollection(this.#session, name, options);
  }

  async stats(): Promise<DatabaseStats> {
    return (await admin()).stats(this.#session);
  }

  /** Listens for what happens in the background. Answers how to stop. A failure that nobody listens for is kept for the first who does. */
  on<K extends keyof DatabaseEvents>(kind: K, listener: (event: DatabaseEvents[K]) => void): () => void {
    return this.#events.on(kind, listener);
  }

  /** Makes everything durable and lets go of the store. Further calls answer the same promise. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The bodies of calls that open no collection, in a chunk of their own. */
const admin = (): Promise<typeof import('./database-admin.ts')> => import('./database-admin.ts').catch(refuseMissingChunk);

/** SCHEMA_MISMATCH, with the differences, unless the two agree. */
async function refuseOther(collection: string, stored: Schema, given: Schema): Promise<void> {
  if (!isSameSchema(stored, given)) (await import('../schema/differences.ts')).checkSameSchema(collection, stored, given);
}
