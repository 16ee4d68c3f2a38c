// Rows of other elements than f32: half precision and bfloat16 (widened in registers, exactly, then as f32), 8-bit
// integers and bits (exact in integers). Rows lie back to back without padding, `dim` elements or dim / 8 bytes each;
// up to 16 bytes behind the last row are read, and must be readable.
//
// Integers and bits need one dot product: with |q|^2 and |x|^2 (of bits: how many are set) every metric follows,
//   L2       |q|^2 + |x|^2 - 2 q·x      HAMMING  the same
//   IP       -q·x                       JACCARD  (|q| + |x| - 2 q·x) / (|q| + |x| - q·x), 0 where both are empty
//   COSINE   -q·x / sqrt(|q|^2 |x|^2), 0 where either is zero
// Overflow: |q - x|^2 <= 255^2 * 32,768 < 2^31; a row's and's are counted in u16 lanes, at most 16 a turn, 2,048 turns.
import {
  METRIC_COSINE, METRIC_IP, METRIC_JACCARD, METRIC_L2, ROW_QUERY_DATA, ROWS_BF16, ROWS_BITS, ROWS_F16, ROWS_F32, ROWS_I8,
} from "../src/kernels/abi";
import { column, FastDot, FastL2, step, sumF32, sumI32 } from "./distance";
import { RowQuery, TopK } from "./layout";
import { inverseNorm, rescore, scan } from "./scan";
import { heapify, topkSort } from "./topk";

// Spaces, as type arguments of `four`, `scan` and `rescore`.
export class F16L2 {}
export class F16Dot {}
export class BF16L2 {}
export class BF16Dot {}
export class Int8 {}
export class Bits {}

// @ts-ignore: decorator
@inline function isBF16<S>(): bool { return idof<S>() == idof<BF16L2>() || idof<S>() == idof<BF16Dot>(); }
// @ts-ignore: decorator
@inline function isDot<S>(): bool { return idof<S>() == idof<F16Dot>() || idof<S>() == idof<BF16Dot>(); }

/** Loaded before the loops: a v128.const inside one is made anew on every turn by some engines. u32, shape (8): mask, 2^112 as f32. */
const WIDENING = memory.data<u32>([0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, 0x77800000, 0x77800000, 0x77800000, 0x77800000], 16);

/** f32x4 of four bit patterns, each sign-extended to 32 bits. Subnormals and zeros are right, infinity cannot occur. */
// @ts-ignore: decorator
@inline function widen<S>(bits: v128, mask: v128, factor: v128): v128 {
  if (isBF16<S>()) return i32x4.shl(bits, 16);
  // Exponent and fraction at their place in an f32, where the exponent's bias is larger by 112.
  return f32x4.mul(v128.and(i32x4.shl(bits, 13), mask), factor);
}

/** acc + the contribution of one block of four dimensions. */
// @ts-ignore: decorator
@inline function stepHalf<S>(acc: v128, q: v128, bits: v128, mask: v128, factor: v128): v128 {
  if (isDot<S>()) return step<FastDot>(acc, q, widen<S>(bits, mask, factor));
  return step<FastL2>(acc, q, widen<S>(bits, mask, factor));
}

/** The element at the same place of four rows, sign-extended. */
// @ts-ignore: decorator
@inline function columnI16(a: usize, b: usize, c: usize, d: usize): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(load<i16>(a)), 1, load<i16>(b)), 2, load<i16>(c)), 3, load<i16>(d));
}

/** [accumulator 0 + accumulator 1] of one row. */
// @ts-ignore: decorator
@inline function oneHalf<S>(q: usize, x: usize, end8: usize, end4: usize, mask: v128, factor: v128): v128 {
  let a0 = f32x4.splat(0), a1 = a0;
  let i: usize = 0;
  for (; i < end8; i += 16) {
    a0 = stepHalf<S>(a0, v128.load(q + (i << 1)), v128.load_ext<i16>(x + i), mask, factor);
    a1 = stepHalf<S>(a1, v128.load(q + (i << 1), 16), v128.load_ext<i16>(x + i, 8), mask, factor);
  }
  if (i < end4) a0 = stepHalf<S>(a0, v128.load(q + (i << 1)), v128.load_ext<i16>(x + i), mask, factor);
  return f32x4.add(a0, a1);
}

