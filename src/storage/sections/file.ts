/**
 * Reads sections. A block's checksum is verified when the block is first read: until then a read takes whole blocks,
 * afterwards only the bytes asked for. One handle per file and thread; calls may overlap.
 */
import { crc32c } from '../../util/crc32c.ts';
import { ElanusError, isElanusError } from '../../util/error.ts';
import type { Store } from '../store.ts';
import { corrupt, readDirectory, type Directory } from './directory.ts';
import { BLOCK_BYTES, type FileKind, type SectionExtent } from './format.ts';

export interface SectionFile {
  readonly name: string;
  readonly fileBytes: number;
  /** In the order in which they were written. */
  readonly sectionNames: readonly string[];
  has(section: string): boolean;
  /** CORRUPT when there is no such section. */
  byteLength(section: string): number;
  /**
   * Bytes [from, to) of a section, the whole by default, verified. A fresh buffer at byteOffset 0, so any typed array
   * fits over it. Rejects CORRUPT with the file and block, or where the section is missing or shorter.
   */
  read(section: string, from?: number, to?: number): Promise<Uint8Array>;
  /**
   * Many ranges of one section back to back in one buffer: range i is `byteLength` bytes from `offsets[i]`, in any
   * order, repeats allowed. For re-scoring: each block is read at most once a call, neighbours in one piece.
   */
  readRanges(section: string, offsets: ArrayLike<number>, byteLength: number): Promise<Uint8Array>;
  /**
   * The same into `target`, at once; false where the store cannot or a block was never read before, which leaves it to
   * `readRanges`. CORRUPT for a range outside the section.
   */
  readRangesNow(section: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean;
  /**
   * Reads everything and verifies it, a few MB at a time. Progress is in bytes. With `onDamage` it goes on after a block that
   * does not match.
   */
  verify(onProgress?: (done: number, total: number) => void, onDamage?: (damage: ElanusError) => void): Promise<void>;
  /** A section as it is, and which of its bytes lie in blocks that do not match. */
  salvage(section: string): Promise<SalvagedBytes>;
}

/** Bytes that are partly damaged. */
export interface SalvagedBytes {
  readonly bytes: Uint8Array;
  /** Ranges of `bytes` that cannot be trusted, ascending and apart. */
  readonly damaged: readonly { readonly from: number; readonly to: number }[];
}

export interface OpenSectionsOptions {
  /** Takes a directory whose checksum does not match, where it makes sense all the same: each block still has its own. */
  readonly salvage?: boolean;
}

export async function openSections(store: Store, name: string, kind: FileKind, options: OpenSectionsOptions = {}): Promise<SectionFile> {
  return new StoredSections(store, name, await readDirectory(store, name, kind, options.salvage ?? false));
}

/** A long read goes in steps of this, the next one under way while this one is verified. A multiple of the block. */
const STEP_BYTES = 64 * BLOCK_BYTES;
/** Verified ranges closer than this are read in one piece: a call costs about as much as reading so many bytes. */
const GAP_BYTES_MAX = 16_384;

/** A read under way: bytes [start, end) of the file, whole blocks to be verified or parts of verified ones. */
interface Step {
  readonly start: number;
  readonly end: number;
  readonly isWhole: boolean;
  readonly bytes: Promise<Uint8Array>;
}

class StoredSections implements SectionFile {
  readonly name: string;
  readonly fileBytes: number;
  readonly sectionNames: readonly string[];
  readonly #store: Store;
  readonly #directory: Directory;
  readonly #extents: ReadonlyMap<string, SectionExtent>;
  /** 1: block i was read and its checksum matched. */
  readonly #isVerified: Uint8Array;
  /** The block that the last short read ended in, so that the next one over it costs nothing. */
  #lastBlock: { readonly index: number; readonly bytes: Promise<Uint8Array> } | null = null;

  constructor(store: Store, name: string, directory: Directory) {
    this.name = name;
    this.fileBytes = directory.fileBytes;
    this.sectionNames = directory.extents.map((extent) => extent.name);
    this.#store = store;
    this.#directory = directory;
    this.#extents = new Map(directory.extents.map((extent) => [extent.name, extent]));
    this.#isVerified = new Uint8Array(directory.checksums.length);
  }

  has(section: string): boolean {
    return this.#extents.has(section);
  }

  byteLength(section: string): number {
    return this.#extent(section).byteLength;
  }

