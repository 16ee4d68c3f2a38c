/** The bytes of a latent space: `docs/format/latent-space.md`. What is read is hostile. */
import { NO_ROW, refuse, show } from '../schema/refuse.ts';
import { ByteReader, ByteWriter } from '../util/bytes.ts';
import { crc32c } from '../util/crc32c.ts';
import { ElanusError } from '../util/error.ts';
import { WORD_LENGTH_MAX } from './words.ts';

const MAGIC = 'ELAT';
const VERSION = 1;
const HEADER_BYTES = 32;
export const DIM_MAX = 1024;
export const TERMS_MAX = 200_000;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const WORD_BYTES_MAX = WORD_LENGTH_MAX * 3;

/** Bits of an element: integers up to 16, f32. Up to 8 they take a byte each, which compresses to less the fewer they are. */
export type LatentBits = 4 | 5 | 6 | 7 | 8 | 16 | 32;
const BITS: readonly unknown[] = [4, 5, 6, 7, 8, 16, 32];

/** What a space consists of. */
export interface LatentContent {
  readonly dim: number;
  /** How many texts it was fitted to. */
  readonly documents: number;
  /** See `contentHash`. */
  readonly hash: number;
  /** Ascending. */
  readonly words: readonly string[];
  /** f32, shape (words, dim): what a word adds to its text's vector. */
  readonly projection: Float32Array;
}

