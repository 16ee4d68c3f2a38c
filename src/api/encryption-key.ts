/** The option `encryptionKey`, loaded when it is used. */
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { ElanusError } from '../util/error.ts';

const KEY_BYTES = 32;

/** Raw bytes are copied into a key that cannot be exported again. */
export async function toEncryptionKey(given: unknown): Promise<CryptoKey> {
  const expected = `a CryptoKey for AES-GCM of 256 bits that may encrypt and decrypt, or ${KEY_BYTES} bytes`;
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) {
    if (given.byteLength !== KEY_BYTES) refuse('encryptionKey', NO_ROW, expected, `${given.byteLength} bytes`);
    const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
    if (!subtle) throw new ElanusError('NOT_SUPPORTED', '"encryptionKey" needs Web Crypto, which this page has not: serve it over https or from localhost');
    return subtle.importKey('raw', given as BufferSource, 'AES-GCM', false, ['encrypt', 'decrypt']);
  }
  if (Object.prototype.toString.call(given) !== '[object CryptoKey]') refuse('encryptionKey', NO_ROW, expected, show(given));
  const { algorithm, usages } = given as CryptoKey;
  const { name, length } = algorithm as Partial<AesKeyAlgorithm>;
  if (name !== 'AES-GCM' || length !== 8 * KEY_BYTES || !usages.includes('encrypt') || !usages.includes('decrypt')) {
    refuse('encryptionKey', NO_ROW, expected, `a CryptoKey for ${name}${length === undefined ? '' : ` of ${length} bits`} that may ${usages.join(', ') || 'nothing'}`);
  }
  return given as CryptoKey;
}