/** As `fourF32`, and in its order: squared distances or minus dot products of the f32 query to rows of 16-bit floats. */
// @ts-ignore: decorator
@inline export function fourHalf<S>(q: usize, a: usize, b: usize, c: usize, d: usize, dim: u32, inTurn: bool): v128 {
  const mask = v128.load(WIDENING), factor = v128.load(WIDENING, 16);
  const end8 = (<usize>(dim & ~7)) << 1, end4 = (<usize>(dim & ~3)) << 1, end = (<usize>dim) << 1;
  let sum: v128;
  if (inTurn) {
    const sa = oneHalf<S>(q, a, end8, end4, mask, factor);
    const sb = oneHalf<S>(q, b, end8, end4, mask, factor);
    const sc = oneHalf<S>(q, c, end8, end4, mask, factor);
    const sd = oneHalf<S>(q, d, end8, end4, mask, factor);
    sum = sumF32(sa, sb, sc, sd);
  } else {
    let a0 = f32x4.splat(0), b0 = a0, c0 = a0, d0 = a0;
    let a1 = a0, b1 = a0, c1 = a0, d1 = a0;
    let i: usize = 0;
    for (; i < end8; i += 16) {
      const q0 = v128.load(q + (i << 1)), q1 = v128.load(q + (i << 1), 16);
      a0 = stepHalf<S>(a0, q0, v128.load_ext<i16>(a + i), mask, factor);
      a1 = stepHalf<S>(a1, q1, v128.load_ext<i16>(a + i, 8), mask, factor);
      b0 = stepHalf<S>(b0, q0, v128.load_ext<i16>(b + i), mask, factor);
      b1 = stepHalf<S>(b1, q1, v128.load_ext<i16>(b + i, 8), mask, factor);
      c0 = stepHalf<S>(c0, q0, v128.load_ext<i16>(c + i), mask, factor);
      c1 = stepHalf<S>(c1, q1, v128.load_ext<i16>(c + i, 8), mask, factor);
      d0 = stepHalf<S>(d0, q0, v128.load_ext<i16>(d + i), mask, factor);
      d1 = stepHalf<S>(d1, q1, v128.load_ext<i16>(d + i, 8), mask, factor);
    }
    if (i < end4) {
      const q0 = v128.load(q + (i << 1));
      a0 = stepHalf<S>(a0, q0, v128.load_ext<i16>(a + i), mask, factor);
      b0 = stepHalf<S>(b0, q0, v128.load_ext<i16>(b + i), mask, factor);
      c0 = stepHalf<S>(c0, q0, v128.load_ext<i16>(c + i), mask, factor);
      d0 = stepHalf<S>(d0, q0, v128.load_ext<i16>(d + i), mask, factor);
    }
    sum = sumF32(f32x4.add(a0, a1), f32x4.add(b0, b1), f32x4.add(c0, c1), f32x4.add(d0, d1));
  }
  if (end4 < end) {
    let rest = f32x4.splat(0);
    for (let i = end4; i < end; i += 2) rest = stepHalf<S>(rest, v128.load32_splat(q + (i << 1)), columnI16(a + i, b + i, c + i, d + i), mask, factor);
    sum = f32x4.add(sum, rest);
  }
  return isDot<S>() ? f32x4.neg(sum) : sum;
}

/** Dot products, i32 lanes to be added up, of 16 elements of the i16 query at q and of a row of 8-bit integers. */
// @ts-ignore: decorator
@inline function dot16(q0: v128, q1: v128, x: usize): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(q0, v128.load_ext<i8>(x)), i32x4.dot_i16x8_s(q1, v128.load_ext<i8>(x, 8)));
}

// @ts-ignore: decorator
@inline function oneInt8(q: usize, x: usize, dim: u32): v128 {
  let a0 = i32x4.splat(0);
  for (let i: usize = 0; i < <usize>dim; i += 16) a0 = i32x4.add(a0, dot16(v128.load(q + (i << 1)), v128.load(q + (i << 1), 16), x + i));
  return a0;
}

