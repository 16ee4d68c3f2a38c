/**
 * A store in the origin private file system of a browser, through synchronous file handles, which dedicated workers alone
 * have. What is assumed of the medium is in `docs/media.md`.
 *
 *     elanus/NAME/files/NAME   immutable, born by a move from tmp/
 *     elanus/NAME/logs/NAME    append-only
 *     elanus/NAME/root/        the root record in two slots
 *     elanus/NAME/tmp/         half-written; swept by whoever takes the lock
 */
import { ElanusError } from '../util/error.ts';
import type { SweepableStore } from './composed.ts';
import { lockDatabase } from './idb/lock.ts';
import { opfsError } from './opfs/errors.ts';
import { isInUse, isMissing, namesIn, opfsRoot, removeIfThere, whenFree, whyNoOpfs, writeFully, type Folder } from './opfs/file-system.ts';
import { OpfsLogs } from './opfs/logs.ts';
import { ReadHandles, type OpenFile } from './opfs/read-handles.ts';
import { OpfsRoot } from './opfs/root.ts';
import { alreadyExists, checkName, checkRange, closedStore, notFound, readOnlyStore } from './refusals.ts';
import type { StoreEstimate, StoreLock, StoreRoot } from './store.ts';
import { estimateOrigin } from './web-storage.ts';

export interface OpfsStoreOptions {
  readonly readOnly?: boolean;
  /** What the databases of one kind lie in, side by side. Default `elanus`. */
  readonly parent?: string;
}

/** Opens the database of that name, making it unless `readOnly`. NOT_SUPPORTED on threads without synchronous handles, NOT_FOUND when it is to be read and is not there. */
export async function openOpfsStore(name: string, options: OpfsStoreOptions = {}): Promise<SweepableStore> {
  const reason = whyNoOpfs();
  if (reason) throw new ElanusError('NOT_SUPPORTED', `"opfs:" needs synchronous handles of the origin private file system: ${reason}; let the engine run in a worker ("mode": 'auto' or 'worker'), or use "idb:NAME"`, { reason });
  const { readOnly = false, parent = 'elanus' } = options;
  checkName(name);
  const create = { create: !readOnly };
  const root = await opfsRoot();
  try {
    const siblings = await root.getDirectoryHandle(parent, create);
    const folder = await siblings.getDirectoryHandle(name, create);
    const [files, logs, slots, tmp] = await Promise.all(['files', 'logs', 'root', 'tmp'].map((child) => folder.getDirectoryHandle(child, create)));
    return new OpfsStore(name, parent, { siblings, folder, files, logs, slots, tmp }, readOnly);
  } catch (error) {
    if (readOnly && isMissing(error)) throw new ElanusError('NOT_FOUND', `"${name}" expected to be a database of this origin, got none`, { database: name }, { cause: error });
    throw opfsError(error, 'open the database', name);
  }
}

interface Folders {
  /** Holds this database and others. */
  readonly siblings: Folder;
  readonly folder: Folder;
  readonly files: Folder;
  readonly logs: Folder;
  readonly slots: Folder;
  readonly tmp: Folder;
}

/** How often a file that another thread keeps open is asked for again. What is left then is garbage of the next open. */
const REMOVALS_MAX = 20;
const REMOVAL_PAUSE_MS = 2_000;

class OpfsStore implements SweepableStore {
  readonly sharedUrl: string;
  readonly logs: OpfsLogs;
  readonly root: StoreRoot;
  readonly shared = null;
  readonly #name: string;
  readonly #folders: Folders;
  readonly #readOnly: boolean;
  readonly #handles: ReadHandles;
  readonly #writing = new Set<string>();
  /** Removed, but still open in another thread. */
  readonly #leaving = new Set<string>();
  #rootQueue: Promise<unknown> = Promise.resolve();
  #lock: StoreLock | null = null;
  #isClosed = false;

