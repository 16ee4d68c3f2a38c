/** The twin of `assembly/topk.ts`. */
import { TOPK_COUNT, TOPK_DISTANCES, TOPK_K, TOPK_MAX, TOPK_MIN, TOPK_ROWS } from './abi.ts';
import type { ScalarMemory } from './scalar-memory.ts';

const isAfter = (d0: number, r0: number, d1: number, r1: number): boolean => d0 > d1 || (d0 === d1 && r0 > r1);

/** The k nearest so far: a max-heap by (distance, row) over two arrays; see `assembly/topk.ts`. */
export class ScalarTopK {
  readonly #memory: ScalarMemory;
  readonly #at: number;
  readonly rows: number;
  readonly distances: number;

  constructor(memory: ScalarMemory, topPtr: number) {
    this.#memory = memory;
    this.#at = topPtr / 4;
    this.rows = memory.u32[this.#at + TOPK_ROWS / 4] / 4;
    this.distances = memory.u32[this.#at + TOPK_DISTANCES / 4] / 4;
  }

  get k(): number {
    return this.#memory.u32[this.#at + TOPK_K / 4];
  }
  set k(value: number) {
    this.#memory.u32[this.#at + TOPK_K / 4] = value;
  }
  get count(): number {
    return this.#memory.u32[this.#at + TOPK_COUNT / 4];
  }
  set count(value: number) {
    this.#memory.u32[this.#at + TOPK_COUNT / 4] = value;
  }

  /** What a distance must not exceed to enter. */
  get bound(): number {
    return this.#memory.f32[this.count < this.k ? this.#at + TOPK_MAX / 4 : this.distances];
  }

  push(distance: number, row: number): void {
    const { f32, u32 } = this.#memory;
    if (Number.isNaN(distance) || distance < f32[this.#at + TOPK_MIN / 4] || distance > f32[this.#at + TOPK_MAX / 4]) return;
    const { rows, distances } = this;
    const count = this.count;
    if (count < this.k) {
      this.count = count + 1;
      let i = count;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!isAfter(distance, row, f32[distances + parent], u32[rows + parent])) break;
        f32[distances + i] = f32[distances + parent];
        u32[rows + i] = u32[rows + parent];
        i = parent;
      }
      f32[distances + i] = distance;
      u32[rows + i] = row;
    } else if (isAfter(f32[distances], u32[rows], distance, row)) this.#siftDown(count, distance, row);
  }

  /** Keeps the `keep` nearest of the first n entries, whose distances were replaced, sorted. */
  rebuild(n: number, keep: number): number {
    const { f32, u32 } = this.#memory;
    this.k = keep;
    this.count = 0;
    for (let i = 0; i < n; i++) this.push(f32[this.distances + i], u32[this.rows + i]);
    return this.sort();
  }

  sort(): number {
    const { f32, u32 } = this.#memory;
    const { rows, distances } = this;
    for (let n = this.count; n > 1; n--) {
      const distance = f32[distances + n - 1], row = u32[rows + n - 1];
      f32[distances + n - 1] = f32[distances];
      u32[rows + n - 1] = u32[rows];
      this.#siftDown(n - 1, distance, row);
    }
    return this.count;
  }

  scale(factor: number): number {
    const { f32, u32 } = this.#memory;
    const count = this.sort();
    const hits = Array.from({ length: count }, (_, i) => ({ distance: Math.fround(f32[this.distances + i] * factor), row: u32[this.rows + i] }));
    hits.sort((a, b) => a.distance - b.distance || a.row - b.row).forEach(({ distance, row }, i) => {
      f32[this.distances + i] = distance;
      u32[this.rows + i] = row;
    });
    return count;
  }

  #siftDown(count: number, distance: number, row: number): void {
    const { f32, u32 } = this.#memory;
    const { rows, distances } = this;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= count) break;
      if (child + 1 < count && isAfter(f32[distances + child + 1], u32[rows + child + 1], f32[distances + child], u32[rows + child])) child++;
      if (!isAfter(f32[distances + child], u32[rows + child], distance, row)) break;
      f32[distances + i] = f32[distances + child];
      u32[rows + i] = u32[rows + child];
      i = child;
    }
    f32[distances + i] = distance;
    u32[rows + i] = row;
  }
}
