// Distances of one query to four rows at a time, the only inner loops that the kernels have. A row's distance does not
// depend on its neighbours in the group, so a short group is filled by repeating a row. Two orders, equal to the last bit:
//   side by side  each load of the query serves four rows, and rows far apart miss the cache together: for walks, and for
//                 scans of what the cache holds
//   in turn       memory is read from front to back in one stream, which the processor reads ahead at its full speed
//                 (two or four streams a row apart it does not: a quarter of the speed): for scans of more
//
// A space says what a row is and how it is compared; it is a type argument, so each loop is compiled per space:
//   L2      f32, squared Euclidean, strict: one rounding per operation, equal bits on every machine
//   Dot     f32, minus the dot product, times inverseNorms[row] where given (COSINE), strict
//   FastL2, FastDot   the same with fused multiply-add in the relaxed build: for searches, never for builds
//   Code    7-bit codes by integer dot product: exact, equal bits in every build
//   Packed  all other codes (packed.ts)
// and the spaces of other element types in rows.ts, which are told apart by classes.
//
// Order of the f32 sums: lane i of accumulator a holds the dimensions d with d % 8 == 4a + i, the rest beyond a
// multiple of 4 comes last; total = ((l0 + l2) + (l1 + l3)) + rest, where l = accumulator 0 + accumulator 1.
// src/kernels/scalar.ts keeps to it.
//
// The relaxed build multiplies bytes into pair sums (i16x8.relaxed_dot_i8x16_i7x16_s, one instruction on x86) and adds
// the pairs up by a dot product with ones. The fused i32x4.relaxed_dot_i8x16_i7x16_add_s is one instruction only on CPUs
// with AVX-VNNI or the Arm dot product, five on other x86: 1.2 to 1.9 times slower there, hardly faster where it is one.
//
// Overflow of the codes' sums: |v| <= 127, code <= 127; a pair is at most 32,258 < 2^15, so that relaxed dot cannot
// saturate; 16,129 * dim < 2^31 for dim <= 133,000.
import { CODE_QUERY_CODES } from "../src/kernels/abi";
import { CodeQuery } from "./layout";
import { fourPacked } from "./packed";
import { fourRows } from "./rows";

// Spaces are told apart by size and kind of a type argument, which asc evaluates at compile time.
export type L2 = f32;
export type Dot = f64;
export type FastL2 = i32;
export type FastDot = i64;
export type Code = i8;
export class Packed {}

// @ts-ignore: decorator
@inline export function isCode<S>(): bool { return sizeof<S>() == 1; }
// @ts-ignore: decorator
@inline export function isPacked<S>(): bool {
  if (isReference<S>()) return idof<S>() == idof<Packed>();
  return false;
}
// @ts-ignore: decorator
@inline export function isDot<S>(): bool { return sizeof<S>() == 8; }
// @ts-ignore: decorator
@inline export function isFastL2<S>(): bool { return isInteger<S>() && sizeof<S>() == 4; }
// @ts-ignore: decorator
@inline export function isFused<S>(): bool { return isInteger<S>() && ASC_FEATURE_RELAXED_SIMD; }

/** [sum of a's lanes, of b's, of c's, of d's]. */
// @ts-ignore: decorator
@inline export function sumF32(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(ab, cd, 0, 2), v128.shuffle<f64>(ab, cd, 1, 3));
}

