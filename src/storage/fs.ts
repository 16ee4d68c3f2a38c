/**
 * A store in a folder of a file system, over `node:fs/promises`. What is assumed of the medium is in `docs/media.md`.
 *
 *     FOLDER/files/NAME   immutable, born by rename from tmp/
 *     FOLDER/logs/NAME    append-only
 *     FOLDER/root         the root record, replaced by rename from tmp/
 *     FOLDER/lock         the writer's lock while there is one; lock-TOKEN while a stale one is taken over
 *     FOLDER/tmp/         half-written; swept by whoever takes the lock
 *
 * Only `platform/node.ts` imports this.
 */
import { mkdir, open, readFile, readdir, rm, rmdir, stat, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ElanusError } from '../util/error.ts';
import { errnoOf, fsError } from './fs/errors.ts';
import { ChunkedFileWriter, readFully, readFullyNow, renameDurably, syncFolder } from './fs/io.ts';
import { lockFolder, type FolderLock } from './fs/lock.ts';
import { FolderLogs } from './fs/logs.ts';
import { ReadHandles } from './fs/read-handles.ts';
import { alreadyExists, checkName, checkRange, closedStore, notFound, readOnlyStore, rootChanged, sameBytes } from './refusals.ts';
import type { Store, StoreEstimate, StoreLock, StoreRoot } from './store.ts';

export interface FsStoreOptions {
  /** Reads what is there, makes and changes nothing, needs no lock. */
  readonly readOnly?: boolean;
}

/** Opens the folder, making it unless `readOnly`. NOT_FOUND when it is to be read and is not there. */
export async function openFsStore(path: string, options: FsStoreOptions = {}): Promise<Store> {
  const folder = resolve(path);
  try {
    if (options.readOnly) {
      await stat(join(folder, 'files'));
    } else {
      const made = await mkdir(folder, { recursive: true });
      for (const child of ['files', 'logs', 'tmp']) await mkdir(join(folder, child), { recursive: true });
      await syncFolder(folder);
      // Every folder made on the way has its name in the one above.
      if (made !== undefined) for (let child = folder; ; child = dirname(child)) {
        await syncFolder(dirname(child));
        if (child === made || child === dirname(child)) break;
      }
    }
  } catch (error) {
    if (options.readOnly && errnoOf(error) === 'ENOENT') throw new ElanusError('NOT_FOUND', `"${folder}" expected to be a database, got no such folder`, { path: folder }, { cause: error });
    throw fsError(error, 'open the folder', folder);
  }
  return new FsStore(folder, options.readOnly ?? false);
}

class FsStore implements Store {
  readonly sharedUrl: string;
  readonly logs: FolderLogs;
  readonly root: StoreRoot;
  readonly shared = null;
  readonly #folder: string;
  readonly #readOnly: boolean;
  readonly #handles = new ReadHandles();
  readonly #writing = new Set<string>();
  #rootQueue: Promise<unknown> = Promise.resolve();
  #lock: FolderLock | null = null;
  #isClosed = false;

