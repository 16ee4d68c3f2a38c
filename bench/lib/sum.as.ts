/**
 * The yardstick of `flat/bandwidth`: a plain SIMD sum of f32 values, as fast as this processor can read memory from
 * WebAssembly. Sixteen independent sums, so that the latency of an addition never stands in the way. Compiled by
 * AssemblyScript when the bench runs.
 */

/** Sum of `byteLength` bytes of f32 from `ptr`; `byteLength` is a multiple of 256. */
export function sum(ptr: usize, byteLength: usize): f32 {
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
  let a4 = f32x4.splat(0), a5 = f32x4.splat(0), a6 = f32x4.splat(0), a7 = f32x4.splat(0);
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0);
  let b4 = f32x4.splat(0), b5 = f32x4.splat(0), b6 = f32x4.splat(0), b7 = f32x4.splat(0);
  const end = ptr + byteLength;
  while (ptr < end) {
    a0 = f32x4.add(a0, v128.load(ptr));
    a1 = f32x4.add(a1, v128.load(ptr, 16));
    a2 = f32x4.add(a2, v128.load(ptr, 32));
    a3 = f32x4.add(a3, v128.load(ptr, 48));
    a4 = f32x4.add(a4, v128.load(ptr, 64));
    a5 = f32x4.add(a5, v128.load(ptr, 80));
    a6 = f32x4.add(a6, v128.load(ptr, 96));
    a7 = f32x4.add(a7, v128.load(ptr, 112));
    b0 = f32x4.add(b0, v128.load(ptr, 128));
    b1 = f32x4.add(b1, v128.load(ptr, 144));
    b2 = f32x4.add(b2, v128.load(ptr, 160));
    b3 = f32x4.add(b3, v128.load(ptr, 176));
    b4 = f32x4.add(b4, v128.load(ptr, 192));
    b5 = f32x4.add(b5, v128.load(ptr, 208));
    b6 = f32x4.add(b6, v128.load(ptr, 224));
    b7 = f32x4.add(b7, v128.load(ptr, 240));
    ptr += 256;
  }
  a0 = f32x4.add(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7)));
  b0 = f32x4.add(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)), f32x4.add(f32x4.add(b4, b5), f32x4.add(b6, b7)));
  a0 = f32x4.add(a0, b0);
  return f32x4.extract_lane(a0, 0) + f32x4.extract_lane(a0, 1) + f32x4.extract_lane(a0, 2) + f32x4.extract_lane(a0, 3);
}
