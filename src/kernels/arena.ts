/**
 * Allocator over a kernel memory: first fit in a list of free blocks sorted by address, neighbours joined on free.
 * Its books are kept in JavaScript, so nothing a kernel writes can damage them. It is meant for few and large blocks
 * (a segment's vectors, a graph, scratch), not for objects.
 *
 * A pointer is an unsigned byte offset below 4 GiB; kernels take and keep it as u32. Views are made on demand:
 * growing the memory detaches every earlier one.
 */
import { assert } from '../util/assert.ts';
import { ElanusError } from '../util/error.ts';
import type { KernelMemory } from './exports.ts';
import type { Arena } from './kernels.ts';

export const ALIGNMENT = 64;
const PAGE_BYTES = 65_536;
/** A memory of 65,536 pages is the most that 32-bit pointers reach. */
export const MEMORY_BYTES_MAX = 65_536 * PAGE_BYTES;
const GROW_BYTES_MIN = 1 << 20;
const GROW_BYTES_MAX = 64 << 20;

interface FreeBlock {
  ptr: number;
  byteLength: number;
}

const alignUp = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

function needOf(byteLength: number): number {
  assert(Number.isFinite(byteLength) && byteLength >= 0, 'a block has a length');
  return Math.max(alignUp(byteLength), ALIGNMENT);
}

export class MemoryArena implements Arena {
  readonly #memory: KernelMemory;
  readonly #byteLengthMax: number;
  /** By address; no two touch. */
  readonly #freeBlocks: FreeBlock[] = [];
  readonly #used = new Map<number, number>();
  /** End of what the books cover; the memory may be longer by less than a page. */
  #end: number;
  #usedBytes = 0;

  /** `byteLengthMax`: of the memory. */
  constructor(memory: KernelMemory, heapBase: number, byteLengthMax = MEMORY_BYTES_MAX) {
    this.#memory = memory;
    this.#byteLengthMax = byteLengthMax;
    const base = Math.max(alignUp(heapBase), ALIGNMENT);
    this.#end = base;
    const byteLength = memory.buffer.byteLength;
    if (byteLength > base) {
      this.#freeBlocks.push({ ptr: base, byteLength: byteLength - base });
      this.#end = byteLength;
    }
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  alloc(byteLength: number): number {
    const need = needOf(byteLength);
    const at = this.#blockWith(need);
    const block = this.#freeBlocks[at];
    const ptr = block.ptr;
    if (block.byteLength === need) this.#freeBlocks.splice(at, 1);
    else {
      block.ptr += need;
      block.byteLength -= need;
    }
    this.#used.set(ptr, need);
    this.#usedBytes += need;
    return ptr;
  }

  makeRoom(byteLength: number): void {
    this.#blockWith(needOf(byteLength));
  }

  /** The first free block of at least `need` bytes; grows the memory where there is none. */
  #blockWith(need: number): number {
    const at = this.#freeBlocks.findIndex((block) => block.byteLength >= need);
    if (at >= 0) return at;
    this.#grow(need);
    return this.#freeBlocks.length - 1;
  }

  free(ptr: number): void {
    const byteLength = this.#used.get(ptr);
    assert(byteLength !== undefined, 'a block is freed once');
    this.#used.delete(ptr);
    this.#usedBytes -= byteLength;
    this.#release(ptr, byteLength);
  }

  u8(ptr: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, ptr, length);
  }

  u32(ptr: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, ptr, length);
  }

  f32(ptr: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, ptr, length);
  }

  /** Makes the last free block at least `need` bytes long. */
  #grow(need: number): void {
    const last = this.#freeBlocks.at(-1);
    const tail = last && last.ptr + last.byteLength === this.#end ? last.byteLength : 0;
    const missing = need - tail;
    // A quarter more than there is, within bounds: few growths, little waste. Then just enough, before giving up.
    const step = Math.min(Math.max(this.#end / 4, GROW_BYTES_MIN), GROW_BYTES_MAX);
    for (const bytes of [Math.max(missing, step), missing]) {
      const pages = Math.ceil(bytes / PAGE_BYTES);
      if (this.#end + pages * PAGE_BYTES > this.#byteLengthMax) continue;
      try {
        this.#memory.grow(pages);
      } catch {
        continue;
      }
      this.#release(this.#end, pages * PAGE_BYTES);
      this.#end += pages * PAGE_BYTES;
      return;
    }
    throw new ElanusError('OUT_OF_MEMORY', `kernel memory cannot grow by ${missing} bytes; ${this.#usedBytes} are in use`, {
      neededBytes: need,
      usedBytes: this.#usedBytes,
      memoryBytes: this.#memory.buffer.byteLength,
    });
  }

  /** Puts a block back, joined with the free blocks that it touches. */
  #release(ptr: number, byteLength: number): void {
    const blocks = this.#freeBlocks;
    let at = blocks.findIndex((block) => block.ptr > ptr);
    if (at < 0) at = blocks.length;
    const before = blocks[at - 1];
    const after = blocks[at];
    const touchesAfter = after !== undefined && ptr + byteLength === after.ptr;
    if (before && before.ptr + before.byteLength === ptr) {
      before.byteLength += byteLength;
      if (touchesAfter) {
        before.byteLength += after.byteLength;
        blocks.splice(at, 1);
      }
    } else if (touchesAfter) {
      after.ptr = ptr;
      after.byteLength += byteLength;
    } else blocks.splice(at, 0, { ptr, byteLength });
  }
}
