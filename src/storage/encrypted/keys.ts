/**
 * Keys of an encrypted database. The user's key does one thing: it wraps a random data key, which lies beside the root
 * (the envelope). From the data key and a random salt of its own every file, log and root gets a key that is used for it alone, so
 * that counting nonces from zero repeats none, whatever crashed and however many write.
 */
import { ElanusError } from '../../util/error.ts';

/** Nonce (12) | the data key under the user's key (32 + 16). */
export const ENVELOPE_BYTES = 60;
export const SALT_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const DATA_KEY_BYTES = 32;
const ENVELOPE_PURPOSE = /* @__PURE__ */ new TextEncoder().encode('elanus envelope 1');

/** What a derived key is for. Persisted: never change. */
export type Purpose = 'root' | `file ${string}` | `log ${string}` | `shared ${number}`;

export interface DataKeys {
  readonly envelope: Uint8Array;
  /** The key for one purpose and salt; the same for the same two. */
  derive(purpose: Purpose, salt: Uint8Array): Promise<CryptoKey>;
}

/** A data key of a database to be. */
export async function createDataKeys(userKey: CryptoKey): Promise<DataKeys> {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const wrapped = await subtle().encrypt({ name: 'AES-GCM', iv: nonce, additionalData: ENVELOPE_PURPOSE }, userKey, dataKey);
  const envelope = new Uint8Array(ENVELOPE_BYTES);
  envelope.set(nonce);
  envelope.set(new Uint8Array(wrapped), NONCE_BYTES);
  return dataKeys(envelope, dataKey);
}

/** UNAUTHENTICATED when the envelope was not made with this key. */
export async function openDataKeys(userKey: CryptoKey, envelope: Uint8Array): Promise<DataKeys> {
  let dataKey: ArrayBuffer;
  try {
    dataKey = await subtle().decrypt({ name: 'AES-GCM', iv: view(envelope, 0, NONCE_BYTES), additionalData: ENVELOPE_PURPOSE }, userKey, view(envelope, NONCE_BYTES, ENVELOPE_BYTES));
  } catch (cause) {
    throw new ElanusError('UNAUTHENTICATED', '"encryptionKey" is not the key that this database was encrypted with', {}, { cause });
  }
  return dataKeys(envelope.slice(), new Uint8Array(dataKey));
}

/** Takes the data key, which is wiped. */
async function dataKeys(envelope: Uint8Array, dataKey: Uint8Array<ArrayBuffer>): Promise<DataKeys> {
  const master = await subtle().importKey('raw', dataKey, 'HKDF', false, ['deriveKey']);
  dataKey.fill(0);
  return {
    envelope,
    derive: (purpose, salt) =>
      subtle().deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: salt as BufferSource, info: new TextEncoder().encode(`elanus ${purpose}`) }, master, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
  };
}

/** The n-th nonce of a key that is used for one thing. */
export function countedNonce(n: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(8, n, true);
  return nonce;
}

export async function seal(key: CryptoKey, nonce: Uint8Array, plain: Uint8Array, associated?: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv: nonce as BufferSource, additionalData: (associated ?? new Uint8Array(0)) as BufferSource }, key, plain as BufferSource));
}

/** Null when the bytes are not what was sealed with this key, nonce and associated data. */
export async function unseal(key: CryptoKey, nonce: Uint8Array, sealed: Uint8Array, associated?: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await subtle().decrypt({ name: 'AES-GCM', iv: nonce as BufferSource, additionalData: (associated ?? new Uint8Array(0)) as BufferSource }, key, sealed as BufferSource));
  } catch {
    return null;
  }
}

export const randomBytes = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count));

const view = (bytes: Uint8Array, from: number, to: number): BufferSource => bytes.subarray(from, to) as BufferSource;

/** NOT_SUPPORTED on insecure pages, which have no Web Crypto. */
function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!found) throw new ElanusError('NOT_SUPPORTED', '"encryptionKey" needs Web Crypto, which this page has not: serve it over https or from localhost');
  return found;
}
