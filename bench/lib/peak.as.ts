/**
 * The yardstick of `flat/batch`: multiply-adds of f32 lanes in registers alone, as many as this processor does from
 * WebAssembly. Twelve independent sums, so that latency never stands in the way. Compiled by AssemblyScript when the bench
 * runs, with relaxed SIMD (fused) or without.
 */

function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** 24 n multiply-adds of four lanes. `at`: 32 bytes, read once: constants in the loop are made anew on every turn by some engines. */
export function multiplyAdds(n: u32, at: usize): f32 {
  const x = v128.load(at), y = v128.load(at, 16);
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
  for (let i: u32 = 0; i < n; i++) {
    a0 = multiplyAdd(x, y, a0); a1 = multiplyAdd(x, y, a1); a2 = multiplyAdd(x, y, a2); a3 = multiplyAdd(x, y, a3);
    a4 = multiplyAdd(x, y, a4); a5 = multiplyAdd(x, y, a5); a6 = multiplyAdd(x, y, a6); a7 = multiplyAdd(x, y, a7);
    a8 = multiplyAdd(x, y, a8); a9 = multiplyAdd(x, y, a9); a10 = multiplyAdd(x, y, a10); a11 = multiplyAdd(x, y, a11);
    a0 = multiplyAdd(x, y, a0); a1 = multiplyAdd(x, y, a1); a2 = multiplyAdd(x, y, a2); a3 = multiplyAdd(x, y, a3);
    a4 = multiplyAdd(x, y, a4); a5 = multiplyAdd(x, y, a5); a6 = multiplyAdd(x, y, a6); a7 = multiplyAdd(x, y, a7);
    a8 = multiplyAdd(x, y, a8); a9 = multiplyAdd(x, y, a9); a10 = multiplyAdd(x, y, a10); a11 = multiplyAdd(x, y, a11);
  }
  a0 = f32x4.add(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), f32x4.add(f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7)), f32x4.add(f32x4.add(a8, a9), f32x4.add(a10, a11))));
  return f32x4.extract_lane(a0, 0) + f32x4.extract_lane(a0, 1) + f32x4.extract_lane(a0, 2) + f32x4.extract_lane(a0, 3);
}