/** Of words and projection in full precision; a file keeps it whatever its bits, so that a space is itself after it was written and read. */
export function contentHash({ words, projection }: Pick<LatentContent, 'words' | 'projection'>): number {
  const letters = new TextEncoder().encode(words.join('\n'));
  return crc32c(bytesOf(projection), 0, projection.byteLength, crc32c(letters));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

export function bitsOf(value: unknown): LatentBits {
  if (!BITS.includes(value)) refuse('bits', NO_ROW, 'one of 4, 5, 6, 7, 8, 16, 32', show(value));
  return value as LatentBits;
}

const elementBytes = (bits: LatentBits): number => (bits <= 8 ? 1 : bits / 8);

export function writeLatent({ dim, documents, hash, words, projection }: LatentContent, bits: LatentBits): Uint8Array<ArrayBuffer> {
  const terms = words.length;
  const writer = new ByteWriter(HEADER_BYTES + terms * (dim * elementBytes(bits) + 12) + 4);
  const front = frontCoded(words);
  writer.bytes(new TextEncoder().encode(MAGIC));
  for (const value of [VERSION, dim, terms, bits, documents, hash, front.rest.length]) writer.u32(value);
  writer.bytes(front.shared).bytes(front.added).bytes(front.rest);
  if (bits === 32) writer.bytes(bytesOf(projection));
  else {
    const levels = 2 ** (bits - 1) - 1;
    const scales = Float32Array.from({ length: terms }, (_, term) => scaleOf(projection.subarray(term * dim, (term + 1) * dim), levels));
    const halves = new Uint32Array(scales.buffer);
    for (const half of halves) writer.u16(half >>> 16);
    const codes = bits === 16 ? new Int16Array(terms * dim) : new Int8Array(terms * dim);
    scales.forEach((scale, term) => {
      if (scale === 0) return;
      for (let at = term * dim; at < (term + 1) * dim; at++) codes[at] = Math.max(-levels, Math.min(levels, Math.round(projection[at]! / scale)));
    });
    writer.bytes(new Uint8Array(codes.buffer));
  }
  const body = writer.finish();
  return writer.u32(crc32c(body)).finish();
}

/** Largest magnitude / levels, rounded up to the upper half of an f32's bits. */
function scaleOf(row: Float32Array, levels: number): number {
  let largest = 0;
  for (let d = 0; d < row.length; d++) largest = Math.max(largest, Math.abs(row[d]!));
  const scale = Float32Array.of(largest / levels);
  const bits = new Uint32Array(scale.buffer);
  bits[0] = (bits[0]! + 0xffff) & 0xffff_0000;
  return scale[0]!;
}

/** Each word as how many bytes it shares with the one before, and the rest; lengths apart from letters, which compresses better. */
function frontCoded(words: readonly string[]): { shared: Uint8Array; added: Uint8Array; rest: Uint8Array } {
  const shared = new Uint8Array(words.length), added = new Uint8Array(words.length);
  const rest = new ByteWriter(words.length * 6);
  const encoder = new TextEncoder();
  let before = new Uint8Array(0);
  words.forEach((word, i) => {
    const bytes = encoder.encode(word);
    let same = 0;
    while (same < before.length && same < bytes.length && bytes[same] === before[same]) same++;
    shared[i] = same;
    added[i] = bytes.length - same;
    rest.bytes(bytes.subarray(same));
    before = bytes;
  });
  return { shared, added, rest: rest.finish() };
}

const corrupt = (what: string): ElanusError => new ElanusError('CORRUPT', `these bytes are no latent space: ${what}`);

/** CORRUPT for bytes that `writeLatent` did not write, FORMAT_UNSUPPORTED for those of another version. */
export function readLatent(bytes: Uint8Array): LatentContent {
  if (bytes.length < HEADER_BYTES + 4) throw corrupt(`${bytes.length} bytes are too few`);
  const reader = new ByteReader(bytes, 'latent space');
  if (String.fromCharCode(...reader.bytes(4)) !== MAGIC) throw corrupt('another beginning');
  const version = reader.u32();
  if (version !== VERSION) throw new ElanusError('FORMAT_UNSUPPORTED', `a latent space of version ${version} was written by another release; this one reads ${VERSION}`);
  const dim = reader.u32(), terms = reader.u32(), bits = reader.u32(), documents = reader.u32(), hash = reader.u32(), restBytes = reader.u32();
  if (dim < 2 || dim > DIM_MAX || terms < 1 || terms > TERMS_MAX || !BITS.includes(bits)) throw corrupt(`${terms} terms of ${dim} dimensions in ${bits} bits`);
  const elements = terms * dim;
  const expected = HEADER_BYTES + 2 * terms + restBytes + (bits === 32 ? 0 : 2 * terms) + elements * elementBytes(bits as LatentBits) + 4;
  if (bytes.length !== expected) throw corrupt(`expected ${expected} bytes, got ${bytes.length}`);
  const end = bytes.length - 4;
  if (new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true) !== crc32c(bytes, 0, end)) throw corrupt('the checksum differs');
  const words = readWords(reader, terms, restBytes);
  let projection: Float32Array;
  if (bits === 32) projection = new Float32Array(reader.copy(elements * 4).buffer);
  else {
    const halves = Uint32Array.from(new Uint16Array(reader.copy(terms * 2).buffer), (half) => half << 16);
    const scales = new Float32Array(halves.buffer);
    const copy = reader.copy(elements * elementBytes(bits as LatentBits)).buffer;
    const codes = bits === 16 ? new Int16Array(copy) : new Int8Array(copy);
    projection = new Float32Array(elements);
    for (let term = 0; term < terms; term++) for (let at = term * dim; at < (term + 1) * dim; at++) projection[at] = codes[at]! * scales[term]!;
  }
  // A difference of finite numbers; NaN for others, and then for all that follow.
  let zero = 0;
  for (let i = 0; i < elements; i++) zero += projection[i]! - projection[i]!;
  if (zero !== 0) throw corrupt('an element is no finite number');
  return { dim, documents, hash, words, projection };
}

function readWords(reader: ByteReader, terms: number, restBytes: number): string[] {
  const shared = reader.bytes(terms), added = reader.bytes(terms), rest = reader.bytes(restBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const word = new Uint8Array(WORD_BYTES_MAX);
  const words: string[] = [];
  let length = 0, at = 0;
  for (let i = 0; i < terms; i++) {
    const from = shared[i]!, count = added[i]!;
    if (from > length || from + count > WORD_BYTES_MAX || at + count > rest.length) throw corrupt(`the length of word ${i}`);
    word.set(rest.subarray(at, at + count), from);
    at += count;
    length = from + count;
    try {
      words.push(decoder.decode(word.subarray(0, length)));
    } catch {
      throw corrupt(`word ${i} is no UTF-8`);
    }
  }
  if (at !== rest.length) throw corrupt('bytes behind the last word');
  return words;
}

export { corrupt as corruptLatent };
