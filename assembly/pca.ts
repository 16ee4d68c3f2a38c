// Principal components: sums of columns, covariance, rotations of eigenvectors, projection and its inverse. Strict arithmetic only, so that every
// build gives equal bits.
import { PCA_BLOCK } from "../src/kernels/abi";
import { Dot, four } from "./distance";

/** Adds the sums of the columns of n f32 rows to `out`, f64, shape (dim). */
export function columnSums(rows: usize, n: u32, dim: u32, out: usize): void {
  for (let r: u32 = 0; r < n; r++) {
    const row = rows + <usize>r * (dim << 2);
    for (let d: u32 = 0; d < dim; d++) {
      const at = out + ((<usize>d) << 3);
      store<f64>(at, load<f64>(at) + <f64>load<f32>(row + ((<usize>d) << 2)));
    }
  }
}

// @ts-ignore: decorator
@inline function addSum(out: usize, lanes: v128): void {
  const sum = (f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1)) + (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3));
  store<f64>(out, load<f64>(out) + <f64>sum);
}

/**
 * Adds the products of the centred columns i <= j of n <= PCA_BLOCK f32 rows to out[i * dim + j], f64. `mean`: f64,
 * shape (dim). `scratch`: f32, shape (dim rounded up to a multiple of 4, PCA_BLOCK), for the centred block by columns:
 * so a tile of 4 x 2 sums has its operands behind each other and its accumulators in registers.
 */
export function covarianceAdd(rows: usize, n: u32, dim: u32, mean: usize, scratch: usize, out: usize): void {
  const column: usize = PCA_BLOCK << 2;
  const padded = (dim + 3) & ~3;
  memory.fill(scratch, 0, <usize>padded * column);
  for (let r: u32 = 0; r < n; r++) {
    const row = rows + <usize>r * (dim << 2);
    for (let d: u32 = 0; d < dim; d++) {
      store<f32>(scratch + <usize>d * column + ((<usize>r) << 2), <f32>(<f64>load<f32>(row + ((<usize>d) << 2)) - load<f64>(mean + ((<usize>d) << 3))));
    }
  }
  const length = (<usize>((n + 3) & ~3)) << 2;
  for (let i: u32 = 0; i < dim; i += 4) {
    const a0 = scratch + <usize>i * column, a1 = a0 + column, a2 = a1 + column, a3 = a2 + column;
    for (let j = i; j < dim; j += 2) {
      const b0 = scratch + <usize>j * column, b1 = b0 + column;
      let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
      for (let r: usize = 0; r < length; r += 16) {
        const x0 = v128.load(b0 + r), x1 = v128.load(b1 + r);
        const y0 = v128.load(a0 + r), y1 = v128.load(a1 + r), y2 = v128.load(a2 + r), y3 = v128.load(a3 + r);
        s00 = f32x4.add(s00, f32x4.mul(y0, x0));
        s01 = f32x4.add(s01, f32x4.mul(y0, x1));
        s10 = f32x4.add(s10, f32x4.mul(y1, x0));
        s11 = f32x4.add(s11, f32x4.mul(y1, x1));
        s20 = f32x4.add(s20, f32x4.mul(y2, x0));
        s21 = f32x4.add(s21, f32x4.mul(y2, x1));
        s30 = f32x4.add(s30, f32x4.mul(y3, x0));
        s31 = f32x4.add(s31, f32x4.mul(y3, x1));
      }
      // Sums below the diagonal are the other triangle's, and those beyond dim are padding.
      const second = j + 1 < dim;
      put(out, dim, i, j, s00);
      put(out, dim, i + 1, j, s10);
      put(out, dim, i + 2, j, s20);
      put(out, dim, i + 3, j, s30);
      if (second) {
        put(out, dim, i, j + 1, s01);
        put(out, dim, i + 1, j + 1, s11);
        put(out, dim, i + 2, j + 1, s21);
        put(out, dim, i + 3, j + 1, s31);
      }
    }
  }
}

// @ts-ignore: decorator
@inline function put(out: usize, dim: u32, i: u32, j: u32, lanes: v128): void {
  if (i <= j) addSum(out + ((<usize>i * dim + j) << 3), lanes);
}

