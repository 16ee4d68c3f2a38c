/** A database, as its users see it: collections by name, and its end. Talks to the engine in plain messages. */
import type { AliasInfo, CollectionInfo, DatabaseStats, SnapshotInfo } from '../engine/client.ts';
import { checkName, isSameSchema, toSchema } from '../schema/define.ts';
import type { AnySchema } from '../schema/infer.ts';
import type { Schema } from '../schema/types.ts';
import { Collection } from './collection.ts';
import type { AliasOptions, CreateSnapshotOptions, DatabaseScope, ListAliasesOptions, ListSnapshotsOptions, RestoreSnapshotOptions, RenameOptions } from './database-admin.ts';
import type { DatabaseEvents, EventHub } from './events.ts';
import { handlePlan } from './field-code.ts';
import { refuseMissingChunk } from './options.ts';
import type { CallOptions } from './options.ts';
import type { CollectionDescription, Session } from './session.ts';

export interface CreateCollectionOptions extends CallOptions {
  /** Answer the collection of that name if there is one; SCHEMA_MISMATCH if it has another schema. Default false: ALREADY_EXISTS. */
  readonly ifNotExists?: boolean;
  /** With a partition key: into how many partitions it divides the rows, 1 to 1,024. Default 16. */
  readonly numPartitions?: number;
  /** With a partition key: every search must name one value of it. Default false. */
  readonly partitionKeyIsolation?: boolean;
  /** Rows expire so many seconds after their insert. Default: never. */
  readonly ttlSeconds?: number;
}


/** Made by `connect`. Every method answers CLOSED after `close`. */
export class Database {
  /** Collections are those of one namespace; `useDatabase` has others. */
  readonly name: string;
  readonly #session: Session;
  readonly #events: EventHub;

  constructor(session: Session, events: EventHub, name = 'default') {
    this.name = name;
    this.#session = session;
    this.#events = events;
  }

