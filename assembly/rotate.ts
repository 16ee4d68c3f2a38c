// A seeded orthogonal map that costs n log n: rounds of random signs and a fast Walsh-Hadamard transform. Where dim is
// no power of two, the transform covers the first and the last P dimensions by turns (P: the largest power of two that
// fits), and a butterfly between the halves mixes what neither reaches alone (Kac's walk). Every step keeps lengths.
// Strict arithmetic, equal bits in every build.
import { ROTATION_ROUNDS } from "../src/kernels/abi";

const SIGNS_1 = memory.data<f32>([1, -1, 1, -1], 16);
const SIGNS_2 = memory.data<f32>([1, 1, -1, -1], 16);

/** In place, n a power of two, without the factor 1 / sqrt(n). */
function hadamard(x: usize, n: u32): void {
  const end = (<usize>n) << 2;
  if (n < 4) {
    if (n == 2) {
      const a = load<f32>(x), b = load<f32>(x, 4);
      store<f32>(x, a + b);
      store<f32>(x, a - b, 4);
    }
    return;
  }
  const signs1 = v128.load(SIGNS_1), signs2 = v128.load(SIGNS_2);
  for (let i: usize = 0; i < end; i += 16) {
    let v = v128.load(x + i);
    v = f32x4.add(v128.shuffle<f32>(v, v, 0, 0, 2, 2), f32x4.mul(v128.shuffle<f32>(v, v, 1, 1, 3, 3), signs1));
    v = f32x4.add(v128.shuffle<f32>(v, v, 0, 1, 0, 1), f32x4.mul(v128.shuffle<f32>(v, v, 2, 3, 2, 3), signs2));
    v128.store(x + i, v);
  }
  for (let half: usize = 16; half < end; half <<= 1) {
    for (let block = x; block < x + end; block += half << 1) {
      for (let at = block, stop = block + half; at < stop; at += 16) {
        const a = v128.load(at), b = v128.load(at + half);
        v128.store(at, f32x4.add(a, b));
        v128.store(at + half, f32x4.sub(a, b));
      }
    }
  }
}

/** x[i] *= factors[i] * scale; factors 0: only the scale. */
function scaleBy(x: usize, factors: usize, scale: f32, n: u32): void {
  const end4 = (<usize>(n & ~3)) << 2, end = (<usize>n) << 2;
  const scale4 = f32x4.splat(scale);
  let i: usize = 0;
  for (; i < end4; i += 16) {
    let v = f32x4.mul(v128.load(x + i), scale4);
    if (factors) v = f32x4.mul(v, v128.load(factors + i));
    v128.store(x + i, v);
  }
  for (; i < end; i += 4) {
    let v = load<f32>(x + i) * scale;
    if (factors) v *= load<f32>(factors + i);
    store<f32>(x + i, v);
  }
}

/** Rotates `rows` f32 vectors without padding in place. `signs`: f32, shape (ROTATION_ROUNDS, dim), 1 or -1. */
export function rotateVectors(ptr: usize, rows: u32, dim: u32, signs: usize): void {
  if (dim < 2) return;
  const power: u32 = 1 << (31 - clz(dim));
  const scale = <f32>(1 / Math.sqrt(<f64>power));
  const isWhole = power == dim;
  const halfScale = <f32>Math.SQRT1_2;
  const half = dim >> 1, apart = (<usize>(dim - half)) << 2;
  for (let row: u32 = 0; row < rows; row++) {
    const x = ptr + <usize>row * (dim << 2);
    for (let round: u32 = 0; round < <u32>ROTATION_ROUNDS; round++) {
      scaleBy(x, signs + <usize>round * (dim << 2), 1, dim);
      const start = round & 1 ? x + ((<usize>(dim - power)) << 2) : x;
      hadamard(start, power);
      scaleBy(start, 0, scale, power);
      if (isWhole) continue;
      for (let i: usize = 0; i < (<usize>half) << 2; i += 4) {
        const a = load<f32>(x + i) * halfScale, b = load<f32>(x + i + apart) * halfScale;
        store<f32>(x + i, a + b);
        store<f32>(x + i + apart, a - b);
      }
    }
  }
}
