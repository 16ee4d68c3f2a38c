/** `value < bound` over a column in memory, 32 rows a turn into a word of bits: what SIMD makes of the loops that evaluate filters. */

/** `n`: rows, a multiple of 32. */
export function belowI32(ptr: usize, n: i32, bound: i32, out: usize): void {
  const y = i32x4.splat(bound);
  for (const end = ptr + (<usize>n << 2); ptr < end; ptr += 128, out += 4) {
    const a = i16x8.narrow_i32x4_s(i32x4.lt_s(v128.load(ptr), y), i32x4.lt_s(v128.load(ptr, 16), y));
    const b = i16x8.narrow_i32x4_s(i32x4.lt_s(v128.load(ptr, 32), y), i32x4.lt_s(v128.load(ptr, 48), y));
    const c = i16x8.narrow_i32x4_s(i32x4.lt_s(v128.load(ptr, 64), y), i32x4.lt_s(v128.load(ptr, 80), y));
    const d = i16x8.narrow_i32x4_s(i32x4.lt_s(v128.load(ptr, 96), y), i32x4.lt_s(v128.load(ptr, 112), y));
    store<u32>(out, i8x16.bitmask(i8x16.narrow_i16x8_s(a, b)) | (i8x16.bitmask(i8x16.narrow_i16x8_s(c, d)) << 16));
  }
}

/** Which of eight doubles are below, as eight lanes of 16 bits. */
function lanes(ptr: usize, y: v128): v128 {
  return i16x8.narrow_i32x4_s(
    v128.shuffle<i32>(f64x2.lt(v128.load(ptr), y), f64x2.lt(v128.load(ptr, 16), y), 0, 2, 4, 6),
    v128.shuffle<i32>(f64x2.lt(v128.load(ptr, 32), y), f64x2.lt(v128.load(ptr, 48), y), 0, 2, 4, 6),
  );
}

export function belowF64(ptr: usize, n: i32, bound: f64, out: usize): void {
  const y = f64x2.splat(bound);
  for (const end = ptr + (<usize>n << 3); ptr < end; ptr += 256, out += 4) {
    const low = i8x16.narrow_i16x8_s(lanes(ptr, y), lanes(ptr + 64, y));
    const high = i8x16.narrow_i16x8_s(lanes(ptr + 128, y), lanes(ptr + 192, y));
    store<u32>(out, i8x16.bitmask(low) | (i8x16.bitmask(high) << 16));
  }
}
