/** A key for the option `encryptionKey`, the same for the same number. */
export const aesKey = (number: number): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new Uint8Array(32).fill(number), 'AES-GCM', false, ['encrypt', 'decrypt']);
