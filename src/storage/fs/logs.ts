/** Logs of a folder: one file each, appended to through a handle that stays open, made durable by fdatasync. */
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { checkName } from '../refusals.ts';
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
  /** Work on each log in the order of the calls. */
  readonly #queues = new Map<string, Promise<unknown>>();

  /** `check` throws when the store is closed, or read-only and about to be written. */
  constructor(folder: string, check: (writing: boolean) => void) {
    this.#folder = folder;
    this.#check = check;
  }

  append(name: string, bytes: Uint8Array, durable = false): Promise<void> {
    return this.#queue(name, true, async () => {
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
    return this.#queue(name, true, async () => {
      const log = this.#open.get(name);
      if (log) await this.#sync(log);
    });
  }

  read(name: string): Promise<Uint8Array> {
    return this.#queue(name, false, async () => {
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
    return this.#queue(name, true, async () => {
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
    await Promise.allSettled(this.#queues.values());
    for (const name of [...this.#open.keys()]) await this.#closeLog(name);
  }

  async #queue<T>(name: string, writing: boolean, work: () => Promise<T>): Promise<T> {
    this.#check(writing);
    checkName(name);
    const previous = this.#queues.get(name) ?? Promise.resolve();
    const mine = previous.then(work, work);
    this.#queues.set(name, mine);
    try {
      return await mine;
    } catch (error) {
      throw fsError(error, writing ? 'write the log' : 'read the log', this.#path(name));
    } finally {
      if (this.#queues.get(name) === mine) this.#queues.delete(name);
    }
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