/** Dot products, i32, of the i16 query at q to rows of 8-bit integers. */
// @ts-ignore: decorator
@inline function dotsInt8(q: usize, a: usize, b: usize, c: usize, d: usize, dim: u32, inTurn: bool): v128 {
  if (inTurn) {
    const sa = oneInt8(q, a, dim), sb = oneInt8(q, b, dim), sc = oneInt8(q, c, dim), sd = oneInt8(q, d, dim);
    return sumI32(sa, sb, sc, sd);
  }
  let a0 = i32x4.splat(0), b0 = a0, c0 = a0, d0 = a0;
  for (let i: usize = 0; i < <usize>dim; i += 16) {
    const q0 = v128.load(q + (i << 1)), q1 = v128.load(q + (i << 1), 16);
    a0 = i32x4.add(a0, dot16(q0, q1, a + i));
    b0 = i32x4.add(b0, dot16(q0, q1, b + i));
    c0 = i32x4.add(c0, dot16(q0, q1, c + i));
    d0 = i32x4.add(d0, dot16(q0, q1, d + i));
  }
  return sumI32(a0, b0, c0, d0);
}

/** Bits set in both, u16 lanes to be added up. */
// @ts-ignore: decorator
@inline function bitsOf(q: v128, x: usize): v128 { return i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(v128.and(q, v128.load(x)))); }

// @ts-ignore: decorator
@inline function oneBits(q: usize, x: usize, bytes: u32): v128 {
  let a0 = i16x8.splat(0);
  for (let i: usize = 0; i < <usize>bytes; i += 16) a0 = i16x8.add(a0, bitsOf(v128.load(q + i), x + i));
  return i32x4.extadd_pairwise_i16x8_u(a0);
}

/** Bits set in both, i32. */
// @ts-ignore: decorator
@inline function dotsBits(q: usize, a: usize, b: usize, c: usize, d: usize, bytes: u32, inTurn: bool): v128 {
  if (inTurn) {
    const sa = oneBits(q, a, bytes), sb = oneBits(q, b, bytes), sc = oneBits(q, c, bytes), sd = oneBits(q, d, bytes);
    return sumI32(sa, sb, sc, sd);
  }
  let a0 = i16x8.splat(0), b0 = a0, c0 = a0, d0 = a0;
  for (let i: usize = 0; i < <usize>bytes; i += 16) {
    const q0 = v128.load(q + i);
    a0 = i16x8.add(a0, bitsOf(q0, a + i));
    b0 = i16x8.add(b0, bitsOf(q0, b + i));
    c0 = i16x8.add(c0, bitsOf(q0, c + i));
    d0 = i16x8.add(d0, bitsOf(q0, d + i));
  }
  return sumI32(i32x4.extadd_pairwise_i16x8_u(a0), i32x4.extadd_pairwise_i16x8_u(b0), i32x4.extadd_pairwise_i16x8_u(c0), i32x4.extadd_pairwise_i16x8_u(d0));
}

/** Distances of dot products by the metric. `squares`: of the rows, i32x4. */
// @ts-ignore: decorator
@inline function fromDots(head: RowQuery, dots: v128, squares: v128): v128 {
  const metric = head.metric;
  if (metric == METRIC_IP) return f32x4.neg(f32x4.convert_i32x4_s(dots));
  if (metric == METRIC_COSINE) {
    const lengths = f32x4.sqrt(f32x4.mul(f32x4.convert_i32x4_s(squares), f32x4.splat(<f32>head.squares)));
    return v128.and(f32x4.div(f32x4.neg(f32x4.convert_i32x4_s(dots)), lengths), f32x4.gt(lengths, f32x4.splat(0)));
  }
  const either = i32x4.add(squares, i32x4.splat(head.squares));
  const differing = f32x4.convert_i32x4_s(i32x4.sub(either, i32x4.shl(dots, 1)));
  if (metric != METRIC_JACCARD) return differing;
  const union = f32x4.convert_i32x4_s(i32x4.sub(either, dots));
  return v128.and(f32x4.div(differing, union), f32x4.gt(union, f32x4.splat(0)));
}

