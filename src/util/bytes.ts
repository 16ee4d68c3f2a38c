/**
 * Little-endian fields, written and read one by one: no struct is ever dumped. The writer asserts that a value fits
 * its field (ours to get right); the reader treats its input as hostile and answers `CORRUPT`.
 */
import { assert } from './assert.ts';
import { ElanusError } from './error.ts';

const U32_MAX = 0xffff_ffff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** A growing buffer of fields. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialCapacity = 256) {
    this.#bytes = new Uint8Array(initialCapacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff, 'a u8 field holds 0 to 255');
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, 'a u16 field holds 0 to 65,535');
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= U32_MAX, 'a u32 field holds 0 to 2^32 - 1');
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    assert((value | 0) === value, 'an i32 field holds -2^31 to 2^31 - 1');
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    assert(value >= 0n && value <= U64_MAX, 'a u64 field holds 0 to 2^64 - 1');
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    assert(BigInt.asIntN(64, value) === value, 'an i64 field holds -2^63 to 2^63 - 1');
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  f32(value: number): this {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
    return this;
  }

  f64(value: number): this {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  /** The bytes as they are, without a length. */
  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** UTF-8 after its byte length as u32. Unpaired surrogates become U+FFFD. */
  utf8(value: string): this {
    const encoded = new TextEncoder().encode(value);
    return this.u32(encoded.length).bytes(encoded);
  }

  /** Zero bytes up to a multiple of `alignment`. */
  align(alignment: number): this {
    this.#grow((alignment - (this.#length % alignment)) % alignment);
    return this;
  }

  /** What was written, in a buffer of exactly that size. The writer may go on afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length) as Uint8Array<ArrayBuffer>;
  }

  #grow(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}

/** Reads what a {@link ByteWriter} wrote. Every method throws `CORRUPT` when the bytes do not hold what it asks for. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #title: string;
  #offset = 0;

  /** `title` names the source in errors: a file, a record. */
  constructor(bytes: Uint8Array, title: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#title = title;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A view of the next `count` bytes, not a copy: `slice()` it for a typed array of wider elements. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** A copy of the next `count` bytes in a buffer of its own, fit for any typed array. */
  copy(count: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(count);
    const copy = new Uint8Array(count);
    copy.set(this.#bytes.subarray(at, at + count));
    return copy;
  }

  utf8(): string {
    const at = this.#offset;
    const encoded = this.bytes(this.u32());
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
    } catch {
      throw new ElanusError('CORRUPT', `"${this.#title}" expected UTF-8 text at byte ${at}, got bytes that are not`, { title: this.#title, offset: at });
    }
  }

  /** A u64 that must be a safe integer: a count, a length, a position. */
  count64(): number {
    const at = this.#offset;
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new ElanusError('CORRUPT', `"${this.#title}" expected a count at byte ${at}, got ${value}`, { title: this.#title, offset: at });
    }
    return Number(value);
  }

  /** Passes over the padding that `ByteWriter.align` wrote; it must be zero. */
  align(alignment: number): void {
    const at = this.#offset;
    for (const byte of this.bytes((alignment - (at % alignment)) % alignment)) {
      if (byte !== 0) throw new ElanusError('CORRUPT', `"${this.#title}" expected zero padding at byte ${at}`, { title: this.#title, offset: at });
    }
  }

  /** The end of what is to be read: bytes left over are damage too. */
  end(): void {
    if (this.remaining !== 0) {
      throw new ElanusError('CORRUPT', `"${this.#title}" expected to end at byte ${this.#offset}, got ${this.remaining} bytes more`, {
        title: this.#title,
        offset: this.#offset,
      });
    }
  }

  #take(count: number): number {
    const at = this.#offset;
    if (!(count >= 0 && count <= this.#bytes.length - at)) {
      throw new ElanusError('CORRUPT', `"${this.#title}" expected ${count} bytes at byte ${at}, got ${this.remaining}`, {
        title: this.#title,
        offset: at,
        expected: count,
        remaining: this.remaining,
      });
    }
    this.#offset = at + count;
    return at;
  }
}

/** The parts behind each other, in bytes of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
