/** Logs of a folder: one file each, appended to through a handle that stays open, made durable by fdatasync. */
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { LogQueues } from '../log-queues.ts';
import type { StoreLogs } from '../store.ts';
import { errnoOf, fsError } from './errors.ts';
import { readFully, syncFolder, writeFully } from './io.ts';

interface OpenLog {
  readonly handle: FileHandle;
  /** Bytes of whole appends; where the next one begins. */
  size: number;
  /** The file's name is not durable yet. */
  isNew: boolean;
}

export class FolderLogs implements StoreLogs {
  readonly #folder: string;
  readonly #check: (writing: boolean) => void;
  readonly #open = new Map<string, OpenLog>();
  readonly #queues: LogQueues;

  /** `check` throws when the store is closed, or read-only and about to be written. */
  constructor(folder: string, check: (writing: boolean) => void) {
    this.#folder = folder;
    this.#check = check;
    this.#queues = new LogQueues({ check, toError: (error, doing, name) => fsError(error, doing, this.#path(name)) });
  }

  append(name: string, bytes: Uint8Array, durable = false): Promise<void> {
    return this.#queues.run(name, true, async () => {
      const log = await this.#openLog(name);
      try {
        await writeFully(log.handle, bytes);
      } catch (error) {
        // A full disk leaves part of the bytes; take them back so that the log ends with a whole append.
        await log.handle.truncate(log.size).catch(() => undefined);
        throw error;
      }
      log.size += bytes.length;
      if (durable) await this.#sync(log);
    });
  }

  sync(name: string): Promise<void> {
    return this.#queues.run(name, true, async () => {
      const log = this.#open.get(name);
      if (log) await this.#sync(log);
    });
  }

  read(name: string): Promise<Uint8Array> {
    return this.#queues.run(name, false, async () => {
      let handle: FileHandle;
      try {
        handle = await open(this.#path(name), 'r');
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return new Uint8Array(0);
        throw error;
      }
      try {
        const bytes = new Uint8Array((await handle.stat()).size);
        const length = await readFully(handle, bytes, 0);
        return length === bytes.length ? bytes : bytes.slice(0, length);
      } finally {
        await handle.close();
      }
    });
  }

  drop(name: string): Promise<void> {
    return this.#queues.run(name, true, async () => {
      await this.#closeLog(name);
      await unlink(this.#path(name)).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
    });
  }

  async list(): Promise<string[]> {
    this.#check(false);
    return readdir(this.#folder).catch((error: unknown) => {
      throw fsError(error, 'list', this.#folder);
    });
  }

  async close(): Promise<void> {
    await this.#queues.idle();
    for (const name of [...this.#open.keys()]) await this.#closeLog(name);
  }

  async #openLog(name: string): Promise<OpenLog> {
    const found = this.#open.get(name);
    if (found) return found;
    const handle = await open(this.#path(name), 'a');
    const log: OpenLog = { handle, size: (await handle.stat()).size, isNew: true };
    this.#open.set(name, log);
    return log;
  }

  async #sync(log: OpenLog): Promise<void> {
    await log.handle.datasync();
    if (log.isNew) await syncFolder(this.#folder);
    log.isNew = false;
  }

  async #closeLog(name: string): Promise<void> {
    const log = this.#open.get(name);
    this.#open.delete(name);
    await log?.handle.close();
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
