/**
 * The root of an encrypted database.
 *
 *     0          16         76     108        112          112 + length   + 4
 *     | preamble | envelope | salt | length   | sealed     | crc32c       |
 *     | kind 9   | 60 bytes |      | u32      |            | of all above |
 *
 *     sealed: sequence (u64) | 1 or 0: there is a root or none yet (u8) | the root
 */
import { ByteReader, ByteWriter } from '../../util/bytes.ts';
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError } from '../../util/error.ts';
import { checkPreamble, encodePreamble, PREAMBLE_BYTES } from '../preamble.ts';
import { FORMAT_VERSION, VERSIONS } from './format.ts';
import { countedNonce, ENVELOPE_BYTES, randomBytes, SALT_BYTES, seal, unseal, type DataKeys } from './keys.ts';

const TITLE = 'root';
const HEAD_BYTES = PREAMBLE_BYTES + ENVELOPE_BYTES;

export interface PlainRoot {
  /** Grows by one with every swap. */
  readonly sequence: number;
  readonly bytes: Uint8Array | null;
}

export async function sealRoot(keys: DataKeys, { sequence, bytes }: PlainRoot): Promise<Uint8Array> {
  const plain = new ByteWriter(9 + (bytes?.length ?? 0)).u64(BigInt(sequence)).u8(bytes ? 1 : 0);
  if (bytes) plain.bytes(bytes);
  const salt = randomBytes(SALT_BYTES);
  const head = new ByteWriter(HEAD_BYTES).bytes(encodePreamble('encrypted', FORMAT_VERSION)).bytes(keys.envelope).finish();
  // The salt is new with every swap, and the key with it: so there is but one nonce.
  const sealed = await seal(await keys.derive('root', salt), countedNonce(0), plain.finish(), head);
  const writer = new ByteWriter(HEAD_BYTES + SALT_BYTES + sealed.length + 8).bytes(head).bytes(salt).u32(sealed.length).bytes(sealed);
  return writer.u32(crc32c(writer.finish())).finish();
}

/** The envelope in a root. CORRUPT or FORMAT_UNSUPPORTED; what is sealed is not looked at. */
export function envelopeOf(container: Uint8Array): Uint8Array {
  return parse(container).envelope;
}

/** Where an envelope lies in a root, damaged or not; null in one that is too short. Whoever opens it finds out whether it is whole. */
export const envelopeWithin = (container: Uint8Array): Uint8Array | null => (container.length < HEAD_BYTES ? null : container.slice(PREAMBLE_BYTES, HEAD_BYTES));

/** CORRUPT where it is not a root sealed with these keys. */
export async function unsealRoot(keys: DataKeys, container: Uint8Array): Promise<PlainRoot> {
  const { salt, sealed } = parse(container);
  const plain = await unseal(await keys.derive('root', salt), countedNonce(0), sealed, container.subarray(0, HEAD_BYTES));
  if (!plain) throw new ElanusError('CORRUPT', '"root" was changed since it was encrypted', { file: TITLE });
  const reader = new ByteReader(plain, TITLE);
  const sequence = reader.count64();
  const isThere = reader.u8() === 1;
  return { sequence, bytes: isThere ? reader.copy(reader.remaining) : null };
}

function parse(container: Uint8Array): { readonly envelope: Uint8Array; readonly salt: Uint8Array; readonly sealed: Uint8Array } {
  checkPreamble(TITLE, container, 'encrypted', VERSIONS);
  const reader = new ByteReader(container, TITLE);
  reader.bytes(PREAMBLE_BYTES);
  const envelope = reader.bytes(ENVELOPE_BYTES);
  const salt = reader.bytes(SALT_BYTES);
  const sealed = reader.bytes(reader.u32());
  const checksum = reader.u32();
  reader.end();
  // It tells damage from another key.
  if (checksum !== crc32c(container, 0, container.length - 4)) throw new ElanusError('CORRUPT', '"root" is damaged: its checksum does not match', { file: TITLE });
  return { envelope, salt, sealed };
}