  /** The bodies of the calls that open no collection. */
  #admin(): Promise<typeof import('./database-admin.ts')> {
    return import('./database-admin.ts').catch(refuseMissingChunk);
  }

  async #handle<S extends AnySchema>(info: CollectionInfo): Promise<Collection<S>> {
    return new Collection<S>(this.#session, info, await handlePlan(info.schema));
  }

  get #scope(): DatabaseScope {
    return { session: this.#session, database: this.name };
  }

  /** Makes a namespace of collections beside `default`, of at most 64. ALREADY_EXISTS when there is one of that name. */
  async createDatabase(name: string): Promise<void> {
    return (await this.#admin()).createDatabase(this.#scope, name);
  }

  /** Another handle, whose collections are those of that database; this one stays as it is, and closing either closes both. NOT_FOUND when there is none. */
  async useDatabase(name: string): Promise<Database> {
    await this.#session.engine.listCollections({ database: name });
    return new Database(this.#session, this.#events, name);
  }

  async listDatabases(): Promise<string[]> {
    return (await this.#admin()).listDatabases(this.#scope);
  }

  /** Removes an empty database. INVALID_ARGUMENT for `default` and for one that has collections or snapshots. */
  async dropDatabase(name: string): Promise<void> {
    return (await this.#admin()).dropDatabase(this.#scope, name);
  }

  /** Gives a collection another name beside its own, good wherever that is. ALREADY_EXISTS when it is taken. */
  async createAlias(options: AliasOptions): Promise<void> {
    return (await this.#admin()).createAlias(this.#scope, options);
  }

  /** Makes an alias stand for another collection. NOT_FOUND when there is no such alias. */
  async alterAlias(options: AliasOptions): Promise<void> {
    return (await this.#admin()).alterAlias(this.#scope, options);
  }

  /** Removes an alias; one that is not there is no error. */
  async dropAlias(alias: string): Promise<void> {
    return (await this.#admin()).dropAlias(this.#scope, alias);
  }

  async listAliases(options?: ListAliasesOptions): Promise<AliasInfo[]> {
    return (await this.#admin()).listAliases(this.#scope, options);
  }

  /** Gives a collection another name; handles of it go on. ALREADY_EXISTS when the name is taken. */
  async renameCollection(name: string, newName: string, options?: RenameOptions): Promise<void> {
    return (await this.#admin()).renameCollection(this.#scope, name, newName, options);
  }

  /** Makes a collection. ALREADY_EXISTS when the name is taken and `ifNotExists` is not given. */
  async createCollection<const S extends AnySchema>(name: string, schema: S, options?: CreateCollectionOptions): Promise<Collection<S>> {
    const given = toSchema(schema);
    const info = await (await this.#admin()).createCollection(this.#scope, name, given, options);
    await refuseOther(name, info.schema, given);
    return this.#handle(info);
  }

  /**
   * The collection of that name, typed by the schema. NOT_FOUND when there is none, SCHEMA_MISMATCH when it is stored
   * with another schema. Without a schema rows are untyped.
   */
  async collection<const S extends AnySchema = AnySchema>(name: string, schema?: S): Promise<Collection<S>> {
    const { engine } = this.#session;
    checkName('name', name);
    const given = schema === undefined ? undefined : toSchema(schema);
    const info = await engine.describeCollection({ database: this.name, name });
    if (given !== undefined) await refuseOther(name, info.schema, given);
    return this.#handle(info);
  }

  async hasCollection(name: string): Promise<boolean> {
    return (await this.#admin()).hasCollection(this.#scope, name);
  }

  /** Names of all collections. */
  async listCollections(): Promise<string[]> {
    return (await this.#admin()).listCollections(this.#scope);
  }

  async describeCollection(name: string): Promise<CollectionDescription> {
    return (await this.#admin()).describeCollection(this.#scope, name);
  }

  /** Removes a collection with everything in it. NOT_FOUND when there is none. */
  async dropCollection(name: string, options?: CallOptions): Promise<void> {
    return (await this.#admin()).dropCollection(this.#scope, name, options);
  }

  /** Keeps a collection as it is, under a name, with all that was acknowledged before the call. ALREADY_EXISTS when there is a snapshot of that name. */
  async createSnapshot(options: CreateSnapshotOptions): Promise<SnapshotInfo> {
    return (await this.#admin()).createSnapshot(this.#scope, options);
  }

  async listSnapshots(options?: ListSnapshotsOptions): Promise<SnapshotInfo[]> {
    return (await this.#admin()).listSnapshots(this.#scope, options);
  }

  async describeSnapshot(name: string): Promise<SnapshotInfo> {
    return (await this.#admin()).describeSnapshot(this.#scope, name);
  }

  /** A snapshot to be read like a collection; what would change it is READ_ONLY. SCHEMA_MISMATCH when it has another schema than the given one. */
  async openSnapshot<const S extends AnySchema = AnySchema>(name: string, schema?: S): Promise<Collection<S>> {
    const given = schema === undefined ? undefined : toSchema(schema);
    const info = await (await this.#admin()).openSnapshot(this.#scope, name);
    if (given !== undefined) await refuseOther(info.name, info.schema, given);
    return this.#handle(info);
  }

  /** Makes a collection of a snapshot, at once: the two share files until one of them changes. ALREADY_EXISTS when the name is taken. */
  async restoreSnapshot<const S extends AnySchema = AnySchema>(options: RestoreSnapshotOptions): Promise<Collection<S>> {
    return this.#handle(await (await this.#admin()).restoreSnapshot(this.#scope, options));
  }

  /** Removes a snapshot, and those of its files that nothing else needs. Handles of it are NOT_FOUND from then on. */
  async dropSnapshot(name: string): Promise<void> {
    return (await this.#admin()).dropSnapshot(this.#scope, name);
  }

  /** The present, for reads at it later (`at`): all writes acknowledged before the call are in, none that is begun after it. Opaque. */
  async now(): Promise<bigint> {
    return this.#session.engine.now();
  }

  async stats(): Promise<DatabaseStats> {
    return (await this.#admin()).stats(this.#scope);
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

/** SCHEMA_MISMATCH, with the differences, unless the two agree. */
async function refuseOther(collection: string, stored: Schema, given: Schema): Promise<void> {
  if (!isSameSchema(stored, given)) (await import('../schema/differences.ts')).checkSameSchema(collection, stored, given);
}
