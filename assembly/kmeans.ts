// The two loops of k-means (Lloyd): which centroid is nearest to each row, and the sum of the rows of each centroid.
// Strict arithmetic in a fixed order, equal bits in every build: what they make is persisted.
//
// |x - c|^2 = |x|^2 + 2 (|c|^2 / 2 - x·c), so the nearest centroid is the one with the least |c|^2 / 2 - x·c. Centroids
// lie in panels of eight, dimension by dimension: shape (k / 8, dim, 8). Four rows times eight centroids are eight
// accumulators in registers; a dimension costs two loads and four splats for eight products, and no sum across lanes.
import { PANEL_LANES } from "../src/kernels/abi";

/** Lane numbers. i32, shape (4). */
const LANES = memory.data<i32>([0, 1, 2, 3], 16);

// @ts-ignore: decorator
@inline function lengthOf(inverseNorms: usize, row: u32): v128 {
  return inverseNorms ? v128.load32_splat(inverseNorms + ((<usize>row) << 2)) : f32x4.splat(1);
}

/** Of four lanes the least score, and the smallest number among equal ones. */
function settle(scores: v128, numbers: v128, nearest: usize, score: usize): void {
  let s = f32x4.extract_lane(scores, 0);
  let n: u32 = i32x4.extract_lane(numbers, 0);
  const s1 = f32x4.extract_lane(scores, 1), s2 = f32x4.extract_lane(scores, 2), s3 = f32x4.extract_lane(scores, 3);
  const n1: u32 = i32x4.extract_lane(numbers, 1), n2: u32 = i32x4.extract_lane(numbers, 2), n3: u32 = i32x4.extract_lane(numbers, 3);
  if (s1 < s || (s1 == s && n1 < n)) { s = s1; n = n1; }
  if (s2 < s || (s2 == s && n2 < n)) { s = s2; n = n2; }
  if (s3 < s || (s3 == s && n3 < n)) { s = s3; n = n3; }
  store<f32>(score, s);
  store<u32>(nearest, n);
}

/**
 * For rows [from, to), `stride` bytes apart, the number of the nearest centroid among those of panels
 * [panelFrom, panelTo) and its score, into nearest[row] and scores[row]; a tie goes to the smaller number. panelFrom > 0:
 * what is there is the best so far. `inverseNorms` scales each row first, 0: not. `biases`: f32, shape (panels, 8):
 * |c|^2 / 2, Infinity for a lane without centroid.
 */
