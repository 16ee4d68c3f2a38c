/**
 * A file in sealed blocks, so that any part can be read without the rest. Its key comes from its name and a random salt, so a
 * block of another file, or of this one in another place, does not open; the end is sealed with the length, so a file that was cut
 * does not either.
 *
 *     0          16     48                        48 + n blocks
 *     | preamble | salt | blocks of 32 KiB + 16 … | tag of the end |
 *     | kind 9   |      | the last one shorter    | 16 bytes       |
 */
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { checkRange } from '../refusals.ts';
import type { Store } from '../store.ts';
import { FORMAT_VERSION, VERSIONS } from './format.ts';
import { countedNonce, randomBytes, SALT_BYTES, seal, TAG_BYTES, unseal, type DataKeys } from './keys.ts';

export const BLOCK_BYTES = 32 * 1024;
const SEALED_BYTES = BLOCK_BYTES + TAG_BYTES;
const HEAD_BYTES = PREAMBLE_BYTES + SALT_BYTES;
const END = 0xffff_ffff;
/** So many blocks are read, or sealed, at a time: enough to keep the cipher busy. */
const GROUP_BLOCKS = 16;

export interface SealedFile {
  /** Bytes of what was sealed. */
  readonly size: number;
  readonly key: CryptoKey;
}

/** CORRUPT where the file is not whole, or not the one of that name. */
export async function openSealedFile(store: Store, keys: DataKeys, name: string): Promise<SealedFile> {
  const stored = await store.size(name);
  const body = stored - HEAD_BYTES - TAG_BYTES;
  const size = body - Math.ceil(body / SEALED_BYTES) * TAG_BYTES;
  if (body < 0 || (body % SEALED_BYTES !== 0 && body % SEALED_BYTES <= TAG_BYTES)) throw corrupt(name, 'was cut', 0, stored);
  const head = await store.read(name, 0, HEAD_BYTES);
  checkPreamble(name, head, 'encrypted', VERSIONS);
  const key = await keys.derive(`file ${name}`, head.subarray(PREAMBLE_BYTES));
  const end = await store.read(name, stored - TAG_BYTES, stored);
  if (!(await unseal(key, countedNonce(END), end, lengthField(size)))) throw corrupt(name, 'was cut, or is another file than the one of that name', stored - TAG_BYTES, stored);
  return { size, key };
}

export async function readSealedFile(store: Store, name: string, { size, key }: SealedFile, from?: number, to?: number): Promise<Uint8Array> {
  const range = checkRange(name, size, from, to);
  const target = new Uint8Array(range.to - range.from);
  const last = Math.ceil(range.to / BLOCK_BYTES);
  for (let first = Math.floor(range.from / BLOCK_BYTES); first < last && target.length > 0; first += GROUP_BLOCKS) {
    const count = Math.min(GROUP_BLOCKS, last - first);
    const start = HEAD_BYTES + first * SEALED_BYTES;
    const sealed = await store.read(name, start, HEAD_BYTES + Math.min((first + count) * SEALED_BYTES, size + Math.ceil(size / BLOCK_BYTES) * TAG_BYTES));
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const plain = await unseal(key, countedNonce(first + i), sealed.subarray(i * SEALED_BYTES, (i + 1) * SEALED_BYTES));
        if (!plain) throw corrupt(name, 'was changed since it was encrypted', start + i * SEALED_BYTES, start + (i + 1) * SEALED_BYTES);
        const at = (first + i) * BLOCK_BYTES;
        const begin = Math.max(at, range.from);
        target.set(plain.subarray(begin - at, Math.min(range.to, at + plain.length) - at), begin - range.from);
      }),
    );
  }
  return target;
}

/** The file in bytes, chunk by chunk. What the source of the chunks throws comes through. */
export async function* sealFile(keys: DataKeys, name: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const key = await keys.derive(`file ${name}`, salt);
  yield encodePreamble('encrypted', FORMAT_VERSION);
  yield salt;
  let block = new Uint8Array(BLOCK_BYTES);
  let held = 0;
  let count = 0;
  let size = 0;
  let group: Promise<Uint8Array>[] = [];
  const put = (plain: Uint8Array): void => void group.push(seal(key, countedNonce(count++), plain));
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(BLOCK_BYTES - held, chunk.length - at);
      block.set(chunk.subarray(at, at + take), held);
      held += take;
      at += take;
      if (held < BLOCK_BYTES) continue;
      if (count === END - 1) throw new ElanusError('INVALID_ARGUMENT', `"${name}" expected at most ${END} blocks of ${BLOCK_BYTES} bytes`, { file: name });
      put(block);
      block = new Uint8Array(BLOCK_BYTES);
      held = 0;
      if (group.length < GROUP_BLOCKS) continue;
      yield* await Promise.all(group);
      group = [];
    }
    size += chunk.length;
  }
  if (held > 0) put(block.subarray(0, held));
  yield* await Promise.all(group);
  yield seal(key, countedNonce(END), new Uint8Array(0), lengthField(size));
}

function lengthField(size: number): Uint8Array {
  const field = new Uint8Array(8);
  new DataView(field.buffer).setBigUint64(0, BigInt(size), true);
  return field;
}

const corrupt = (name: string, what: string, from: number, to: number): ElanusError => new ElanusError('CORRUPT', `"${name}" ${what}`, { file: name, from, to });