/** The part of `four` for the spaces of this file. `perRow`: what `rowTerms` wrote, or 0 where 16-bit floats have no use for it. */
// @ts-ignore: decorator
@inline export function fourRows<S>(
  query: usize, data: usize, stride: u32, dim: u32, perRow: usize, a: u32, b: u32, c: u32, d: u32, inTurn: bool,
): v128 {
  const pa = data + <usize>a * stride, pb = data + <usize>b * stride, pc = data + <usize>c * stride, pd = data + <usize>d * stride;
  const ta = perRow + ((<usize>a) << 2), tb = perRow + ((<usize>b) << 2), tc = perRow + ((<usize>c) << 2), td = perRow + ((<usize>d) << 2);
  if (idof<S>() == idof<Int8>()) return fromDots(changetype<RowQuery>(query), dotsInt8(query + ROW_QUERY_DATA, pa, pb, pc, pd, dim, inTurn), column(ta, tb, tc, td));
  if (idof<S>() == idof<Bits>()) return fromDots(changetype<RowQuery>(query), dotsBits(query + ROW_QUERY_DATA, pa, pb, pc, pd, stride, inTurn), column(ta, tb, tc, td));
  const distance = fourHalf<S>(query, pa, pb, pc, pd, dim, inTurn);
  return isDot<S>() && perRow ? f32x4.mul(distance, column(ta, tb, tc, td)) : distance;
}

/** Bytes of a row. */
// @ts-ignore: decorator
@inline export function rowBytes(format: u32, dim: u32): u32 {
  if (format == ROWS_F32) return dim << 2;
  if (format == ROWS_BITS) return dim >> 3;
  return format == ROWS_I8 ? dim : dim << 1;
}

/**
 * Rows [from, to) into the top-k, as row + rowBase. `query`: f32 for 16-bit floats, a RowQuery for integers and bits. `terms`: of
 * `rowTerms`. `allow`: bitset over rows, or 0.
 */
export function scanRows(
  topPtr: usize, format: u32, metric: u32, query: usize, data: usize, dim: u32, from: u32, to: u32, terms: usize, allow: usize, rowBase: u32,
): void {
  const top = changetype<TopK>(topPtr);
  const stride = rowBytes(format, dim);
  const norms = metric == METRIC_COSINE ? terms : 0;
  if (format == ROWS_I8) scan<Int8>(top, query, data, stride, dim, terms, from, to, allow, rowBase);
  else if (format == ROWS_BITS) scan<Bits>(top, query, data, stride, dim, terms, from, to, allow, rowBase);
  else if (format == ROWS_F16) {
    if (metric == METRIC_L2) scan<F16L2>(top, query, data, stride, dim, 0, from, to, allow, rowBase);
    else scan<F16Dot>(top, query, data, stride, dim, norms, from, to, allow, rowBase);
  } else if (metric == METRIC_L2) scan<BF16L2>(top, query, data, stride, dim, 0, from, to, allow, rowBase);
  else scan<BF16Dot>(top, query, data, stride, dim, norms, from, to, allow, rowBase);
}

/** Replaces the distances of the first n hits by exact ones, keeps the `keep` nearest and sorts those; see `rescoreF32`. */
export function rescoreRows(topPtr: usize, format: u32, metric: u32, query: usize, data: usize, dim: u32, terms: usize, n: u32, keep: u32): void {
  if (!n) return;
  const top = changetype<TopK>(topPtr);
  const stride = rowBytes(format, dim);
  const norms = metric == METRIC_COSINE ? terms : 0;
  if (format == ROWS_I8) rescore<Int8>(top, query, data, stride, dim, terms, n);
  else if (format == ROWS_BITS) rescore<Bits>(top, query, data, stride, dim, terms, n);
  else if (format == ROWS_F16) {
    if (metric == METRIC_L2) rescore<F16L2>(top, query, data, stride, dim, 0, n);
    else rescore<F16Dot>(top, query, data, stride, dim, norms, n);
  } else if (metric == METRIC_L2) rescore<BF16L2>(top, query, data, stride, dim, 0, n);
  else rescore<BF16Dot>(top, query, data, stride, dim, norms, n);
  heapify(top, n, keep);
  topkSort(topPtr);
}