  async read(section: string, from?: number, to?: number): Promise<Uint8Array> {
    const extent = this.#extent(section);
    const start = from ?? 0;
    const end = to ?? extent.byteLength;
    this.#checkRange(section, start, end, extent.byteLength);
    const position = extent.offset + start;
    if (end > start && this.#isDirect(position, extent.offset + end)) return this.#store.read(this.name, position, extent.offset + end);
    const target = new Uint8Array(end - start);
    await this.#fill(target, position);
    return target;
  }

  async readRanges(section: string, offsets: ArrayLike<number>, byteLength: number): Promise<Uint8Array> {
    const extent = this.#extent(section);
    for (let i = 0; i < offsets.length; i++) this.#checkRange(section, offsets[i], offsets[i] + byteLength, extent.byteLength);
    const target = new Uint8Array(offsets.length * byteLength);
    if (target.length === 0) return target;
    const order = Uint32Array.from({ length: offsets.length }, (_, i) => i).sort((a, b) => offsets[a] - offsets[b]);
    const runs: Promise<void>[] = [];
    for (let first = 0; first < order.length; ) {
      let next = first + 1;
      let runEnd = offsets[order[first]] + byteLength;
      while (next < order.length && this.#isOneRead(extent.offset + runEnd, extent.offset + offsets[order[next]]) && runEnd - offsets[order[first]] < STEP_BYTES) {
        runEnd = Math.max(runEnd, offsets[order[next]] + byteLength);
        next++;
      }
      runs.push(this.#fillRun(target, extent.offset, offsets, byteLength, order.subarray(first, next), runEnd));
      first = next;
    }
    await Promise.all(runs);
    return target;
  }

  readRangesNow(section: string, offsets: ArrayLike<number>, byteLength: number, target: Uint8Array): boolean {
    const extent = this.#extent(section);
    const positions = new Float64Array(offsets.length);
    for (let i = 0; i < offsets.length; i++) {
      this.#checkRange(section, offsets[i], offsets[i] + byteLength, extent.byteLength);
      const from = extent.offset + offsets[i];
      for (let block = Math.floor(from / BLOCK_BYTES); block * BLOCK_BYTES < from + byteLength; block++) if (this.#isVerified[block] === 0) return false;
      positions[i] = from;
    }
    return this.#store.readNow(this.name, positions, byteLength, target);
  }

  async verify(onProgress?: (done: number, total: number) => void, onDamage?: (damage: ElanusError) => void): Promise<void> {
    const { dataBytes } = this.#directory;
    for (let from = 0; from < dataBytes; from += STEP_BYTES) {
      const to = Math.min(from + STEP_BYTES, dataBytes);
      if (onDamage) await this.#verifyStep(from, to, onDamage);
      else this.#check(await this.#store.read(this.name, from, to), from);
      onProgress?.(to, dataBytes);
    }
  }

  /** Where the medium refuses to read it all, it may read some of it. */
  async #verifyStep(from: number, to: number, onDamage: (damage: ElanusError) => void): Promise<void> {
    const bytes = await this.#store.read(this.name, from, to).catch(unreadable);
    if (bytes) return this.#check(bytes, from, onDamage);
    for (let start = from; start < to; start += BLOCK_BYTES) {
      const end = Math.min(start + BLOCK_BYTES, to);
      const block = await this.#store.read(this.name, start, end).catch(unreadable);
      if (block) this.#check(block, start, onDamage);
      else onDamage(new ElanusError('CORRUPT', `"${this.name}" has a block ${start / BLOCK_BYTES} that cannot be read (bytes ${start} to ${end})`, { file: this.name, block: start / BLOCK_BYTES, from: start, to: end }));
    }
  }

  async salvage(section: string): Promise<SalvagedBytes> {
    const extent = this.#extent(section);
    const damaged: { from: number; to: number }[] = [];
    const bytes = new Uint8Array(extent.byteLength);
    const firstBlock = Math.floor(extent.offset / BLOCK_BYTES);
    const endBlock = Math.ceil((extent.offset + extent.byteLength) / BLOCK_BYTES);
    for (let block = firstBlock; block < endBlock; block++) {
      const start = block * BLOCK_BYTES;
      const end = Math.min(start + BLOCK_BYTES, this.#directory.dataBytes);
      const found = await this.#store.read(this.name, start, end).catch(unreadable);
      const from = Math.max(start, extent.offset);
      const to = Math.min(end, extent.offset + extent.byteLength);
      if (found) bytes.set(found.subarray(from - start, to - start), from - extent.offset);
      if (found && crc32c(found) === this.#directory.checksums[block]) continue;
      const last = damaged.at(-1);
      if (last?.to === from - extent.offset) last.to = to - extent.offset;
      else damaged.push({ from: from - extent.offset, to: to - extent.offset });
    }
    return { bytes, damaged };
  }

  /** Whether the store's answer needs no check and is not at hand already. */
  #isDirect(from: number, to: number): boolean {
    const firstBlock = Math.floor(from / BLOCK_BYTES);
    const endBlock = Math.ceil(to / BLOCK_BYTES);
    if (endBlock - firstBlock === 1 && this.#lastBlock?.index === firstBlock) return false;
    return !this.#isVerified.subarray(firstBlock, endBlock).includes(0);
  }

  /** Whether bytes up to `end` and bytes from `start` are better had together. Both are positions in the file. */
  #isOneRead(end: number, start: number): boolean {
    const block = Math.floor((end - 1) / BLOCK_BYTES);
    const nextBlock = Math.floor(start / BLOCK_BYTES);
    if (!this.#isVerified[nextBlock] || !this.#isVerified[block]) return nextBlock - block <= 1;
    return start - end <= GAP_BYTES_MAX;
  }

  async #fillRun(target: Uint8Array, base: number, offsets: ArrayLike<number>, byteLength: number, order: Uint32Array, runEnd: number): Promise<void> {
    const runStart = offsets[order[0]];
    const run = new Uint8Array(runEnd - runStart);
    await this.#fill(run, base + runStart);
    for (const i of order) target.set(run.subarray(offsets[i] - runStart, offsets[i] - runStart + byteLength), i * byteLength);
  }

  /** Fills `target` with the file's bytes from `from` on. */
  async #fill(target: Uint8Array, from: number): Promise<void> {
    const to = from + target.length;
    if (from === to) return;
    const firstBlock = Math.floor(from / BLOCK_BYTES);
    const endBlock = Math.ceil(to / BLOCK_BYTES);
    if (endBlock - firstBlock === 1) return this.#fillFromOne(target, from, firstBlock);
    let step: Step | null = this.#startStep(from, to);
    while (step !== null) {
      const bytes = await step.bytes;
      const following: Step | null = step.end < to ? this.#startStep(step.end, to) : null;
      // A rejection while this step is still being checked must not count as unhandled.
      following?.bytes.catch(() => undefined);
      if (step.isWhole) this.#check(bytes, step.start);
      const useFrom = Math.max(from, step.start);
      const useTo = Math.min(to, step.end);
      target.set(bytes.subarray(useFrom - step.start, useTo - step.start), useFrom - from);
      step = following;
    }
  }

  /** Starts reading from the block of `from`; exactly the bytes wanted when all of those blocks are verified. */
  #startStep(from: number, to: number): Step {
    const firstBlock = Math.floor(from / BLOCK_BYTES);
    const stepEnd = Math.min(to, firstBlock * BLOCK_BYTES + STEP_BYTES);
    const endBlock = Math.ceil(stepEnd / BLOCK_BYTES);
    const isWhole = this.#isVerified.subarray(firstBlock, endBlock).includes(0);
    const start = isWhole ? firstBlock * BLOCK_BYTES : from;
    const end = isWhole ? Math.min(endBlock * BLOCK_BYTES, this.#directory.dataBytes) : stepEnd;
    return { start, end, isWhole, bytes: this.#store.read(this.name, start, end) };
  }

  async #fillFromOne(target: Uint8Array, from: number, block: number): Promise<void> {
    const start = block * BLOCK_BYTES;
    if (this.#lastBlock?.index !== block) {
      if (this.#isVerified[block]) {
        target.set(await this.#store.read(this.name, from, from + target.length));
        return;
      }
      const read = this.#readBlock(block);
      this.#lastBlock = { index: block, bytes: read };
      // A block that failed is not kept: the next read says so again, or succeeds where the medium was at fault.
      read.catch(() => {
        if (this.#lastBlock?.bytes === read) this.#lastBlock = null;
      });
    }
    const bytes = await this.#lastBlock!.bytes;
    target.set(bytes.subarray(from - start, from - start + target.length));
  }

  async #readBlock(block: number): Promise<Uint8Array> {
    const start = block * BLOCK_BYTES;
    const bytes = await this.#store.read(this.name, start, Math.min(start + BLOCK_BYTES, this.#directory.dataBytes));
    this.#check(bytes, start);
    return bytes;
  }

  /** Verifies whole blocks that begin at `start` of the file. `onDamage`: see `verify`. */
  #check(bytes: Uint8Array, start: number, onDamage?: (damage: ElanusError) => void): void {
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = (start + at) / BLOCK_BYTES;
      const end = Math.min(at + BLOCK_BYTES, bytes.length);
      const expected = this.#directory.checksums[block];
      const found = crc32c(bytes, at, end);
      if (found !== expected) {
        const hex = (checksum: number): string => checksum.toString(16).padStart(8, '0');
        const from = start + at;
        const damage = new ElanusError('CORRUPT', `"${this.name}" expected checksum ${hex(expected)} of block ${block} (bytes ${from} to ${start + end}), got ${hex(found)}`, {
          file: this.name,
          block,
          from,
          to: start + end,
        });
        if (!onDamage) throw damage;
        onDamage(damage);
        continue;
      }
      this.#isVerified[block] = 1;
    }
  }

  #extent(section: string): SectionExtent {
    const extent = this.#extents.get(section);
    if (!extent) throw corrupt(this.name, `expected a section "${section}", got none`);
    return extent;
  }

  #checkRange(section: string, from: number, to: number, byteLength: number): void {
    if (!(from >= 0 && from <= to && to <= byteLength)) {
      throw corrupt(this.name, `expected bytes ${from} to ${to} of section "${section}", got ${byteLength} bytes in all`);
    }
  }
}

/** Null for bytes that the medium has lost, or that were changed since they were encrypted. */
function unreadable(error: unknown): null {
  if (isElanusError(error) && (error.code === 'CORRUPT' || error.code === 'STORAGE')) return null;
  throw error;
}