// @ts-ignore: decorator
@inline export function sumI32(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

/** acc + the contribution of one block of four dimensions. */
// @ts-ignore: decorator
@inline export function step<S>(acc: v128, q: v128, x: v128): v128 {
  if (isDot<S>()) {
    if (isFused<S>()) return f32x4.relaxed_madd(q, x, acc);
    return f32x4.add(acc, f32x4.mul(q, x));
  }
  const difference = f32x4.sub(q, x);
  if (isFused<S>()) return f32x4.relaxed_madd(difference, difference, acc);
  return f32x4.add(acc, f32x4.mul(difference, difference));
}

/** The element at p of four rows. */
// @ts-ignore: decorator
@inline export function column(a: usize, b: usize, c: usize, d: usize): v128 {
  let x = v128.load32_zero(a);
  x = v128.load_lane<u32>(b, x, 1);
  x = v128.load_lane<u32>(c, x, 2);
  return v128.load_lane<u32>(d, x, 3);
}

/** Cache lines of a row that are asked for ahead; the processor's own prefetching takes over from there. */
const LINES_AHEAD: usize = 8;

/**
 * Asks for the first cache lines of a row. WebAssembly has no prefetch: this is a load whose value the caller stores
 * where nobody reads it, so that no compiler drops it. Nothing waits for it.
 */
// @ts-ignore: decorator
@inline export function touch(row: usize, byteLength: u32): u32 {
  let seen: u32 = 0;
  for (let at: usize = 0, end = min<usize>(byteLength, LINES_AHEAD << 6); at < end; at += 64) seen ^= load<u32>(row + at);
  return seen;
}

/** Squared distances or minus dot products of the f32 query at q to the f32 rows at a, b, c, d. */
// @ts-ignore: decorator
@inline export function fourF32<S>(q: usize, a: usize, b: usize, c: usize, d: usize, dim: u32): v128 {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  let a1 = zero, b1 = zero, c1 = zero, d1 = zero;
  let i: usize = 0;
  const end8 = (<usize>(dim & ~7)) << 2;
  const end4 = (<usize>(dim & ~3)) << 2;
  const end = (<usize>dim) << 2;
  for (; i < end8; i += 32) {
    const q0 = v128.load(q + i);
    const q1 = v128.load(q + i, 16);
    a0 = step<S>(a0, q0, v128.load(a + i));
    a1 = step<S>(a1, q1, v128.load(a + i, 16));
    b0 = step<S>(b0, q0, v128.load(b + i));
    b1 = step<S>(b1, q1, v128.load(b + i, 16));
    c0 = step<S>(c0, q0, v128.load(c + i));
    c1 = step<S>(c1, q1, v128.load(c + i, 16));
    d0 = step<S>(d0, q0, v128.load(d + i));
    d1 = step<S>(d1, q1, v128.load(d + i, 16));
  }
  if (i < end4) {
    const q0 = v128.load(q + i);
    a0 = step<S>(a0, q0, v128.load(a + i));
    b0 = step<S>(b0, q0, v128.load(b + i));
    c0 = step<S>(c0, q0, v128.load(c + i));
    d0 = step<S>(d0, q0, v128.load(d + i));
    i += 16;
  }
  let sum = sumF32(f32x4.add(a0, a1), f32x4.add(b0, b1), f32x4.add(c0, c1), f32x4.add(d0, d1));
  if (i < end) {
    let rest = zero;
    for (; i < end; i += 4) rest = step<S>(rest, v128.load32_splat(q + i), column(a + i, b + i, c + i, d + i));
    sum = f32x4.add(sum, rest);
  }
  return isDot<S>() ? f32x4.neg(sum) : sum;
}

/** [accumulator 0 + accumulator 1] of one row. */
// @ts-ignore: decorator
@inline function oneF32<S>(q: usize, x: usize, end8: usize, end4: usize): v128 {
  let a0 = f32x4.splat(0), a1 = a0;
  let i: usize = 0;
  for (; i < end8; i += 32) {
    a0 = step<S>(a0, v128.load(q + i), v128.load(x + i));
    a1 = step<S>(a1, v128.load(q + i, 16), v128.load(x + i, 16));
  }
  if (i < end4) a0 = step<S>(a0, v128.load(q + i), v128.load(x + i));
  return f32x4.add(a0, a1);
}

/** The same as fourF32 to the last bit, row after row. */
// @ts-ignore: decorator
@inline function fourF32InTurn<S>(q: usize, a: usize, b: usize, c: usize, d: usize, dim: u32): v128 {
  const end8 = (<usize>(dim & ~7)) << 2;
  const end4 = (<usize>(dim & ~3)) << 2;
  const end = (<usize>dim) << 2;
  const sa = oneF32<S>(q, a, end8, end4);
  const sb = oneF32<S>(q, b, end8, end4);
  const sc = oneF32<S>(q, c, end8, end4);
  const sd = oneF32<S>(q, d, end8, end4);
  let sum = sumF32(sa, sb, sc, sd);
  if (end4 < end) {
    let rest = f32x4.splat(0);
    for (let i = end4; i < end; i += 4) rest = step<S>(rest, v128.load32_splat(q + i), column(a + i, b + i, c + i, d + i));
    sum = f32x4.add(sum, rest);
  }
  return isDot<S>() ? f32x4.neg(sum) : sum;
}

/** Dimensions between two looks at whether a row can still be near enough. */
const BOUNDED_DIM: u32 = 128;
/** Rows of fewer dimensions are compared in one go. */
export const BOUNDED_FROM_DIM: u32 = 2 * BOUNDED_DIM;

/**
 * The squared distance of one row as fourF32 has it, to the last bit, or Infinity as soon as it is more than `bound`: partial sums
 * only grow, and rounding keeps their order.
 */
export function boundedL2(q: usize, x: usize, dim: u32, bound: f32): f32 {
  const end8 = (<usize>(dim & ~7)) << 2, end4 = (<usize>(dim & ~3)) << 2, end = (<usize>dim) << 2;
  let a0 = f32x4.splat(0), a1 = a0;
  let i: usize = 0;
  while (i < end8) {
    const stop = min(i + (BOUNDED_DIM << 2), end8);
    for (; i < stop; i += 32) {
      a0 = step<FastL2>(a0, v128.load(q + i), v128.load(x + i));
      a1 = step<FastL2>(a1, v128.load(q + i, 16), v128.load(x + i, 16));
    }
    if (sumLanes(f32x4.add(a0, a1)) > bound) return Infinity;
  }
  if (i < end4) {
    a0 = step<FastL2>(a0, v128.load(q + i), v128.load(x + i));
    i = end4;
  }
  const sum = sumLanes(f32x4.add(a0, a1));
  if (end4 == end) return sum;
  let rest = f32x4.splat(0);
  for (; i < end; i += 4) rest = step<FastL2>(rest, v128.load32_zero(q + i), v128.load32_zero(x + i));
  return sum + f32x4.extract_lane(rest, 0);
}

/** As sumF32. */
// @ts-ignore: decorator
@inline function sumLanes(l: v128): f32 {
  const pairs = f32x4.add(l, v128.shuffle<f32>(l, l, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Loaded before the loops: a v128.const inside one is made anew on every turn by some engines. i16, shape (8). */
const ONES = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16);

/** Dot products, i32, of the quantized query at v to the code rows at a, b, c, d of `stride` bytes. */
// @ts-ignore: decorator
@inline export function fourCodes(v: usize, a: usize, b: usize, c: usize, d: usize, stride: u32): v128 {
  const zero = i32x4.splat(0);
  const ones = v128.load(ONES);
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  for (let i: usize = 0; i < <usize>stride; i += 16) {
    if (ASC_FEATURE_RELAXED_SIMD) {
      const q = v128.load(v + i);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(a + i)), ones));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(b + i)), ones));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(c + i)), ones));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(d + i)), ones));
    } else {
      const q0 = v128.load(v + (i << 1));
      const q1 = v128.load(v + (i << 1), 16);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(q0, v128.load_ext<i8>(a + i)));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(q0, v128.load_ext<i8>(b + i)));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(q0, v128.load_ext<i8>(c + i)));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(q0, v128.load_ext<i8>(d + i)));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(q1, v128.load_ext<i8>(a + i, 8)));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(q1, v128.load_ext<i8>(b + i, 8)));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(q1, v128.load_ext<i8>(c + i, 8)));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(q1, v128.load_ext<i8>(d + i, 8)));
    }
  }
  return sumI32(a0, b0, c0, d0);
}

