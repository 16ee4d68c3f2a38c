/**
 * A store in IndexedDB, through `idb`. What is assumed of the medium is in `docs/media.md`.
 *
 *     names   NAME          -> { id, bytes }      a file exists when it is here
 *     chunks  [id, i]       -> bytes [i MiB, (i + 1) MiB) of a file
 *     logs    [NAME, seq]   -> one append (a long one: several)
 *     meta    'root'        -> the root record
 *             'files'       -> `opfs` where the files are there, and `names` and `chunks` are empty (`local.ts`)
 *             'sync'        -> a counter; written to make what was appended before durable
 *
 * A file's chunks are put under a random id first and named last, in a transaction of its own: a file is there whole
 * or not at all. Chunks without a name are swept by whoever takes the lock.
 */
import { ElanusError } from '../util/error.ts';
import { ChunkCache } from './idb/chunk-cache.ts';
import { IdbConnection } from './idb/connection.ts';
import { lockDatabase } from './idb/lock.ts';
import { IdbLogs } from './idb/logs.ts';
import { openPeers } from './idb/peers.ts';
import { IdbSharedLogs } from './idb/shared-logs.ts';
import { CHUNK_BYTES, chunksOf, type FileRecord, type FilesIn } from './idb/schema.ts';
import { alreadyExists, checkName, checkRange, notFound, rootChanged, sameBytes } from './refusals.ts';
import type { SharedAccess } from './shared/shared.ts';
import { sweepingPeers } from './shared/sweeping-peers.ts';
import type { Store, StoreEstimate, StoreLock, StoreRoot } from './store.ts';
import { estimateOrigin } from './web-storage.ts';

export interface IdbStoreOptions {
  readonly readOnly?: boolean;
  /** Hears, once per page, of what this page cannot promise. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
}

/** Opens the database of that name, making it unless `readOnly`. NOT_FOUND when it is to be read and is not there. */
export async function openIdbStore(name: string, options: IdbStoreOptions = {}): Promise<Store> {
  const { store, filesIn } = await openIdbStoreOf(name, { ...options, filesOfNew: 'idb' });
  if (filesIn === 'idb') return store;
  await store.close();
  throw new ElanusError('INVALID_ARGUMENT', `"idb:${name}" is a database that has its files elsewhere: open it as "local:${name}"`, { database: name, filesIn });
}

/** As {@link openIdbStore}, for a database whose files may be elsewhere: `filesIn` says where, and `filesOfNew` for one that is made now. */
export async function openIdbStoreOf(name: string, options: IdbStoreOptions & { readonly filesOfNew: FilesIn }): Promise<{ readonly store: Store; readonly filesIn: FilesIn }> {
  const connection = await IdbConnection.open(name, options.readOnly ?? false, options.filesOfNew);
  const filesIn = await connection.run('open', (db) => db.get('meta', 'files'));
  return { store: new IdbStore(name, connection, options.onWarning ?? ((message) => console.warn(message))), filesIn: filesIn === 'opfs' ? 'opfs' : 'idb' };
}

/** So many bytes of chunks go into one transaction: enough to be fast, little enough not to hold much twice. */
const BATCH_CHUNKS = 8;

class IdbStore implements Store {
  readonly sharedUrl: string;
  readonly logs: IdbLogs;
  readonly root: StoreRoot;
  readonly shared: SharedAccess;
  readonly #closePeers: () => void;
  readonly #name: string;
  readonly #connection: IdbConnection;
  readonly #warn: (message: string) => void;
  readonly #files = new Map<string, FileRecord>();
  readonly #cache: ChunkCache;
  #lock: StoreLock | null = null;

