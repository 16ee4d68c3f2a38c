/**
 * What a database can do besides opening collections. These are the bodies of the methods of `Database` of the same names, which have
 * the documentation; they are imported when the first is called.
 */
import type { AliasInfo, CollectionInfo, DatabaseStats, SnapshotInfo } from '../engine/client.ts';
import { checkName } from '../schema/define.ts';
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { isElanusError } from '../util/error.ts';
import type { Schema } from '../schema/types.ts';
import type { CreateCollectionOptions } from './database.ts';
import { RETENTION_SECONDS_MAX, SIGNAL_ONLY, booleanOption, checkOptions, contextOf, integerOption, type CallOptions } from './options.ts';
import { describe, type CollectionDescription, type Session } from './session.ts';

export interface AliasOptions extends CallOptions {
  readonly alias: string;
  readonly collection: string;
}

export interface RenameOptions extends CallOptions {
  /** Moves the collection there. Default: it stays where it is. */
  readonly database?: string;
}

export interface ListAliasesOptions extends CallOptions {
  /** Those of one collection. Default: all. */
  readonly collection?: string;
}

export interface CreateSnapshotOptions extends CallOptions {
  readonly collection: string;
  /** Of the snapshot; unique within the database. */
  readonly name: string;
  /** What it is for, up to 1,024 characters. */
  readonly description?: string;
}

export interface ListSnapshotsOptions extends CallOptions {
  /** Those of one collection, which may be gone. Default: all. */
  readonly collection?: string;
}

export interface RestoreSnapshotOptions extends CallOptions {
  /** Of the snapshot. */
  readonly name: string;
  /** Of the collection to be made of it. */
  readonly collection: string;
}

/** Which database of which engine. */
export interface DatabaseScope {
  readonly session: Session;
  readonly database: string;
}

const CREATE_OPTIONS: ReadonlySet<string> = new Set(['ifNotExists', 'numPartitions', 'partitionKeyIsolation', 'ttlSeconds', 'signal']);
const ALIAS_OPTIONS: ReadonlySet<string> = new Set(['alias', 'collection', 'signal']);
const RENAME_OPTIONS: ReadonlySet<string> = new Set(['database', 'signal']);
const CREATE_SNAPSHOT_OPTIONS: ReadonlySet<string> = new Set(['collection', 'name', 'description', 'signal']);
const RESTORE_SNAPSHOT_OPTIONS: ReadonlySet<string> = new Set(['name', 'collection', 'signal']);
const DESCRIPTION_LENGTH_MAX = 1_024;
const LIST_ALIASES_OPTIONS: ReadonlySet<string> = new Set(['collection', 'signal']);

export async function createDatabase({ session }: DatabaseScope, name: string): Promise<void> {
  checkName('name', name);
  await session.engine.createDatabase({ name });
}

export async function listDatabases({ session }: DatabaseScope): Promise<string[]> {
  return session.engine.listDatabases();
}

export async function dropDatabase({ session }: DatabaseScope, name: string): Promise<void> {
  checkName('name', name);
  await session.engine.dropDatabase({ name });
}

export async function createAlias({ session, database }: DatabaseScope, options: AliasOptions): Promise<void> {
  await session.engine.createAlias({ database, ...aliasOf(options, 'createAlias') });
}

export async function alterAlias({ session, database }: DatabaseScope, options: AliasOptions): Promise<void> {
  await session.engine.alterAlias({ database, ...aliasOf(options, 'alterAlias') });
}

function aliasOf(options: AliasOptions, call: string): { alias: string; collection: string } {
  checkOptions(options ?? {}, call, ALIAS_OPTIONS);
  const { alias, collection }: Partial<AliasOptions> = options ?? {};
  checkName('alias', alias);
  checkName('collection', collection);
  return { alias, collection };
}

export async function dropAlias({ session, database }: DatabaseScope, alias: string): Promise<void> {
  checkName('alias', alias);
  await session.engine.dropAlias({ database, alias });
}

export async function listAliases({ session, database }: DatabaseScope, options: ListAliasesOptions = {}): Promise<AliasInfo[]> {
  checkOptions(options, 'listAliases', LIST_ALIASES_OPTIONS);
  const { collection } = options;
  if (collection !== undefined) checkName('collection', collection);
  return session.engine.listAliases({ database, ...(collection === undefined ? {} : { collection }) });
}

export async function renameCollection({ session, database }: DatabaseScope, name: string, newName: string, options: RenameOptions = {}): Promise<void> {
  checkName('name', name);
  checkName('newName', newName);
  checkOptions(options, 'renameCollection', RENAME_OPTIONS);
  if (options.database !== undefined) checkName('database', options.database);
  await session.engine.renameCollection({ database, name, newName, ...(options.database === undefined ? {} : { newDatabase: options.database }) });
}