/**
 * out[r * count + c] = dot(row r - mean, component c), f32. `components`: f32, shape (count, dim). `scratch`: f32, shape
 * (max(dim, 4)).
 */
export function pcaProject(rows: usize, n: u32, dim: u32, mean: usize, components: usize, count: u32, scratch: usize, out: usize): void {
  const last = count - 1;
  for (let r: u32 = 0; r < n; r++) {
    const row = rows + <usize>r * (dim << 2);
    for (let d: u32 = 0; d < dim; d++) {
      store<f32>(scratch + ((<usize>d) << 2), <f32>(<f64>load<f32>(row + ((<usize>d) << 2)) - load<f64>(mean + ((<usize>d) << 3))));
    }
    const to = out + <usize>r * (count << 2);
    for (let c: u32 = 0; c < count; c += 4) {
      // `four` gives minus the dot product.
      const dots = f32x4.neg(four<Dot>(scratch, components, dim << 2, dim, 0, c, min(c + 1, last), min(c + 2, last), min(c + 3, last), false));
      const at = to + ((<usize>c) << 2);
      store<f32>(at, f32x4.extract_lane(dots, 0));
      if (c + 1 < count) store<f32>(at, f32x4.extract_lane(dots, 1), 4);
      if (c + 2 < count) store<f32>(at, f32x4.extract_lane(dots, 2), 8);
      if (c + 3 < count) store<f32>(at, f32x4.extract_lane(dots, 3), 12);
    }
  }
}

/** Row r of out = mean + the sum of the components times values[r * count + c], f32, shape (n, dim). */
export function pcaRestore(values: usize, n: u32, dim: u32, mean: usize, components: usize, count: u32, out: usize): void {
  const whole = dim & ~3;
  for (let r: u32 = 0; r < n; r++) {
    const row = out + <usize>r * (dim << 2), from = values + <usize>r * (count << 2);
    for (let d: u32 = 0; d < dim; d++) store<f32>(row + ((<usize>d) << 2), <f32>load<f64>(mean + ((<usize>d) << 3)));
    for (let c: u32 = 0; c < count; c++) {
      const value = load<f32>(from + ((<usize>c) << 2));
      const times = f32x4.splat(value);
      const component = components + <usize>c * (dim << 2);
      for (let d: u32 = 0; d < whole; d += 4) {
        const at = (<usize>d) << 2;
        v128.store(row + at, f32x4.add(v128.load(row + at), f32x4.mul(times, v128.load(component + at))));
      }
      for (let d = whole; d < dim; d++) {
        const at = (<usize>d) << 2;
        store<f32>(row + at, load<f32>(row + at) + value * load<f32>(component + at));
      }
    }
  }
}

/**
 * Plane rotations of neighbouring f64 rows of `rows`, shape (n, n): for i = last .. first, row i and row i + 1 become
 * c x - s y and s x + c y; `turns` holds c and s of row i at f64 2 i and 2 i + 1.
 */
export function rotateRows(rows: usize, n: u32, first: u32, last: u32, turns: usize): void {
  const whole = (<usize>(n & ~1)) << 3, stride = (<usize>n) << 3;
  for (let i = last; i >= first; i--) {
    const c = load<f64>(turns + ((<usize>i) << 4)), s = load<f64>(turns + ((<usize>i) << 4), 8);
    const cs = f64x2.splat(c), ss = f64x2.splat(s);
    const low = rows + <usize>i * stride, high = low + stride;
    for (let at: usize = 0; at < whole; at += 16) {
      const x = v128.load(low + at), y = v128.load(high + at);
      v128.store(high + at, f64x2.add(f64x2.mul(ss, x), f64x2.mul(cs, y)));
      v128.store(low + at, f64x2.sub(f64x2.mul(cs, x), f64x2.mul(ss, y)));
    }
    if (n & 1) {
      const x = load<f64>(low + whole), y = load<f64>(high + whole);
      store<f64>(high + whole, s * x + c * y);
      store<f64>(low + whole, c * x - s * y);
    }
    if (i == 0) break;
  }
}
