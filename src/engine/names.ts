/** Names in a manifest: databases, and the collections, aliases and snapshots in each. Looks things up, or says what there is instead. */
import { DEFAULT_DATABASE_NAME, type CollectionEntry, type DatabaseEntry, type Manifest } from '../storage/manifest/manifest.ts';
import { ElanusError } from '../util/error.ts';

/** A collection by its name, or by one of its aliases. */
export interface NamedCollection {
  /** Default: `default`. */
  readonly database?: string;
  readonly name: string;
}

/** NOT_FOUND where there is none. */
export function findDatabase({ databases }: Manifest, name = DEFAULT_DATABASE_NAME): DatabaseEntry {
  const found = databases.find((database) => database.name === name);
  if (!found) throw new ElanusError('NOT_FOUND', `there is no database "${name}"`, { database: name, databases: databases.map((known) => known.name) });
  return found;
}

/** The collection of a name or an alias; undefined where there is none. NOT_FOUND where there is no such database. */
export function lookUp(manifest: Manifest, { database, name }: NamedCollection): CollectionEntry | undefined {
  const { databaseId } = findDatabase(manifest, database);
  const alias = manifest.aliases.find((known) => known.databaseId === databaseId && known.name === name);
  return manifest.collections.find((entry) => (alias ? entry.collectionId === alias.collectionId : entry.databaseId === databaseId && entry.name === name));
}

/** NOT_FOUND where there is none. */
export function findCollection(manifest: Manifest, named: NamedCollection): CollectionEntry {
  const found = lookUp(manifest, named);
  if (found) return found;
  throw new ElanusError('NOT_FOUND', `there is no collection "${named.name}"`, { collection: named.name, collections: collectionNames(manifest, named.database) });
}

export function collectionNames(manifest: Manifest, database?: string): string[] {
  const { databaseId } = findDatabase(manifest, database);
  return manifest.collections.filter((entry) => entry.databaseId === databaseId).map((entry) => entry.name);
}

/** ALREADY_EXISTS where a collection or an alias has that name. */
export function assertFree(manifest: Manifest, databaseId: number, name: string): void {
  const isTaken = (known: { readonly databaseId: number; readonly name: string }): boolean => known.databaseId === databaseId && known.name === name;
  if (manifest.collections.some(isTaken)) {
    throw new ElanusError('ALREADY_EXISTS', `there is a collection "${name}" already: open it with collection(), or pass { ifNotExists: true } to createCollection`, { collection: name });
  }
  if (manifest.aliases.some(isTaken)) throw new ElanusError('ALREADY_EXISTS', `there is an alias "${name}" already`, { alias: name });
}

/** NOT_FOUND where there is none. */
export function assertAlias(manifest: Manifest, databaseId: number, alias: string): void {
  const known = manifest.aliases.filter((entry) => entry.databaseId === databaseId);
  if (known.some((entry) => entry.name === alias)) return;
  throw new ElanusError('NOT_FOUND', `there is no alias "${alias}"`, { alias, aliases: known.map((entry) => entry.name) });
}
