/** One connection to IndexedDB: opening, what other tabs can do to it, and one place where errors are translated. */
import { deleteDB, openDB, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { ElanusError } from '../../util/error.ts';
import { closedStore, readOnlyStore } from '../refusals.ts';
import { idbError } from './errors.ts';
import { IDB_VERSION, type FilesIn, type StoreSchema } from './schema.ts';

/** Databases of others on the same origin keep theirs. */
const databaseName = (name: string): string => `elanus:${name}`;

export type WriteTransaction = IDBPTransaction<StoreSchema, StoreNames<StoreSchema>[], 'readwrite'>;

export class IdbConnection {
  readonly #name: string;
  readonly #readOnly: boolean;
  readonly #db: IDBPDatabase<StoreSchema>;
  /** Why nothing is possible any more; null while the connection is good. */
  #ended: ElanusError | null = null;

  private constructor(name: string, readOnly: boolean, db: IDBPDatabase<StoreSchema>) {
    this.#name = name;
    this.#readOnly = readOnly;
    this.#db = db;
  }

  /** `filesOfNew` is written down in a database that is made now. */
  static async open(name: string, readOnly: boolean, filesOfNew: FilesIn): Promise<IdbConnection> {
    if (typeof indexedDB === 'undefined') throw new ElanusError('NOT_SUPPORTED', 'there is no IndexedDB here: use "memory:", or a page that may keep data');
    /** Ours is the older one and stands in the way of another tab. */
    let connection: IdbConnection | null = null;
    let isMissing = false;
    let refuseBlocked: (error: ElanusError) => void = () => undefined;
    const blocked = new Promise<never>((_, reject) => (refuseBlocked = reject));
    const opening = openDB<StoreSchema>(databaseName(name), IDB_VERSION, {
      upgrade(db, oldVersion, _newVersion, transaction) {
        if (oldVersion !== 0) return;
        if (readOnly) {
          // Opening makes a database; undo that by failing the upgrade.
          isMissing = true;
          transaction.abort();
          transaction.done.catch(() => undefined);
          return;
        }
        for (const store of ['names', 'chunks', 'logs', 'meta'] as const) db.createObjectStore(store);
        if (filesOfNew !== 'idb') void transaction.objectStore('meta').put(filesOfNew, 'files');
      },
      blocked(currentVersion) {
        refuseBlocked(
          new ElanusError('LOCKED', `"${name}" is open in another tab with an older version of the library (${currentVersion}): close or reload that tab`, { database: name, holder: 'another tab' }),
        );
      },
      blocking(_currentVersion, newVersion, event) {
        (event.target as IDBDatabase).close();
        connection?.end(
          newVersion === null
            ? new ElanusError('CLOSED', `"${name}" was deleted by another tab`, { database: name })
            : new ElanusError('CLOSED', `"${name}" was taken over by another tab with a newer version of the library: reload this page`, { database: name, newVersion }),
        );
      },
      terminated() {
        connection?.end(new ElanusError('STORAGE', `the browser closed the connection to "${name}": its data were cleared, or the disk failed; open it again`, { database: name }));
      },
    });
    // After a refusal the opening may still succeed; nobody would close it.
    let isRefused = false;
    opening.then(
      (db) => isRefused && db.close(),
      () => undefined,
    );
    try {
      connection = new IdbConnection(name, readOnly, await Promise.race([opening, blocked]));
      return connection;
    } catch (error) {
      isRefused = true;
      if (isMissing) throw new ElanusError('NOT_FOUND', `"${name}" expected to be a database of this origin, got none`, { database: name }, { cause: error });
      throw idbError(error, 'open', name);
    }
  }

  /** Runs work on the database; every failure of it is ours afterwards. */
  async run<T>(doing: string, work: (db: IDBPDatabase<StoreSchema>) => Promise<T>): Promise<T> {
    this.checkOpen();
    try {
      return await work(this.#db);
    } catch (error) {
      // A connection closed under running work fails it with AbortError or InvalidStateError: say what really was.
      throw this.#ended ?? idbError(error, doing, this.#name);
    }
  }

  /**
   * Runs work in one readwrite transaction and waits for its end; when the work throws, nothing of it is kept. The
   * work may await nothing but requests of the transaction. `strict`: on the disk when this resolves.
   */
  async write<T>(doing: string, stores: StoreNames<StoreSchema>[], durability: 'strict' | 'relaxed', work: (transaction: WriteTransaction) => Promise<T>): Promise<T> {
    this.checkWritable();
    return this.run(doing, async (db) => {
      const transaction = db.transaction(stores, 'readwrite', { durability });
      // Whatever aborts it shows in the work or in the last await; by itself it must not count as unhandled.
      transaction.done.catch(() => undefined);
      let result: T;
      try {
        result = await work(transaction);
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It has ended already: by the very failure that is reported.
        }
        // A request fails with AbortError when its transaction did; the transaction knows the cause.
        throw (error as { name?: unknown } | null)?.name === 'AbortError' ? (transaction.error ?? error) : error;
      }
      await transaction.done;
      return result;
    });
  }

  checkOpen(): void {
    if (this.#ended) throw this.#ended;
  }

  checkWritable(): void {
    this.checkOpen();
    if (this.#readOnly) throw readOnlyStore();
  }

  end(reason: ElanusError): void {
    this.#ended ??= reason;
  }

  close(): void {
    if (this.#ended) return;
    this.end(closedStore());
    this.#db.close();
  }

  async destroy(): Promise<void> {
    this.close();
    let refuse: (error: ElanusError) => void = () => undefined;
    const blocked = new Promise<never>((_, reject) => (refuse = reject));
    const deleting = deleteDB(databaseName(this.#name), {
      // Connections of this library step aside by themselves, which takes a moment: only then is it blocked for good.
      blocked: () =>
        setTimeout(() => refuse(new ElanusError('LOCKED', `"${this.#name}" is open in another tab and was not deleted: close that tab`, { database: this.#name, holder: 'another tab' })), 2_000),
    });
    try {
      await Promise.race([deleting, blocked]);
    } catch (error) {
      throw idbError(error, 'delete', this.#name);
    }
  }
}