  constructor(name: string, parent: string, folders: Folders, readOnly: boolean) {
    this.#name = name;
    this.#folders = folders;
    this.#readOnly = readOnly;
    this.sharedUrl = `opfs:${name}`;
    const channel = `${parent}:opfs:${name}`;
    this.#handles = new ReadHandles(folders.files, `${channel}:close`);
    this.logs = new OpfsLogs(folders.logs, (writing) => this.#check(writing));
    const root = new OpfsRoot(folders.slots, `${channel}:root`);
    this.root = {
      read: async () => {
        this.#check(false);
        return root.read();
      },
      swap: async (expected, next) => {
        this.#check(true);
        const swapped = root.swap(expected?.slice() ?? null, next.slice());
        this.#rootQueue = Promise.allSettled([this.#rootQueue, swapped]);
        await swapped;
      },
    };
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    const file = await this.#open(name);
    const range = checkRange(name, file.size, from, to);
    const bytes = new Uint8Array(range.to - range.from);
    let length: number;
    try {
      length = await file.read(bytes, range.from);
    } catch (error) {
      // Removed since it was opened.
      if (isMissing(error)) throw notFound(name, error);
      throw opfsError(error, 'read', name);
    }
    checkRange(name, range.from + length, range.from, range.to);
    return bytes;
  }

  readNow(name: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean {
    this.#check(false);
    checkName(name);
    const file = this.#handles.opened(name);
    if (!file) return false;
    for (let i = 0; i < offsets.length; i++) {
      const from = offsets[i]!;
      checkRange(name, file.size, from, from + byteLength);
      const length = file.readNow(target.subarray(i * byteLength, (i + 1) * byteLength), from);
      if (length < 0) return false;
      checkRange(name, from + length, from, from + byteLength);
    }
    return true;
  }

  async size(name: string): Promise<number> {
    return (await this.#open(name)).size;
  }

  async write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#check(true);
    checkName(name);
    if (this.#writing.has(name)) throw alreadyExists(name);
    this.#writing.add(name);
    const temporary = crypto.randomUUID();
    const { files, tmp } = this.#folders;
    let failure: unknown = null;
    /** An error that the chunks' own source threw is passed on as it is. */
    let isOfSource = false;
    async function* watched(): AsyncIterable<Uint8Array> {
      try {
        yield* chunks;
      } catch (error) {
        isOfSource = true;
        throw error;
      }
    }
    try {
      // The writer's lock keeps other threads out, so a look before the move is enough.
      if (this.#leaving.has(name) || (await isThere(files, name))) throw alreadyExists(name);
      const entry = await tmp.getFileHandle(temporary, { create: true });
      const file = await entry.createSyncAccessHandle();
      try {
        let at = 0;
        for await (const chunk of watched()) {
          writeFully(file, chunk, at);
          at += chunk.length;
        }
        file.flush();
      } finally {
        file.close();
      }
      await whenFree(() => entry.move(files, name));
    } catch (error) {
      failure = isOfSource ? error : opfsError(error, 'write', name);
      await removeIfThere(tmp, temporary).catch(() => undefined);
    }
    this.#writing.delete(name);
    if (failure !== null) throw failure;
  }

  async remove(name: string): Promise<void> {
    this.#check(true);
    checkName(name);
    this.#handles.closeEverywhere(name);
    try {
      await whenFree(() => removeIfThere(this.#folders.files, name));
    } catch (error) {
      if (!isInUse(error)) throw opfsError(error, 'remove', name);
      this.#leaving.add(name);
      this.#removeLater(name, 1);
    }
  }

  async list(): Promise<string[]> {
    this.#check(false);
    try {
      return (await namesIn(this.#folders.files)).filter((name) => !this.#leaving.has(name));
    } catch (error) {
      throw opfsError(error, 'list', 'files');
    }
  }

  async lock(): Promise<StoreLock> {
    this.#check(true);
    const lock = await lockDatabase(`opfs:${this.#name}`, () => undefined);
    this.#lock = lock;
    try {
      await this.sweep();
    } catch (error) {
      await lock.release();
      throw opfsError(error, 'sweep', 'tmp');
    }
    return lock;
  }

  async sweep(): Promise<void> {
    for (const name of await namesIn(this.#folders.tmp)) await removeIfThere(this.#folders.tmp, name);
  }

  async estimate(): Promise<StoreEstimate> {
    this.#check(false);
    return estimateOrigin(async () => {
      const sizes = (await this.list()).map(async (name) => (await (await this.#folders.files.getFileHandle(name)).getFile()).size);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#rootQueue;
    await this.logs.close();
    this.#handles.closeAll();
    await this.#lock?.release();
  }

  async destroy(): Promise<void> {
    this.#check(true);
    const { siblings, folder } = this.#folders;
    for (const name of await this.list()) this.#handles.closeEverywhere(name);
    const lock = this.#lock;
    this.#lock = null;
    await this.close();
    try {
      // The root first: what is left after a crash in between is garbage, not a database with holes.
      await whenFree(() => removeIfThere(folder, 'root'));
      await whenFree(() => removeIfThere(siblings, this.#name));
    } catch (error) {
      throw opfsError(error, 'remove', this.#name);
    } finally {
      await lock?.release();
    }
  }

  async #open(name: string): Promise<OpenFile> {
    this.#check(false);
    checkName(name);
    if (this.#leaving.has(name)) throw notFound(name);
    try {
      return await this.#handles.open(name);
    } catch (error) {
      if (isMissing(error)) throw notFound(name, error);
      throw opfsError(error, 'read', name);
    }
  }

  #removeLater(name: string, attempt: number): void {
    setTimeout(() => {
      if (this.#isClosed) return;
      this.#handles.closeEverywhere(name);
      removeIfThere(this.#folders.files, name).then(
        () => this.#leaving.delete(name),
        () => attempt < REMOVALS_MAX && this.#removeLater(name, attempt + 1),
      );
    }, REMOVAL_PAUSE_MS);
  }

  #check(writing: boolean): void {
    if (this.#isClosed) throw closedStore();
    if (writing && this.#readOnly) throw readOnlyStore();
  }
}

async function isThere(folder: Folder, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
