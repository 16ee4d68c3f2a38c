// Sparse rows times a dense matrix, for the latent space of texts: CSR, that is offsets (u32, shape (rows + 1)) into terms (u32) and weights (f32).
// Strict arithmetic only, and every sum in the order of the row's entries, so that every build gives equal bits.

/**
 * Row r of `out`, f32, shape (to - from, width), = the sum of weight times row `term` of `matrix`, f32, shape (terms, width), over the entries of sparse row
 * from + r. `width`: a multiple of 4.
 */
export function sparseProject(offsets: usize, terms: usize, weights: usize, from: u32, to: u32, matrix: usize, width: u32, out: usize): void {
  for (let row = from; row < to; row++) {
    projectRow(offsets + ((<usize>row) << 2), terms, weights, matrix, width, out + <usize>(row - from) * (width << 2));
  }
}

/** Sixteen sums at a time are kept in registers; then four. */
function projectRow(offset: usize, terms: usize, weights: usize, matrix: usize, width: u32, out: usize): void {
  const begin = (<usize>load<u32>(offset)) << 2, end = (<usize>load<u32>(offset, 4)) << 2;
  const stride = (<usize>width) << 2, whole = stride & ~63;
  let at: usize = 0;
  for (; at < whole; at += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let entry = begin; entry < end; entry += 4) {
      const from = matrix + <usize>load<u32>(terms + entry) * stride + at, weight = v128.load32_splat(weights + entry);
      s0 = f32x4.add(s0, f32x4.mul(weight, v128.load(from)));
      s1 = f32x4.add(s1, f32x4.mul(weight, v128.load(from, 16)));
      s2 = f32x4.add(s2, f32x4.mul(weight, v128.load(from, 32)));
      s3 = f32x4.add(s3, f32x4.mul(weight, v128.load(from, 48)));
    }
    v128.store(out + at, s0);
    v128.store(out + at, s1, 16);
    v128.store(out + at, s2, 32);
    v128.store(out + at, s3, 48);
  }
  for (; at < stride; at += 16) {
    let sum = f32x4.splat(0);
    for (let entry = begin; entry < end; entry += 4) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + entry), v128.load(matrix + <usize>load<u32>(terms + entry) * stride + at)));
    }
    v128.store(out + at, sum);
  }
}

/**
 * Adds A'A X to `out`, for the sparse rows [from, to) of A and X = `matrix`; both f32, shape (terms, width). One pass over A, which makes of each row its product with X and
 * gives it back at once: nothing of the height of A is kept. `scratch`: f32, shape (width).
 */
export function sparseGramAdd(offsets: usize, terms: usize, weights: usize, from: u32, to: u32, matrix: usize, width: u32, scratch: usize, out: usize): void {
  const stride = (<usize>width) << 2;
  for (let row = from; row < to; row++) {
    const offset = offsets + ((<usize>row) << 2);
    projectRow(offset, terms, weights, matrix, width, scratch);
    const end = (<usize>load<u32>(offset, 4)) << 2;
    for (let entry = (<usize>load<u32>(offset)) << 2; entry < end; entry += 4) {
      const to = out + <usize>load<u32>(terms + entry) * stride, weight = v128.load32_splat(weights + entry);
      for (let at: usize = 0; at < stride; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), f32x4.mul(weight, v128.load(scratch + at))));
    }
  }
}
