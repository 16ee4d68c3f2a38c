/**
 * Encryption at rest, over any store: AES-GCM through Web Crypto, so with one promise for each block. What is sealed how is in
 * `docs/format/encrypted.md`; what an attacker who has the medium still sees, and can do, in `docs/media.md`.
 *
 * The user's key stays in this memory, and so does the data key, which the user's key wraps. Neither can be exported.
 */
import { ElanusError, isElanusError } from '../util/error.ts';
import { createDataKeys, openDataKeys, type DataKeys } from './encrypted/keys.ts';
import { openSealedFile, readSealedFile, sealFile, type SealedFile } from './encrypted/files.ts';
import { EncryptedLogs, type LogHost } from './encrypted/logs.ts';
import { EncryptedSharedLogs } from './encrypted/shared-logs.ts';
import { envelopeOf, envelopeWithin, sealRoot, unsealRoot, type PlainRoot } from './encrypted/root.ts';
import { KIND_CODE, KIND_NAME, readPreamble } from './preamble.ts';
import { rootChanged, sameBytes } from './refusals.ts';
import type { SharedAccess } from './shared/shared.ts';
import type { Store, StoreEstimate, StoreLock, StoreRoot } from './store.ts';

export interface EncryptedStoreOptions {
  /**
   * Damage is left to the readers of logs and root: they get bytes that are no log and no manifest. Where the root is damaged, but for the
   * envelope, the rest can be read.
   */
  readonly recover?: 'truncate';
}

/**
 * The plain view of an encrypted store, which belongs to it from now on. UNAUTHENTICATED where the key is another one than what is
 * there was encrypted with, INVALID_ARGUMENT where it was not encrypted; nothing is changed and the store is closed then.
 */
export async function openEncryptedStore(inner: Store, key: CryptoKey, options: EncryptedStoreOptions = {}): Promise<Store> {
  const store = new EncryptedStore(inner, key, options.recover === 'truncate');
  try {
    await store.root.read();
  } catch (error) {
    await inner.close();
    throw error;
  }
  return store;
}

/** What stands for a root that is damaged. */
const NO_ROOT = /* @__PURE__ */ new Uint8Array(32).fill(0xff);

/** Keys of so many files are kept. */
const FILES_MAX = 1_024;

class EncryptedStore implements Store {
  readonly logs: EncryptedLogs;
  readonly root: StoreRoot;
  readonly shared: SharedAccess | null;
  readonly #inner: Store;
  readonly #sharedLogs: EncryptedSharedLogs | null;
  readonly #userKey: CryptoKey;
  /** Null until a root was read or written. */
  #keys: DataKeys | null = null;
  #making: Promise<DataKeys> | null = null;
  #rootSequence = 0;
  #hasSwapped = false;
  readonly #files = new Map<string, Promise<SealedFile>>();

