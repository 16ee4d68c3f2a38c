/** Logs in the origin private file system: one file each, appended to through a handle that stays open and shuts other writers out. */
import { LogQueues } from '../log-queues.ts';
import type { StoreLogs } from '../store.ts';
import { opfsError } from './errors.ts';
import { namesIn, readFully, readWhole, removeIfThere, whenFree, writeFully, type Folder, type SyncFile } from './file-system.ts';

interface OpenLog {
  readonly file: SyncFile;
  /** Bytes of whole appends; where the next one begins. */
  size: number;
}

export class OpfsLogs implements StoreLogs {
  readonly #folder: Folder;
  readonly #check: (writing: boolean) => void;
  readonly #open = new Map<string, OpenLog>();
  readonly #queues: LogQueues;

  /** `check` throws when the store is closed, or read-only and about to be written. */
  constructor(folder: Folder, check: (writing: boolean) => void) {
    this.#folder = folder;
    this.#check = check;
    this.#queues = new LogQueues({ check, toError: opfsError });
  }

  append(name: string, bytes: Uint8Array, durable = false): Promise<void> {
    return this.#queues.run(name, true, async () => {
      const log = await this.#openLog(name);
      try {
        writeFully(log.file, bytes, log.size);
      } catch (error) {
        // Where room ends, part of the bytes may be there; take them back so that the log ends with a whole append.
        log.file.truncate(log.size);
        throw error;
      }
      log.size += bytes.length;
      if (durable) log.file.flush();
    });
  }

  sync(name: string): Promise<void> {
    return this.#queues.run(name, true, async () => this.#open.get(name)?.file.flush());
  }

  read(name: string): Promise<Uint8Array> {
    return this.#queues.run(name, false, async () => {
      const log = this.#open.get(name);
      if (!log) return (await readWhole(this.#folder, name)) ?? new Uint8Array(0);
      const bytes = new Uint8Array(log.size);
      readFully(log.file, bytes, 0);
      return bytes;
    });
  }

  drop(name: string): Promise<void> {
    return this.#queues.run(name, true, async () => {
      this.#close(name);
      await whenFree(() => removeIfThere(this.#folder, name));
    });
  }

  async list(): Promise<string[]> {
    this.#check(false);
    return namesIn(this.#folder).catch((error: unknown) => {
      throw opfsError(error, 'list', 'logs');
    });
  }

  async close(): Promise<void> {
    await this.#queues.idle();
    for (const name of [...this.#open.keys()]) this.#close(name);
  }

  async #openLog(name: string): Promise<OpenLog> {
    const found = this.#open.get(name);
    if (found) return found;
    const entry = await this.#folder.getFileHandle(name, { create: true });
    const file = await whenFree(() => entry.createSyncAccessHandle());
    const log = { file, size: file.getSize() };
    this.#open.set(name, log);
    return log;
  }

  #close(name: string): void {
    this.#open.get(name)?.file.close();
    this.#open.delete(name);
  }
}
