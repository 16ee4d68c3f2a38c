/** The key of an encrypted database: never on the command line, which other users of a machine can see. */
import { ElanusError } from '../util/error.ts';
import type { Environment } from './environment.ts';

const KEY_BYTES = 32;
export const KEY_VARIABLE = 'ELANUS_KEY';

/** From a file, or else from the environment; null where there is none. */
export async function readKey(file: string | undefined, environment: Environment): Promise<Uint8Array | null> {
  const text = environment.variable(KEY_VARIABLE);
  if (file === undefined) return text === undefined || text === '' ? null : parseKey(new TextEncoder().encode(text), KEY_VARIABLE);
  let bytes: Uint8Array;
  try {
    bytes = await environment.readFile(file);
  } catch (cause) {
    throw new ElanusError('NOT_FOUND', `"--key-file" expected a file that can be read, got ${JSON.stringify(file)}`, { path: file }, { cause });
  }
  return parseKey(bytes, '--key-file');
}

/** The bytes themselves, or their hexadecimal digits. The message never shows what it got. */
function parseKey(bytes: Uint8Array, label: string): Uint8Array {
  if (bytes.length === KEY_BYTES) return bytes;
  const digits = new TextDecoder().decode(bytes.subarray(0, 2 * KEY_BYTES + 2)).trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) throw new ElanusError('INVALID_ARGUMENT', `"${label}" expected ${KEY_BYTES} bytes, or ${2 * KEY_BYTES} hexadecimal digits, got ${bytes.length} bytes of something else`);
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