  constructor(name: string, connection: IdbConnection, warn: (message: string) => void) {
    this.#name = name;
    this.#connection = connection;
    this.#warn = warn;
    this.sharedUrl = `idb:${name}`;
    this.logs = new IdbLogs(connection);
    const peers = openPeers(name, warn);
    this.shared = { logs: new IdbSharedLogs(connection), peers: sweepingPeers(peers, { sweep: () => this.#sweep() }) };
    this.#closePeers = () => peers.close();
    this.#cache = new ChunkCache((id, index) => connection.run('read a file', async (db) => db.get('chunks', [id, index])));
    this.root = {
      read: () => connection.run('read the root', async (db) => ((await db.get('meta', 'root')) as Uint8Array | undefined) ?? null),
      swap: (expected, next) => this.#swapRoot(expected?.slice() ?? null, next.slice()),
    };
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    const file = await this.#file(name);
    const range = checkRange(name, file.bytes, from, to);
    const target = new Uint8Array(range.to - range.from);
    const reads: Promise<void>[] = [];
    for (let index = Math.floor(range.from / CHUNK_BYTES); index * CHUNK_BYTES < range.to; index++) {
      const start = Math.max(range.from, index * CHUNK_BYTES);
      const end = Math.min(range.to, (index + 1) * CHUNK_BYTES, file.bytes);
      if (start < end) reads.push(this.#copyFromChunk(name, file, index, start, target.subarray(start - range.from, end - range.from)));
    }
    await Promise.all(reads);
    return target;
  }

  /** IndexedDB answers nothing at once. */
  readNow(): boolean {
    return false;
  }

  async size(name: string): Promise<number> {
    return (await this.#file(name)).bytes;
  }

  async write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#connection.checkWritable();
    checkName(name);
    if (await this.#connection.run('write a file', (db) => db.getKey('names', name))) throw alreadyExists(name);
    // Not randomUUID, which insecure pages have not.
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-');
    try {
      const bytes = await this.#putChunks(id, chunks);
      await this.#connection.write('write a file', ['names'], 'strict', async (transaction) => {
        const names = transaction.objectStore('names');
        if ((await names.getKey(name)) !== undefined) throw alreadyExists(name);
        await names.put({ id, bytes }, name);
      });
    } catch (error) {
      // Failing, for lack of room above all, must not cost room. What cannot be removed now is swept later.
      await this.#connection.write('clean up', ['chunks'], 'relaxed', (transaction) => transaction.objectStore('chunks').delete(chunksOf(id))).catch(() => undefined);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    this.#connection.checkWritable();
    checkName(name);
    this.#files.delete(name);
    await this.#connection.write('remove a file', ['names', 'chunks'], 'strict', async (transaction) => {
      const file = await transaction.objectStore('names').get(name);
      if (!file) return;
      await transaction.objectStore('names').delete(name);
      await transaction.objectStore('chunks').delete(chunksOf(file.id));
      this.#cache.forget(file.id);
    });
  }

  async list(): Promise<string[]> {
    return this.#connection.run('list the files', (db) => db.getAllKeys('names'));
  }

  async lock(): Promise<StoreLock> {
    this.#connection.checkWritable();
    const lock = await lockDatabase(this.#name, this.#warn);
    this.#lock = lock;
    try {
      await this.#sweep();
    } catch (error) {
      await lock.release();
      throw error;
    }
    return lock;
  }

  async estimate(): Promise<StoreEstimate> {
    this.#connection.checkOpen();
    return estimateOrigin(async () => {
      const files = await this.#connection.run('measure the files', (db) => db.getAll('names'));
      return files.reduce((sum, file) => sum + file.bytes, 0);
    });
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#closePeers();
    this.#cache.clear();
    await this.#lock?.release();
  }

  async destroy(): Promise<void> {
    this.#connection.checkWritable();
    await this.#connection.destroy();
    await this.close();
  }

  async #copyFromChunk(name: string, file: FileRecord, index: number, start: number, target: Uint8Array): Promise<void> {
    const chunk = await this.#cache.get(file.id, index);
    if (!chunk) {
      // Another tab removed the file, or the record is lost.
      this.#files.delete(name);
      if (!(await this.#connection.run('read a file', (db) => db.getKey('names', name)))) throw notFound(name);
      throw new ElanusError('CORRUPT', `"${name}" expected its MiB ${index}, got none: the record is lost`, { file: name, chunk: index });
    }
    const from = start - index * CHUNK_BYTES;
    if (chunk.length < from + target.length) {
      throw new ElanusError('CORRUPT', `"${name}" expected at least ${from + target.length} bytes in its MiB ${index}, got ${chunk.length}`, { file: name, chunk: index });
    }
    target.set(chunk.subarray(from, from + target.length));
  }

  /** Puts the stream down in records of 1 MiB; returns its length in bytes. */
  async #putChunks(id: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
    let batch: Uint8Array[] = [];
    let current = new Uint8Array(CHUNK_BYTES);
    let held = 0;
    let next = 0;
    const flush = async (): Promise<void> => {
      const records = batch;
      const first = next - records.length;
      batch = [];
      if (records.length === 0) return;
      await this.#connection.write('write a file', ['chunks'], 'strict', (transaction) =>
        Promise.all(records.map((record, i) => transaction.objectStore('chunks').put(record, [id, first + i]))),
      );
    };
    const seal = async (record: Uint8Array): Promise<void> => {
      batch.push(record);
      next++;
      if (batch.length === BATCH_CHUNKS) await flush();
    };
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const count = Math.min(CHUNK_BYTES - held, chunk.length - at);
        current.set(chunk.subarray(at, at + count), held);
        held += count;
        at += count;
        if (held === CHUNK_BYTES) {
          await seal(current);
          current = new Uint8Array(CHUNK_BYTES);
          held = 0;
        }
      }
    }
    const bytes = next * CHUNK_BYTES + held;
    if (held > 0) await seal(current.slice(0, held));
    await flush();
    return bytes;
  }

  async #swapRoot(expected: Uint8Array | null, next: Uint8Array): Promise<void> {
    await this.#connection.write('write the root', ['meta'], 'strict', async (transaction) => {
      const meta = transaction.objectStore('meta');
      const found = ((await meta.get('root')) as Uint8Array | undefined) ?? null;
      if (!sameBytes(found, expected)) throw rootChanged();
      await meta.put(next, 'root');
    });
  }

  /** Chunks of files that were never named: their writer died. Only the holder of the lock writes, so none is under way. */
  async #sweep(): Promise<void> {
    await this.#connection.write('sweep', ['names', 'chunks'], 'relaxed', async (transaction) => {
      const named = new Set((await transaction.objectStore('names').getAll()).map((file) => file.id));
      const chunks = transaction.objectStore('chunks');
      let cursor = await chunks.openKeyCursor();
      while (cursor) {
        const [id] = cursor.key;
        if (!named.has(id)) await chunks.delete(chunksOf(id));
        // Over all the chunks of that file at once.
        cursor = await cursor.continue([id, []] as never);
      }
    });
  }

  async #file(name: string): Promise<FileRecord> {
    this.#connection.checkOpen();
    checkName(name);
    const known = this.#files.get(name);
    if (known) return known;
    const found = await this.#connection.run('read a file', (db) => db.get('names', name));
    if (!found) throw notFound(name);
    if (typeof found.id !== 'string' || !Number.isSafeInteger(found.bytes) || found.bytes < 0) {
      throw new ElanusError('CORRUPT', `"${name}" expected a record of its id and length, got something else`, { file: name });
    }
    this.#files.set(name, found);
    return found;
  }
}