  constructor(folder: string, readOnly: boolean) {
    this.#folder = folder;
    this.#readOnly = readOnly;
    this.sharedUrl = `file:${folder}`;
    this.logs = new FolderLogs(join(folder, 'logs'), (writing) => this.#check(writing));
    this.root = {
      read: async () => {
        this.#check(false);
        return this.#readRoot();
      },
      swap: (expected, next) => this.#swapRoot(expected, next.slice()),
    };
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    return this.#useFile(name, async (handle, size) => {
      const range = checkRange(name, size, from, to);
      const bytes = new Uint8Array(range.to - range.from);
      const length = await readFully(handle, bytes, range.from);
      checkRange(name, range.from + length, range.from, range.to);
      return bytes;
    });
  }

  readNow(name: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean {
    this.#check(false);
    checkName(name);
    const opened = this.#handles.opened(this.#filePath(name));
    if (!opened) return false;
    try {
      for (let i = 0; i < offsets.length; i++) {
        const from = offsets[i]!;
        checkRange(name, opened.size, from, from + byteLength);
        const length = readFullyNow(opened.handle.fd, target, i * byteLength, byteLength, from);
        checkRange(name, from + length, from, from + byteLength);
      }
    } catch (error) {
      throw isOfFileSystem(error) ? fsError(error, 'read', this.#filePath(name)) : error;
    }
    return true;
  }

  async size(name: string): Promise<number> {
    return this.#useFile(name, async (_, size) => size);
  }

  async write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#check(true);
    checkName(name);
    const path = this.#filePath(name);
    if (this.#writing.has(name)) throw alreadyExists(name);
    this.#writing.add(name);
    const temporary = this.#temporaryPath(name);
    try {
      // The writer's lock keeps other processes out, so a look before the rename is enough.
      if (await exists(path)) throw alreadyExists(name);
      await writeDurably(temporary, chunks);
      await renameDurably(temporary, path, join(this.#folder, 'files'));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw isOfFileSystem(error) ? fsError(error, 'write', path) : error;
    } finally {
      this.#writing.delete(name);
    }
  }

  async remove(name: string): Promise<void> {
    this.#check(true);
    checkName(name);
    const path = this.#filePath(name);
    try {
      await this.#handles.closeFile(path);
      await unlink(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fsError(error, 'remove', path);
    }
  }

  async list(): Promise<string[]> {
    this.#check(false);
    const folder = join(this.#folder, 'files');
    return readdir(folder).catch((error: unknown) => {
      throw fsError(error, 'list', folder);
    });
  }

  async lock(): Promise<StoreLock> {
    this.#check(true);
    const lock = await lockFolder(this.#folder);
    this.#lock = lock;
    return {
      release: async () => {
        await lock.release();
        if (this.#lock === lock) this.#lock = null;
      },
    };
  }

  async estimate(): Promise<StoreEstimate> {
    this.#check(false);
    try {
      let usage = 0;
      for (const child of ['files', 'logs']) {
        for (const name of await readdir(join(this.#folder, child))) usage += await stat(join(this.#folder, child, name)).then((found) => found.size, () => 0);
      }
      const disk = await statfs(this.#folder);
      return { usage, quota: usage + disk.bavail * disk.bsize, persisted: true };
    } catch (error) {
      throw fsError(error, 'measure', this.#folder);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.logs.close();
      await this.#handles.closeAll();
    } catch (error) {
      throw fsError(error, 'close', this.#folder);
    } finally {
      await this.#lock?.release();
    }
  }

  async destroy(): Promise<void> {
    this.#check(true);
    const lock = this.#lock;
    this.#lock = null;
    await this.close();
    try {
      // The root first: what is left after a crash in between is garbage, not a database with holes.
      for (const child of ['root', 'files', 'logs', 'tmp']) await rm(join(this.#folder, child), { recursive: true, force: true });
      await lock?.release();
      // Only what is ours; a folder with other things in it stays.
      await rmdir(this.#folder);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EPERM', 'EBUSY'].includes(errnoOf(error) ?? '')) throw fsError(error, 'remove', this.#folder);
    }
  }

  #swapRoot(expected: Uint8Array | null, next: Uint8Array): Promise<void> {
    const swap = async (): Promise<void> => {
      this.#check(true);
      await this.#lock?.check();
      if (!sameBytes(await this.#readRoot(), expected)) throw rootChanged();
      const path = join(this.#folder, 'root');
      const temporary = this.#temporaryPath('root');
      try {
        await writeDurably(temporary, [next]);
        await renameDurably(temporary, path, this.#folder);
      } catch (error) {
        await unlink(temporary).catch(() => undefined);
        throw fsError(error, 'write', path);
      }
    };
    const swapped = this.#rootQueue.then(swap, swap);
    this.#rootQueue = swapped;
    return swapped;
  }

  async #readRoot(): Promise<Uint8Array | null> {
    const path = join(this.#folder, 'root');
    try {
      return new Uint8Array(await readFile(path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw fsError(error, 'read', path);
    }
  }

  async #useFile<T>(name: string, work: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
    this.#check(false);
    checkName(name);
    const path = this.#filePath(name);
    try {
      return await this.#handles.use(path, work);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') throw notFound(name, error);
      throw fsError(error, 'read', path);
    }
  }

  #filePath(name: string): string {
    return join(this.#folder, 'files', name);
  }

  #temporaryPath(name: string): string {
    return join(this.#folder, 'tmp', `${name}.${crypto.randomUUID()}`);
  }

  #check(writing: boolean): void {
    if (this.#isClosed) throw closedStore();
    if (writing && this.#readOnly) throw readOnlyStore();
  }
}

async function writeDurably(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    const writer = new ChunkedFileWriter(handle);
    for await (const chunk of chunks) await writer.write(chunk);
    await writer.flush();
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An error that the chunks' own source threw is passed on as it is. */
const isOfFileSystem = (error: unknown): boolean => errnoOf(error) !== undefined && (error as { syscall?: unknown }).syscall !== undefined;

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