export async function hasCollection({ session, database }: DatabaseScope, name: string): Promise<boolean> {
  checkName('name', name);
  try {
    await session.engine.describeCollection({ database, name });
    return true;
  } catch (error) {
    if (isElanusError(error) && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

export async function createCollection({ session, database }: DatabaseScope, name: string, schema: Schema, options: CreateCollectionOptions = {}): Promise<CollectionInfo> {
  checkName('name', name);
  checkOptions(options, 'createCollection', CREATE_OPTIONS);
  const ifNotExists = booleanOption('ifNotExists', options.ifNotExists, false);
  const numPartitions = integerOption('numPartitions', options.numPartitions, 1, 1_024, undefined);
  const ttlSeconds = integerOption('ttlSeconds', options.ttlSeconds, 1, RETENTION_SECONDS_MAX, undefined);
  const isIsolated = booleanOption('partitionKeyIsolation', options.partitionKeyIsolation, false);
  const properties = { ...(isIsolated ? { partitionKeyIsolation: true } : {}), ...(ttlSeconds === undefined ? {} : { ttlSeconds }) };
  return session.engine.createCollection({ database, name, schema, ifNotExists, properties, numPartitions }, contextOf(options.signal));
}

export async function listCollections({ session, database }: DatabaseScope): Promise<string[]> {
  return session.engine.listCollections({ database });
}

export async function describeCollection({ session, database }: DatabaseScope, name: string): Promise<CollectionDescription> {
  checkName('name', name);
  return describe(await session.engine.describeCollection({ database, name }));
}

export async function dropCollection({ session, database }: DatabaseScope, name: string, options?: CallOptions): Promise<void> {
  checkName('name', name);
  checkOptions(options, 'dropCollection', SIGNAL_ONLY);
  await session.engine.dropCollection({ database, name }, contextOf(options?.signal));
}

export async function stats({ session }: DatabaseScope): Promise<DatabaseStats> {
  return session.engine.databaseStats();
}

export async function createSnapshot({ session, database }: DatabaseScope, options: CreateSnapshotOptions): Promise<SnapshotInfo> {
  checkOptions(options ?? {}, 'createSnapshot', CREATE_SNAPSHOT_OPTIONS);
  const { collection, name, description, signal }: Partial<CreateSnapshotOptions> = options ?? {};
  checkName('collection', collection);
  checkName('name', name);
  if (description !== undefined && (typeof description !== 'string' || description.length > DESCRIPTION_LENGTH_MAX)) {
    refuse('description', NO_ROW, `a text of at most ${DESCRIPTION_LENGTH_MAX} characters`, typeof description === 'string' ? `${description.length} characters` : show(description));
  }
  const context = contextOf(signal);
  const { engine } = session;
  const { collectionId } = await engine.describeCollection({ database, name: collection });
  return engine.createSnapshot({ collectionId, name, ...(description === undefined ? {} : { description }) }, context);
}

export async function listSnapshots({ session, database }: DatabaseScope, options: ListSnapshotsOptions = {}): Promise<SnapshotInfo[]> {
  checkOptions(options, 'listSnapshots', LIST_ALIASES_OPTIONS);
  const { collection } = options;
  if (collection !== undefined) checkName('collection', collection);
  return session.engine.listSnapshots({ database, ...(collection === undefined ? {} : { collection }) });
}

export async function describeSnapshot({ session, database }: DatabaseScope, name: string): Promise<SnapshotInfo> {
  checkName('name', name);
  return session.engine.describeSnapshot({ database, name });
}

export async function openSnapshot({ session, database }: DatabaseScope, name: string): Promise<CollectionInfo> {
  checkName('name', name);
  return session.engine.openSnapshot({ database, name });
}

export async function restoreSnapshot({ session, database }: DatabaseScope, options: RestoreSnapshotOptions): Promise<CollectionInfo> {
  checkOptions(options ?? {}, 'restoreSnapshot', RESTORE_SNAPSHOT_OPTIONS);
  const { name, collection, signal }: Partial<RestoreSnapshotOptions> = options ?? {};
  checkName('name', name);
  checkName('collection', collection);
  contextOf(signal);
  return session.engine.restoreSnapshot({ database, name, collection });
}

export async function dropSnapshot({ session, database }: DatabaseScope, name: string): Promise<void> {
  checkName('name', name);
  await session.engine.dropSnapshot({ database, name });
}
