/** Databases, aliases and new names: what is said in the manifest alone and touches no rows. Each is one commit. */
import { DEFAULT_DATABASE_ID, type Manifest } from '../storage/manifest/manifest.ts';
import { ElanusError } from '../util/error.ts';
import type { Catalog } from './catalog.ts';
import { withEntry } from './catalog.ts';
import type { Clock } from './clock.ts';
import { assertAlias, assertFree, collectionNames, findCollection, findDatabase, type NamedCollection } from './names.ts';

/** Milvus's limit, the default one among them. */
const DATABASES_MAX = 64;

/** An alias in its database. */
interface NamedAlias {
  readonly database?: string;
  readonly alias: string;
}

export class Namespaces {
  readonly #catalog: Catalog;
  readonly #clock: Clock;

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  #commit(change: (manifest: Manifest) => Manifest): Promise<void> {
    return this.#catalog.commit(this.#clock, change);
  }

  /** ALREADY_EXISTS where there is one of that name. */
  createDatabase(name: string): Promise<void> {
    return this.#commit((manifest) => {
      if (manifest.databases.some((database) => database.name === name)) throw new ElanusError('ALREADY_EXISTS', `there is a database "${name}" already`, { database: name });
      if (manifest.databases.length >= DATABASES_MAX) throw new ElanusError('INVALID_ARGUMENT', `expected at most ${DATABASES_MAX} databases, got one more`, { database: name });
      const database = { databaseId: manifest.nextDatabaseId, name, createdTimestamp: this.#clock.next() };
      return { ...manifest, nextDatabaseId: manifest.nextDatabaseId + 1, databases: [...manifest.databases, database] };
    });
  }

  /** INVALID_ARGUMENT for the default one, and for one that has collections. */
  dropDatabase(name: string): Promise<void> {
    return this.#commit((manifest) => {
      const { databaseId } = findDatabase(manifest, name);
      if (databaseId === DEFAULT_DATABASE_ID) throw new ElanusError('INVALID_ARGUMENT', `database "${name}" is always there and cannot be dropped`, { database: name });
      const collections = collectionNames(manifest, name);
      const snapshots = manifest.snapshots.filter((snapshot) => snapshot.collection.databaseId === databaseId).map((snapshot) => snapshot.name);
      if (collections.length > 0 || snapshots.length > 0) {
        throw new ElanusError('INVALID_ARGUMENT', `database "${name}" expected to be empty, got ${collections.length} collections and ${snapshots.length} snapshots: drop them first`, { database: name, collections, snapshots });
      }
      return { ...manifest, databases: manifest.databases.filter((database) => database.databaseId !== databaseId) };
    });
  }

  listDatabases(): string[] {
    return this.#catalog.manifest.databases.map((database) => database.name);
  }

  /** ALREADY_EXISTS where the name is taken, by a collection or an alias. */
  createAlias({ database, alias, collection }: NamedAlias & { readonly collection: string }): Promise<void> {
    return this.#commit((manifest) => {
      const { databaseId } = findDatabase(manifest, database);
      const { collectionId } = findCollection(manifest, { database, name: collection });
      assertFree(manifest, databaseId, alias);
      return { ...manifest, aliases: [...manifest.aliases, { databaseId, name: alias, collectionId }] };
    });
  }

  /** Makes an alias stand for another collection, at once for everyone. */
  alterAlias({ database, alias, collection }: NamedAlias & { readonly collection: string }): Promise<void> {
    return this.#commit((manifest) => {
      const { databaseId } = findDatabase(manifest, database);
      const { collectionId } = findCollection(manifest, { database, name: collection });
      assertAlias(manifest, databaseId, alias);
      return { ...manifest, aliases: manifest.aliases.map((entry) => (entry.databaseId === databaseId && entry.name === alias ? { ...entry, collectionId } : entry)) };
    });
  }

  /** As in Milvus, an alias that is not there is no error. */
  dropAlias({ database, alias }: NamedAlias): Promise<void> {
    return this.#commit((manifest) => {
      const { databaseId } = findDatabase(manifest, database);
      return { ...manifest, aliases: manifest.aliases.filter((entry) => entry.databaseId !== databaseId || entry.name !== alias) };
    });
  }

  /** Of one collection, or of all. */
  listAliases({ database, collection }: { readonly database?: string; readonly collection?: string }): { alias: string; collection: string }[] {
    const { manifest } = this.#catalog;
    const { databaseId } = findDatabase(manifest, database);
    const only = collection === undefined ? null : findCollection(manifest, { database, name: collection }).collectionId;
    return manifest.aliases
      .filter((entry) => entry.databaseId === databaseId && (only === null || entry.collectionId === only))
      .map(({ name, collectionId }) => ({ alias: name, collection: this.#catalog.entry(collectionId).name }));
  }

  /** Gives a collection another name, perhaps in another database. Its aliases stay behind, so it must have none where it leaves theirs. */
  renameCollection({ newName, newDatabase, ...named }: NamedCollection & { readonly newName: string; readonly newDatabase?: string }): Promise<void> {
    return this.#commit((manifest) => {
      const entry = findCollection(manifest, named);
      const { databaseId } = newDatabase === undefined ? entry : findDatabase(manifest, newDatabase);
      if (databaseId === entry.databaseId && newName === entry.name) return manifest;
      assertFree(manifest, databaseId, newName);
      if (databaseId !== entry.databaseId) assertNoAliases(manifest, entry.collectionId, entry.name, 'move');
      return withEntry(manifest, entry.collectionId, (known) => ({ ...known, databaseId, name: newName }));
    });
  }
}

/** INVALID_ARGUMENT where a collection has aliases, which would lead nowhere. */
export function assertNoAliases({ aliases }: Manifest, collectionId: number, name: string, doing: 'drop' | 'move'): void {
  const names = aliases.filter((entry) => entry.collectionId === collectionId).map((entry) => entry.name);
  if (names.length === 0) return;
  throw new ElanusError('INVALID_ARGUMENT', `unable to ${doing} the collection "${name}" because it has associated aliases (${names.join(', ')}): drop the aliases first`, { collection: name, aliases: names });
}
