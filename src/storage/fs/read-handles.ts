/** Open files for reading, few at a time. A handle is closed only when no read uses it: file numbers are given out again. */
import { open, type FileHandle } from 'node:fs/promises';

/** A file that is open, and its length in bytes. */
interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
}

interface Entry {
  readonly handle: Promise<FileHandle>;
  readonly size: Promise<number>;
  /** Both, as soon as they are known. */
  opened: Opened | null;
  users: number;
  /** Out of the table: closed by its last user. */
  isEvicted: boolean;
}

export class ReadHandles {
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #openMax: number;

  constructor(openMax = 64) {
    this.#openMax = openMax;
  }

  /** Runs `work` with the file open. Files are immutable, so their size is asked once. */
  async use<T>(path: string, work: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
    let entry = this.#entries.get(path);
    if (entry) {
      this.#entries.delete(path);
    } else {
      const handle = open(path, 'r');
      const size = handle.then(async (opened) => (await opened.stat()).size);
      const fresh: Entry = { handle, size, opened: null, users: 0, isEvicted: false };
      Promise.all([handle, size]).then(([opened, bytes]) => void (fresh.opened = { handle: opened, size: bytes }), () => undefined);
      entry = fresh;
    }
    this.#entries.set(path, entry);
    entry.users++;
    try {
      return await work(await entry.handle, await entry.size);
    } catch (error) {
      await entry.handle.catch(() => this.#forget(path, entry));
      throw error;
    } finally {
      entry.users--;
      if (entry.isEvicted && entry.users === 0) await close(entry);
      await this.#shrink();
    }
  }

  /** The file if it is open, to be used before anything else runs; null where it is not. */
  opened(path: string): Opened | null {
    const entry = this.#entries.get(path);
    if (!entry?.opened) return null;
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    return entry.opened;
  }

  async closeFile(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry) await this.#evict(path, entry);
  }

  async closeAll(): Promise<void> {
    for (const [path, entry] of [...this.#entries]) await this.#evict(path, entry);
  }

  async #shrink(): Promise<void> {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= this.#openMax) return;
      if (entry.users === 0) await this.#evict(path, entry);
    }
  }

  async #evict(path: string, entry: Entry): Promise<void> {
    this.#forget(path, entry);
    entry.isEvicted = true;
    if (entry.users === 0) await close(entry);
  }

  #forget(path: string, entry: Entry): void {
    if (this.#entries.get(path) === entry) this.#entries.delete(path);
  }
}

async function close(entry: Entry): Promise<void> {
  const handle = await entry.handle.catch(() => null);
  await handle?.close();
}