export function nearestCentroids(
  rows: usize, stride: u32, dim: u32, from: u32, to: u32, inverseNorms: usize, panels: usize, biases: usize,
  panelFrom: u32, panelTo: u32, nearest: usize, scores: usize,
): void {
  const panelBytes = (<usize>dim) * (PANEL_LANES << 2), end = (<usize>dim) << 2;
  const lanes = v128.load(LANES);
  const last = to - 1;
  for (let r = from; r < to; r += 4) {
    const r1 = min(r + 1, last), r2 = min(r + 2, last), r3 = min(r + 3, last);
    const x0 = rows + <usize>r * stride, x1 = rows + <usize>r1 * stride, x2 = rows + <usize>r2 * stride, x3 = rows + <usize>r3 * stride;
    const l0 = lengthOf(inverseNorms, r), l1 = lengthOf(inverseNorms, r1), l2 = lengthOf(inverseNorms, r2), l3 = lengthOf(inverseNorms, r3);
    let s0 = f32x4.splat(Infinity), s1 = s0, s2 = s0, s3 = s0;
    let n0 = i32x4.splat(0), n1 = n0, n2 = n0, n3 = n0;
    if (panelFrom) {
      s0 = v128.load32_splat(scores + ((<usize>r) << 2)); n0 = v128.load32_splat(nearest + ((<usize>r) << 2));
      s1 = v128.load32_splat(scores + ((<usize>r1) << 2)); n1 = v128.load32_splat(nearest + ((<usize>r1) << 2));
      s2 = v128.load32_splat(scores + ((<usize>r2) << 2)); n2 = v128.load32_splat(nearest + ((<usize>r2) << 2));
      s3 = v128.load32_splat(scores + ((<usize>r3) << 2)); n3 = v128.load32_splat(nearest + ((<usize>r3) << 2));
    }
    for (let p = panelFrom; p < panelTo; p++) {
      let c = panels + <usize>p * panelBytes;
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      for (let i: usize = 0; i < end; i += 4) {
        const low = v128.load(c), high = v128.load(c, 16);
        const y0 = v128.load32_splat(x0 + i);
        a0 = f32x4.add(a0, f32x4.mul(y0, low));
        b0 = f32x4.add(b0, f32x4.mul(y0, high));
        const y1 = v128.load32_splat(x1 + i);
        a1 = f32x4.add(a1, f32x4.mul(y1, low));
        b1 = f32x4.add(b1, f32x4.mul(y1, high));
        const y2 = v128.load32_splat(x2 + i);
        a2 = f32x4.add(a2, f32x4.mul(y2, low));
        b2 = f32x4.add(b2, f32x4.mul(y2, high));
        const y3 = v128.load32_splat(x3 + i);
        a3 = f32x4.add(a3, f32x4.mul(y3, low));
        b3 = f32x4.add(b3, f32x4.mul(y3, high));
        c += PANEL_LANES << 2;
      }
      const bias = biases + ((<usize>p) << 5);
      const low = v128.load(bias), high = v128.load(bias, 16);
      const number = i32x4.add(lanes, i32x4.splat(p << 3)), number4 = i32x4.add(number, i32x4.splat(4));
      let score = f32x4.sub(low, f32x4.mul(a0, l0)), isLess = f32x4.lt(score, s0);
      s0 = v128.bitselect(score, s0, isLess); n0 = v128.bitselect(number, n0, isLess);
      score = f32x4.sub(high, f32x4.mul(b0, l0)); isLess = f32x4.lt(score, s0);
      s0 = v128.bitselect(score, s0, isLess); n0 = v128.bitselect(number4, n0, isLess);
      score = f32x4.sub(low, f32x4.mul(a1, l1)); isLess = f32x4.lt(score, s1);
      s1 = v128.bitselect(score, s1, isLess); n1 = v128.bitselect(number, n1, isLess);
      score = f32x4.sub(high, f32x4.mul(b1, l1)); isLess = f32x4.lt(score, s1);
      s1 = v128.bitselect(score, s1, isLess); n1 = v128.bitselect(number4, n1, isLess);
      score = f32x4.sub(low, f32x4.mul(a2, l2)); isLess = f32x4.lt(score, s2);
      s2 = v128.bitselect(score, s2, isLess); n2 = v128.bitselect(number, n2, isLess);
      score = f32x4.sub(high, f32x4.mul(b2, l2)); isLess = f32x4.lt(score, s2);
      s2 = v128.bitselect(score, s2, isLess); n2 = v128.bitselect(number4, n2, isLess);
      score = f32x4.sub(low, f32x4.mul(a3, l3)); isLess = f32x4.lt(score, s3);
      s3 = v128.bitselect(score, s3, isLess); n3 = v128.bitselect(number, n3, isLess);
      score = f32x4.sub(high, f32x4.mul(b3, l3)); isLess = f32x4.lt(score, s3);
      s3 = v128.bitselect(score, s3, isLess); n3 = v128.bitselect(number4, n3, isLess);
    }
    settle(s0, n0, nearest + ((<usize>r) << 2), scores + ((<usize>r) << 2));
    if (r + 1 < to) settle(s1, n1, nearest + ((<usize>r1) << 2), scores + ((<usize>r1) << 2));
    if (r + 2 < to) settle(s2, n2, nearest + ((<usize>r2) << 2), scores + ((<usize>r2) << 2));
    if (r + 3 < to) settle(s3, n3, nearest + ((<usize>r3) << 2), scores + ((<usize>r3) << 2));
  }
}

/** Adds rows [from, to), scaled by their inverse norms (0: not), to sums[nearest[row]], f32, shape (k, dim), and counts them in counts, u32, shape (k). */
export function sumByCentroid(
  rows: usize, stride: u32, dim: u32, from: u32, to: u32, inverseNorms: usize, nearest: usize, sums: usize, counts: usize,
): void {
  const whole = (<usize>(dim & ~3)) << 2, end = (<usize>dim) << 2;
  for (let r = from; r < to; r++) {
    const number = load<u32>(nearest + ((<usize>r) << 2));
    const x = rows + <usize>r * stride, sum = sums + <usize>number * end;
    const length: f32 = inverseNorms ? load<f32>(inverseNorms + ((<usize>r) << 2)) : 1;
    const length4 = f32x4.splat(length);
    let i: usize = 0;
    for (; i < whole; i += 16) v128.store(sum + i, f32x4.add(v128.load(sum + i), f32x4.mul(v128.load(x + i), length4)));
    for (; i < end; i += 4) store<f32>(sum + i, load<f32>(sum + i) + load<f32>(x + i) * length);
    const count = counts + ((<usize>number) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}
