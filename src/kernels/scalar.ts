/**
 * The plain TypeScript twin of the WebAssembly kernels, over a memory that is an ArrayBuffer: for engines and pages
 * where WebAssembly is not to be had, and the reference that the builds are compared with. It rounds to f32 after every
 * operation and adds in the same order as `assembly/distance.ts`, so that its results equal the strict build's.
 */
import { METRIC_COSINE, METRIC_L2, TOPK_COUNT, TOPK_DISTANCES, TOPK_K, TOPK_ROWS } from './abi.ts';
import type { KernelExports, KernelInstance, KernelMemory } from './exports.ts';

const PAGE_BYTES = 65_536;
const fround = Math.fround;

/** Grows by copying. Engines allow an ArrayBuffer of at least 2 GiB. */
export class ScalarMemory implements KernelMemory {
  buffer = new ArrayBuffer(PAGE_BYTES);
  u8 = new Uint8Array(this.buffer);
  i8 = new Int8Array(this.buffer);
  i16 = new Int16Array(this.buffer);
  i32 = new Int32Array(this.buffer);
  u32 = new Uint32Array(this.buffer);
  f32 = new Float32Array(this.buffer);

  grow(pages: number): number {
    const before = this.buffer.byteLength;
    const buffer = new ArrayBuffer(before + pages * PAGE_BYTES);
    new Uint8Array(buffer).set(this.u8);
    this.buffer = buffer;
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    return before / PAGE_BYTES;
  }
}

/** Sum of eight lanes in the order of the SIMD kernels, then the rest beyond a multiple of four dimensions. */
const lanes = new Float32Array(8);
function total(rest: number, hasRest: boolean): number {
  const l0 = fround(lanes[0] + lanes[4]), l1 = fround(lanes[1] + lanes[5]), l2 = fround(lanes[2] + lanes[6]), l3 = fround(lanes[3] + lanes[7]);
  const sum = fround(fround(l0 + l2) + fround(l1 + l3));
  return hasRest ? fround(sum + rest) : sum;
}

/** Squared distance of the f32 vectors at element offsets q and x. */
export function l2F32(f32: Float32Array, q: number, x: number, dim: number): number {
  lanes.fill(0);
  const whole = dim & ~3;
  for (let i = 0; i < whole; i++) {
    const difference = fround(f32[q + i] - f32[x + i]);
    lanes[i & 7] += fround(difference * difference);
  }
  let rest = 0;
  for (let i = whole; i < dim; i++) {
    const difference = fround(f32[q + i] - f32[x + i]);
    rest = fround(rest + fround(difference * difference));
  }
  return total(rest, whole < dim);
}

/** Minus the dot product of the f32 vectors at element offsets q and x. */
export function negativeDotF32(f32: Float32Array, q: number, x: number, dim: number): number {
  lanes.fill(0);
  const whole = dim & ~3;
  for (let i = 0; i < whole; i++) lanes[i & 7] += fround(f32[q + i] * f32[x + i]);
  let rest = 0;
  for (let i = whole; i < dim; i++) rest = fround(rest + fround(f32[q + i] * f32[x + i]));
  return -total(rest, whole < dim);
}

/** The k nearest so far: a max-heap by (distance, row) over two arrays; see `assembly/topk.ts`. */
class TopK {
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

  push(distance: number, row: number): void {
    if (Number.isNaN(distance)) return;
    const { f32, u32 } = this.#memory;
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

const isAfter = (d0: number, r0: number, d1: number, r1: number): boolean => d0 > d1 || (d0 === d1 && r0 > r1);

function inverseNorm(f32: Float32Array, at: number, dim: number): number {
  let even0 = 0, even1 = 0, odd0 = 0, odd1 = 0;
  let i = 0;
  for (const whole = dim & ~3; i < whole; i += 4) {
    even0 += f32[at + i] * f32[at + i];
    even1 += f32[at + i + 1] * f32[at + i + 1];
    odd0 += f32[at + i + 2] * f32[at + i + 2];
    odd1 += f32[at + i + 3] * f32[at + i + 3];
  }
  let sum = even0 + odd0 + (even1 + odd1);
  for (; i < dim; i++) sum += f32[at + i] * f32[at + i];
  return sum > 0 ? 1 / Math.sqrt(sum) : 0;
}

const F32_MAX = 3.4028234663852886e38;

/** Kernels of the twin over a memory. */
export function scalarExports(memory: ScalarMemory): KernelExports {
  const isAllowed = (allow: number, row: number): boolean => allow === 0 || ((memory.u8[allow + (row >> 3)] >> (row & 7)) & 1) === 1;
  const distanceF32 = (metric: number, query: number, data: number, dim: number, row: number, inverseNorms: number): number => {
    const { f32 } = memory;
    const x = data / 4 + row * dim;
    if (metric === METRIC_L2) return l2F32(f32, query / 4, x, dim);
    const distance = negativeDotF32(f32, query / 4, x, dim);
    return metric === METRIC_COSINE && inverseNorms ? fround(distance * f32[inverseNorms / 4 + row]) : distance;
  };

  return {
    topkSort: (topPtr) => new TopK(memory, topPtr).sort(),

    countBits(ptr, n) {
      let count = 0;
      for (let i = 0; i < n; i++) if (isAllowed(ptr, i)) count++;
      return count;
    },

    inverseNorms(ptr, rows, dim, out) {
      const { f32 } = memory;
      for (let r = 0; r < rows; r++) f32[out / 4 + r] = Math.min(inverseNorm(f32, ptr / 4 + r * dim, dim), F32_MAX);
    },

    normalize(ptr, dim) {
      const { f32 } = memory;
      const inverse = inverseNorm(f32, ptr / 4, dim);
      for (let i = 0; i < dim; i++) f32[ptr / 4 + i] *= inverse;
    },

    scanF32(topPtr, metric, query, data, dim, from, to, inverseNorms, allow, rowBase) {
      const top = new TopK(memory, topPtr);
      for (let row = from; row < to; row++) {
        if (isAllowed(allow, row)) top.push(distanceF32(metric, query, data, dim, row, inverseNorms), row + rowBase);
      }
    },

    scanCodes() {
      throw new Error('unreachable');
    },

    rescoreF32(topPtr, metric, query, data, dim, inverseNorms, n, inOrder) {
      if (n === 0) return;
      const { f32, u32 } = memory;
      const top = new TopK(memory, topPtr);
      for (let i = 0; i < n; i++) f32[top.distances + i] = distanceF32(metric, query, data, dim, inOrder ? i : u32[top.rows + i], inverseNorms);
      top.k = n;
      top.count = 0;
      for (let i = 0; i < n; i++) top.push(f32[top.distances + i], u32[top.rows + i]);
      top.sort();
    },
  };
}

export function scalarInstance(): KernelInstance {
  const memory = new ScalarMemory();
  return { exports: scalarExports(memory), memory, heapBase: 64 };
}
