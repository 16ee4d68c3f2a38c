/**
 * Shared logs with sealed payloads. A payload is sealed before its transaction begins, in which nothing may be waited for: so it
 * is bound to its collection, and not to the place that it gets. Every opening seals with keys of its own, under random nonces.
 *
 *     0      32      44                            + 16
 *     | salt | nonce | sealed: root (u64) | payload | tag |
 */
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { PAYLOAD_BYTES_MAX, type SharedHead, type SharedRecord } from '../shared/format.ts';
import type { SharedAppendOptions, SharedDraft, SharedLogs, SharedPlace } from '../shared/shared.ts';
import { NONCE_BYTES, randomBytes, SALT_BYTES, seal, TAG_BYTES, unseal, type DataKeys } from './keys.ts';
import type { LogHost } from './logs.ts';

const HEAD_BYTES = SALT_BYTES + NONCE_BYTES;
const ROOT_BYTES = 8;
const OVERHEAD_BYTES = HEAD_BYTES + ROOT_BYTES + TAG_BYTES;

/** Keys of so many openings and collections are kept: a tab lives long, and so do others. */
const KEYS_MAX = 1_024;

export class EncryptedSharedLogs implements SharedLogs {
  readonly #inner: SharedLogs;
  readonly #host: LogHost;
  readonly #salt = randomBytes(SALT_BYTES);
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  constructor(inner: SharedLogs, host: LogHost) {
    this.#inner = inner;
    this.#host = host;
  }

  async append(collectionId: number, drafts: readonly SharedDraft[], options: SharedAppendOptions): Promise<(SharedPlace | null)[]> {
    const key = await this.#key(await this.#host.keys(), collectionId, this.#salt);
    const root = await this.#host.rootSequence(false);
    const sealed = await Promise.all(
      drafts.map(async (draft) => {
        const payload = await this.#seal(key, root, draft.payload);
        return { ...draft, payload, payloadCrc: crc32c(payload) };
      }),
    );
    return this.#inner.append(collectionId, sealed, options);
  }

  async read(collectionId: number, generation: number, after: number): Promise<{ head: SharedHead; records: SharedRecord[] } | null> {
    const found = await this.#inner.read(collectionId, generation, after);
    if (!found) return null;
    const keys = await this.#host.existingKeys();
    if (!keys && found.records.length > 0) throw corrupt(collectionId, 'is there, but no root that says how to decrypt it');
    let newest = 0n;
    const records = await Promise.all(
      found.records.map(async (record) => {
        const { root, payload } = await this.#unseal(keys!, collectionId, record);
        if (root > newest) newest = root;
        return { ...record, payload };
      }),
    );
    if (newest > BigInt(await this.#host.rootSequence(false)) && newest > BigInt(await this.#host.rootSequence(true))) {
      throw new ElanusError('CORRUPT', `"root" is older than the log of collection ${collectionId}: an older copy was put in its place`, { file: 'root', collectionId });
    }
    return { head: found.head, records };
  }

  lastSequence(collectionId: number): Promise<number> {
    return this.#inner.lastSequence(collectionId);
  }

  rotate(collectionId: number, birth: SharedAppendOptions['birth']): Promise<number> {
    return this.#inner.rotate(collectionId, birth);
  }

  drop(collectionId: number, generation: number): Promise<void> {
    return this.#inner.drop(collectionId, generation);
  }

  hold(collectionId: number, birth: SharedAppendOptions['birth']): Promise<void> {
    return this.#inner.hold(collectionId, birth);
  }

  letGo(collectionId: number): Promise<void> {
    return this.#inner.letGo(collectionId);
  }

  end(collectionId: number): Promise<void> {
    return this.#inner.end(collectionId);
  }

  list(): Promise<number[]> {
    return this.#inner.list();
  }

  tick(after: bigint): Promise<bigint> {
    return this.#inner.tick(after);
  }

  /** As of other logs: CORRUPT when one was written under a newer root. The last record of each is enough. */
  async checkRoots(): Promise<void> {
    for (const collectionId of await this.#inner.list()) {
      const last = await this.#inner.lastSequence(collectionId);
      if (last > 0) await this.read(collectionId, 0, last - 1);
    }
  }

  async #seal(key: CryptoKey, root: number, payload: Uint8Array): Promise<Uint8Array> {
    if (payload.length > PAYLOAD_BYTES_MAX - OVERHEAD_BYTES) {
      throw new ElanusError('INVALID_ARGUMENT', `an encrypted record expected at most ${PAYLOAD_BYTES_MAX - OVERHEAD_BYTES} bytes, got ${payload.length}`, { byteLength: payload.length });
    }
    const plain = new Uint8Array(ROOT_BYTES + payload.length);
    new DataView(plain.buffer).setBigUint64(0, BigInt(root), true);
    plain.set(payload, ROOT_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const sealed = await seal(key, nonce, plain);
    const whole = new Uint8Array(HEAD_BYTES + sealed.length);
    whole.set(this.#salt);
    whole.set(nonce, SALT_BYTES);
    whole.set(sealed, HEAD_BYTES);
    return whole;
  }

  async #unseal(keys: DataKeys, collectionId: number, { payload, sequence }: SharedRecord): Promise<{ root: bigint; payload: Uint8Array }> {
    if (payload.length < OVERHEAD_BYTES) throw corrupt(collectionId, `has a record ${sequence} that is too short to be encrypted`);
    const key = await this.#key(keys, collectionId, payload.subarray(0, SALT_BYTES));
    const plain = await unseal(key, payload.subarray(SALT_BYTES, HEAD_BYTES), payload.subarray(HEAD_BYTES));
    if (!plain) throw corrupt(collectionId, `has a record ${sequence} that was changed since it was encrypted`);
    return { root: new DataView(plain.buffer).getBigUint64(0, true), payload: plain.slice(ROOT_BYTES) };
  }

  #key(keys: DataKeys, collectionId: number, salt: Uint8Array): Promise<CryptoKey> {
    const id = `${collectionId} ${salt.join()}`;
    let key = this.#keys.get(id);
    if (!key) {
      if (this.#keys.size === KEYS_MAX) this.#keys.clear();
      this.#keys.set(id, (key = keys.derive(`shared ${collectionId}`, salt)));
    }
    return key;
  }
}

const corrupt = (collectionId: number, what: string): ElanusError => new ElanusError('CORRUPT', `the log of collection ${collectionId} ${what}`, { collectionId });
