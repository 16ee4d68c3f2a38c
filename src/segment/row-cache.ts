/**
 * Rows of a segment that were read from its file, within a number of bytes. What is asked for again stays: CLOCK, a hand that
 * goes round and takes the first row that was not used since it last came by.
 */

const BLOCK_BYTES_MIN = 1 << 18;
/** Of a row in the cache beside its bytes: which row it is, and whether it was used. */
const SLOT_BYTES = 5;

export class RowCache {
  readonly #rowBytes: number;
  readonly #capacity: number;
  readonly #rowsPerBlock: number;
  /** Made as the cache fills. */
  readonly #blocks: Uint8Array[] = [];
  /** 1 + the slot of each row, or 0. Shape (rows). */
  readonly #slotOf: Uint32Array;
  readonly #rowAt: Uint32Array;
  readonly #used: Uint8Array;
  #count = 0;
  #hand = 0;

  /** null where the bytes do not suffice for a row. */
  static within(byteLength: number, rows: number, rowBytes: number): RowCache | null {
    const capacity = Math.min(rows, Math.floor((byteLength - rows * 4) / (rowBytes + SLOT_BYTES)));
    return capacity > 0 ? new RowCache(rows, rowBytes, capacity) : null;
  }

  private constructor(rows: number, rowBytes: number, capacity: number) {
    this.#rowBytes = rowBytes;
    this.#capacity = capacity;
    this.#rowsPerBlock = Math.min(capacity, Math.ceil(BLOCK_BYTES_MIN / rowBytes));
    this.#slotOf = new Uint32Array(rows);
    this.#rowAt = new Uint32Array(capacity);
    this.#used = new Uint8Array(capacity);
  }

  get memoryBytes(): number {
    const tables = this.#slotOf.byteLength + this.#capacity * SLOT_BYTES;
    return this.#blocks.reduce((sum, block) => sum + block.byteLength, tables);
  }

  /** Fills `target` with a row; false where it is not here. */
  get(row: number, target: Uint8Array): boolean {
    const slot = this.#slotOf[row]! - 1;
    if (slot < 0) return false;
    this.#used[slot] = 1;
    target.set(this.#at(slot));
    return true;
  }

  put(row: number, bytes: Uint8Array): void {
    if (this.#slotOf[row] !== 0) return;
    const slot = this.#count < this.#capacity ? this.#grow() : this.#evict();
    this.#slotOf[row] = slot + 1;
    this.#rowAt[slot] = row;
    this.#at(slot).set(bytes);
  }

  #grow(): number {
    const slot = this.#count++;
    if (slot === this.#blocks.length * this.#rowsPerBlock) {
      this.#blocks.push(new Uint8Array(Math.min(this.#rowsPerBlock, this.#capacity - slot) * this.#rowBytes));
    }
    return slot;
  }

  #evict(): number {
    for (;;) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % this.#capacity;
      if (this.#used[slot] === 1) {
        this.#used[slot] = 0;
        continue;
      }
      this.#slotOf[this.#rowAt[slot]!] = 0;
      return slot;
    }
  }

  #at(slot: number): Uint8Array {
    const at = (slot % this.#rowsPerBlock) * this.#rowBytes;
    return this.#blocks[Math.floor(slot / this.#rowsPerBlock)]!.subarray(at, at + this.#rowBytes);
  }
}