  constructor(inner: Store, userKey: CryptoKey, isForgiving: boolean) {
    this.#inner = inner;
    this.#userKey = userKey;
    const host: LogHost = {
      keys: () => this.#needKeys(),
      existingKeys: () => this.#existingKeys(),
      rootSequence: async (fresh) => {
        if (fresh) await this.#readRoot();
        return this.#rootSequence;
      },
    };
    this.logs = new EncryptedLogs(inner.logs, host, isForgiving);
    this.#sharedLogs = inner.shared && new EncryptedSharedLogs(inner.shared.logs, host);
    this.shared = inner.shared && { logs: this.#sharedLogs!, peers: inner.shared.peers };
    this.root = {
      read: async () => {
        try {
          return (await this.#readRoot())?.root.bytes ?? null;
        } catch (error) {
          if (isForgiving && isElanusError(error) && error.code === 'CORRUPT' && (await this.#salvageKeys())) return NO_ROOT.slice();
          throw error;
        }
      },
      swap: (expected, next) => this.#swapRoot(expected?.slice() ?? null, next.slice()),
    };
  }

  get sharedUrl(): string | null {
    return this.#inner.sharedUrl;
  }

  async read(name: string, from?: number, to?: number): Promise<Uint8Array> {
    return readSealedFile(this.#inner, name, await this.#file(name), from, to);
  }

  /** Nothing is decrypted at once. */
  readNow(): boolean {
    return false;
  }

  async size(name: string): Promise<number> {
    await this.#inner.size(name);
    return (await this.#file(name)).size;
  }

  async write(name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#files.delete(name);
    const keys = (): Promise<DataKeys> => this.#needKeys();
    async function* sealed(): AsyncIterable<Uint8Array> {
      yield* sealFile(await keys(), name, chunks);
    }
    await this.#inner.write(name, sealed());
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
    await this.#inner.remove(name);
  }

  list(): Promise<string[]> {
    return this.#inner.list();
  }

  lock(): Promise<StoreLock> {
    return this.#inner.lock();
  }

  estimate(): Promise<StoreEstimate> {
    return this.#inner.estimate();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  destroy(): Promise<void> {
    return this.#inner.destroy();
  }

  async #file(name: string): Promise<SealedFile> {
    const known = this.#files.get(name);
    if (known) return known;
    const opening = this.#openFile(name);
    this.#files.set(name, opening);
    if (this.#files.size > FILES_MAX) this.#files.delete(this.#files.keys().next().value!);
    try {
      return await opening;
    } catch (error) {
      if (this.#files.get(name) === opening) this.#files.delete(name);
      throw error;
    }
  }

  async #openFile(name: string): Promise<SealedFile> {
    // First, so that a file that is not there is NOT_FOUND.
    await this.#inner.size(name);
    const keys = await this.#existingKeys();
    if (!keys) throw new ElanusError('CORRUPT', `"${name}" is there, but no root that says how to decrypt it`, { file: name });
    return openSealedFile(this.#inner, keys, name);
  }

  /** Whether the keys could be had in spite of a damaged root. */
  async #salvageKeys(): Promise<boolean> {
    const stored = await this.#inner.root.read();
    const envelope = stored && envelopeWithin(stored);
    if (!envelope) return false;
    try {
      this.#keys = await openDataKeys(this.#userKey, envelope);
    } catch {
      return false;
    }
    // Its number is not known, so no log can be newer.
    this.#rootSequence = Number.MAX_SAFE_INTEGER;
    return true;
  }

  async #existingKeys(): Promise<DataKeys | null> {
    return this.#keys ?? (await this.#readRoot())?.keys ?? null;
  }

  /** The root as it is stored, and opened; null where nothing was ever written. */
  async #readRoot(): Promise<{ readonly stored: Uint8Array; readonly keys: DataKeys; readonly root: PlainRoot } | null> {
    const stored = await this.#inner.root.read();
    if (stored === null) return null;
    const head = readPreamble(stored);
    if (head && head.kind !== KIND_CODE.encrypted) {
      throw new ElanusError('INVALID_ARGUMENT', '"encryptionKey" was given for a database that is not encrypted: open it without, or copy its rows into one that is', { found: KIND_NAME.get(head.kind) ?? head.kind });
    }
    const envelope = envelopeOf(stored);
    let keys = this.#keys;
    if (!keys || !sameBytes(keys.envelope, envelope)) keys = await openDataKeys(this.#userKey, envelope);
    const root = await unsealRoot(keys, stored);
    this.#keys = keys;
    this.#rootSequence = Math.max(this.#rootSequence, root.sequence);
    return { stored, keys, root };
  }

  async #swapRoot(expected: Uint8Array | null, next: Uint8Array): Promise<void> {
    await this.#needKeys();
    const current = await this.#readRoot();
    if (!current || !sameBytes(current.root.bytes, expected)) throw rootChanged();
    if (!this.#hasSwapped) {
      await this.logs.checkRoots();
      await this.#sharedLogs?.checkRoots();
    }
    this.#hasSwapped = true;
    const sequence = current.root.sequence + 1;
    await this.#inner.root.swap(current.stored, await sealRoot(current.keys, { sequence, bytes: next }));
    this.#rootSequence = Math.max(this.#rootSequence, sequence);
  }

  /** The keys. Whoever needs them first makes them, and puts them where the root will be. */
  #needKeys(): Promise<DataKeys> {
    if (this.#keys) return Promise.resolve(this.#keys);
    this.#making ??= this.#makeKeys().finally(() => (this.#making = null));
    return this.#making;
  }

  async #makeKeys(): Promise<DataKeys> {
    const found = await this.#readRoot();
    if (found) return found.keys;
    const keys = await createDataKeys(this.#userKey);
    try {
      await this.#inner.root.swap(null, await sealRoot(keys, { sequence: 0, bytes: null }));
    } catch (error) {
      // Another thread was first: its keys are the ones.
      const others = isElanusError(error) && error.code === 'LOCKED' ? await this.#readRoot() : null;
      if (!others) throw error;
      return others.keys;
    }
    this.#keys = keys;
    return keys;
  }
}
