/** The option `--key-file`: commands over encrypted databases. */
import { toEncryptionKey } from '../api/encryption-key.ts';
import { openEncryptedStore } from '../storage/encrypted.ts';
import { ElanusError } from '../util/error.ts';
import type { Environment } from './environment.ts';

const KEY_BYTES = 32;

/** The environment with stores in plain view, and those that are made encrypted; the same one without a file. */
export async function withKey(environment: Environment, keyFile: string | undefined): Promise<Environment> {
  const bytes = await encryptionKeyIn(environment, keyFile);
  if (bytes === undefined) return environment;
  const key = await toEncryptionKey(bytes);
  return {
    ...environment,
    // Damage in logs is for the commands to report.
    openStore: async (href, options) => openEncryptedStore(await environment.openStore(href, options), key, { recover: 'truncate' }),
  };
}

/** The 32 bytes of a key; undefined without a file. */
export async function encryptionKeyIn(environment: Environment, keyFile: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (keyFile === undefined) return undefined;
  const bytes = await environment.readFile(keyFile).catch((cause: unknown) => {
    throw new ElanusError('INVALID_ARGUMENT', `"--key-file" expected a file that can be read, got ${JSON.stringify(keyFile)}`, {}, { cause });
  });
  return Uint8Array.from(keyIn(bytes));
}

/** As bytes, or in hexadecimal digits. */
function keyIn(bytes: Uint8Array): Uint8Array {
  if (bytes.length === KEY_BYTES) return bytes;
  const digits = new TextDecoder().decode(bytes).trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) throw new ElanusError('INVALID_ARGUMENT', `"--key-file" expected ${KEY_BYTES} bytes or ${2 * KEY_BYTES} hexadecimal digits, got ${bytes.length} bytes`);
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
