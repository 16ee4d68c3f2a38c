/** Memory of the scalar twin, and its f32 distances. */
import type { KernelMemory } from './exports.ts';

const PAGE_BYTES = 65_536;
const fround = Math.fround;

/** Grows by copying. Engines allow an ArrayBuffer of at least 2 GiB. */
export class ScalarMemory implements KernelMemory {
  buffer = new ArrayBuffer(PAGE_BYTES);
  u8 = new Uint8Array(this.buffer);
  i8 = new Int8Array(this.buffer);
  i16 = new Int16Array(this.buffer);
  u16 = new Uint16Array(this.buffer);
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
    this.u16 = new Uint16Array(buffer);
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