/** f32 of `count` 16-bit floats or 8-bit integers. Exact. */
export function expandRows(format: u32, source: usize, count: u32, out: usize): void {
  const whole = <usize>(count & ~3);
  let i: usize = 0;
  if (format == ROWS_F16) {
    const mask = v128.load(WIDENING), factor = v128.load(WIDENING, 16);
    for (; i < whole; i += 4) v128.store(out + (i << 2), widen<F16L2>(v128.load_ext<i16>(source + (i << 1)), mask, factor));
  } else if (format == ROWS_BF16) {
    for (; i < whole; i += 4) v128.store(out + (i << 2), i32x4.shl(v128.load_ext<i16>(source + (i << 1)), 16));
  }
  for (; i < <usize>count; i++) {
    let x: f32;
    if (format == ROWS_I8) x = <f32>load<i8>(source + i);
    else {
      const bits = <u32><i32>load<i16>(source + (i << 1));
      x = format == ROWS_BF16 ? reinterpret<f32>(bits << 16) : reinterpret<f32>((bits << 13) & 0x8fffe000) * reinterpret<f32>(0x77800000);
    }
    store<f32>(out + (i << 2), x);
  }
}

/** Sum of squares of 8-bit integers, or bits set. */
function squaresOf(format: u32, source: usize, dim: u32): i32 {
  let sum: i32 = 0;
  if (format == ROWS_BITS) for (let i: usize = 0; i < <usize>(dim >> 3); i++) sum += popcnt<u32>(load<u8>(source + i));
  else for (let i: usize = 0; i < <usize>dim; i++) sum += <i32>load<i8>(source + i) * <i32>load<i8>(source + i);
  return sum;
}

/**
 * What a row has besides its elements, 4 bytes each, shape (rows): 16-bit floats: f32, 1 / |row|, 0 for a zero row; integers: i32, the sum of
 * their squares; bits: u32, how many are set. `scratch`: room for one row as f32.
 */
export function rowTerms(format: u32, data: usize, rows: u32, dim: u32, scratch: usize, out: usize): void {
  const stride = rowBytes(format, dim);
  for (let r: u32 = 0; r < rows; r++) {
    const row = data + <usize>r * stride, at = out + ((<usize>r) << 2);
    if (format == ROWS_I8 || format == ROWS_BITS) store<i32>(at, squaresOf(format, row, dim));
    else {
      expandRows(format, row, dim, scratch);
      store<f32>(at, <f32>min(inverseNorm(scratch, dim), <f64>f32.MAX_VALUE));
    }
  }
}

/** Makes a RowQuery of one row of integers or bits at `source`, of ROW_QUERY_DATA + 2 * dim bytes, rounded up to 16 elements. */
export function rowQuery(format: u32, metric: u32, source: usize, dim: u32, out: usize): void {
  const head = changetype<RowQuery>(out);
  head.metric = metric;
  head.squares = squaresOf(format, source, dim);
  const data = out + ROW_QUERY_DATA;
  const elements = <usize>(format == ROWS_BITS ? dim >> 3 : dim), end = (elements + 15) & ~15;
  for (let i: usize = 0; i < end; i++) {
    if (format == ROWS_BITS) store<u8>(data + i, i < elements ? load<u8>(source + i) : 0);
    else store<i16>(data + (i << 1), i < elements ? <i16>load<i8>(source + i) : 0);
  }
}

/**
 * The number of the nearest of k rows (`centroids`, with their `terms` of `rowTerms`), a tie to the smaller one, for rows [from, to) of
 * integers or bits, into nearest[row], u32. `top`: room for one hit. `query`: room for a RowQuery.
 */
export function nearestRows(
  topPtr: usize, format: u32, metric: u32, rows: usize, dim: u32, from: u32, to: u32, query: usize, centroids: usize, k: u32, terms: usize, nearest: usize,
): void {
  const top = changetype<TopK>(topPtr);
  for (let row = from; row < to; row++) {
    rowQuery(format, metric, rows + <usize>row * rowBytes(format, dim), dim, query);
    top.k = 1;
    top.count = 0;
    scanRows(topPtr, format, metric, query, centroids, dim, 0, k, terms, 0, 0);
    store<u32>(nearest + ((<usize>row) << 2), load<u32>(top.rows));
  }
}
