/** Open files for reading, few at a time. A handle is closed only when no read uses it: file numbers are given out again. */
import { open, type FileHandle } from 'node:fs/promises';

interface Entry {
  readonly handle: Promise<FileHandle>;
  readonly size: Promise<number>;
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
      entry = { handle, size: handle.then(async (opened) => (await opened.stat()).size), users: 0, isEvicted: false };
      entry.size.catch(() => undefined);
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