// @ts-ignore: decorator
@inline function oneCodes(v: usize, x: usize, stride: u32, ones: v128): v128 {
  let a0 = i32x4.splat(0), a1 = a0;
  const end32 = <usize>(stride & ~31);
  let i: usize = 0;
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; i < end32; i += 32) {
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v + i), v128.load(x + i)), ones));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v + i, 16), v128.load(x + i, 16)), ones));
    }
    if (i < <usize>stride) a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v + i), v128.load(x + i)), ones));
  } else {
    for (; i < <usize>stride; i += 16) {
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load(v + (i << 1)), v128.load_ext<i8>(x + i)));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load(v + (i << 1), 16), v128.load_ext<i8>(x + i, 8)));
    }
  }
  return i32x4.add(a0, a1);
}

/** The same as fourCodes, row after row. */
// @ts-ignore: decorator
@inline function fourCodesInTurn(v: usize, a: usize, b: usize, c: usize, d: usize, stride: u32): v128 {
  const ones = v128.load(ONES);
  const sa = oneCodes(v, a, stride, ones);
  const sb = oneCodes(v, b, stride, ones);
  const sc = oneCodes(v, c, stride, ones);
  const sd = oneCodes(v, d, stride, ones);
  return sumI32(sa, sb, sc, sd);
}

/**
 * Distances, f32x4, of the prepared query to rows a, b, c, d of the block at `data`.
 * `inTurn` (a constant): row after row instead of side by side, equal results. `perRow`: f32 per row, or 0. Dot: the inverse norms; Code, Packed: the query's terms.
 */
// @ts-ignore: decorator
@inline export function four<S>(
  query: usize, data: usize, stride: u32, dim: u32, perRow: usize, a: u32, b: u32, c: u32, d: u32, inTurn: bool,
): v128 {
  if (isPacked<S>()) return fourPacked(query, data, stride, perRow, a, b, c, d);
  if (isReference<S>()) return fourRows<S>(query, data, stride, dim, perRow, a, b, c, d, inTurn);
  const pa = data + <usize>a * stride, pb = data + <usize>b * stride, pc = data + <usize>c * stride, pd = data + <usize>d * stride;
  if (isCode<S>()) {
    const head = changetype<CodeQuery>(query);
    const v = query + CODE_QUERY_CODES;
    const sums = i32x4.sub(inTurn ? fourCodesInTurn(v, pa, pb, pc, pd, stride) : fourCodes(v, pa, pb, pc, pd, stride), i32x4.splat(head.offset));
    const dots = f32x4.convert_i32x4_s(sums);
    let distance = f32x4.add(f32x4.mul(dots, f32x4.splat(head.factor)), f32x4.splat(head.base));
    if (perRow) {
      distance = f32x4.add(distance, column(perRow + ((<usize>a) << 2), perRow + ((<usize>b) << 2), perRow + ((<usize>c) << 2), perRow + ((<usize>d) << 2)));
    }
    return distance;
  }
  const distance = inTurn ? fourF32InTurn<S>(query, pa, pb, pc, pd, dim) : fourF32<S>(query, pa, pb, pc, pd, dim);
  if (isDot<S>()) {
    if (perRow) {
      return f32x4.mul(distance, column(perRow + ((<usize>a) << 2), perRow + ((<usize>b) << 2), perRow + ((<usize>c) << 2), perRow + ((<usize>d) << 2)));
    }
  }
  return distance;
}
