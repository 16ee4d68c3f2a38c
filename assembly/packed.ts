// Rows written as codes that no graph is built over: what a finished graph is walked on, and what candidates are scored again
// by. One space for all of them, which looks at the kind when it runs, so that walks and scans are compiled once. Rows
// are only ever compared with a query, never with each other.
//
//   SQ4U, SQ6    integers of 4 or 6 bits, unpacked in registers, by the integer dot product of codes.ts. Their layout, in blocks of 16 bytes:
//                SQ4U  byte j of a block holds dimension j in its low half, j + 16 in its high half; 32 dimensions a block
//                SQ6   byte j of three blocks holds dimensions j, j + 16, j + 32 in the low 6 bits; their high pairs of bits are
//                      dimension j + 48's, lowest first; 64 dimensions three blocks; of the last blocks those without dimensions are left out
//   F16, BF16    16-bit floats, widened in registers, as rows.ts compares them
//   PQ           tables of the query: a row's code names one entry of each (Jégou, Douze, Schmid: "Product quantization for
//                nearest neighbor search"). With y the decoded row less the centre m, and q' = q - m:
//                L2      |q - x|^2 = |q'|^2 + |y|^2 - 2 q'·y      terms[row] = |y|^2, whatever number of words y is the sum of
//                IP      -q·x      = -q·m - q·y
//
// COSINE: rows are encoded at unit length; what a decoded row's length is off by is divided out (terms), 0 for a zero row.
//
// Overflow: 127 * 63 * 2 twice is below 2^15, so that two pair sums of the relaxed dot can be added in 16 bits; of SQ4U 127 * 15 * 2 eight times.
import {
  CODE_BF16, CODE_F16, CODE_PQ_BYTES, CODE_PQ_NIBBLES, CODE_QUERY_CODES, CODE_SQ4U, CODE_SQ6, METRIC_COSINE, METRIC_L2,
} from "../src/kernels/abi";
import { column, sumI32 } from "./distance";
import { CodeQuery, Codes } from "./layout";
import { BF16Dot, BF16L2, F16Dot, F16L2, fourHalf } from "./rows";
import { dotTables } from "./tables";

// ---------------------------------------------------------------- distances

/** Loaded before the loops: a v128.const inside one is made anew on every turn by some engines. i16 ones, then bytes. */
const CONSTANTS = memory.data<u8>([
  1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0,
  0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
  0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
  0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03,
  0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c, 0x0c,
  0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
  0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0, 0x0f, 0,
], 16);

/** Bytes of 16 elements of a query. */
const GROUP: usize = ASC_FEATURE_RELAXED_SIMD ? 16 : 32;

/** Bytes of SQ4U rows whose pair sums are added up in 16 bits. */
const SQ4_BYTES_PER_SUM: usize = 64;

/** Dot products, i32 lanes to be added up, of 16 elements of the query at v with 16 codes, one a byte. */
// @ts-ignore: decorator
@inline function dot16(v: usize, codes: v128, ones: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v), codes), ones);
  return i32x4.add(i32x4.dot_i16x8_s(v128.load(v), i16x8.extend_low_i8x16_u(codes)), i32x4.dot_i16x8_s(v128.load(v, 16), i16x8.extend_high_i8x16_u(codes)));
}

/** The same of 32 elements and 32 codes. */
// @ts-ignore: decorator
@inline function dot32(v: usize, low: v128, high: v128, ones: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.dot_i16x8_s(i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v), low), i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(v, 16), high)), ones);
  }
  return i32x4.add(dot16(v, low, ones), dot16(v + 32, high, ones));
}

/** sum + the pair sums, i16, of 32 elements q0, q1 with the 32 codes at x. */
// @ts-ignore: decorator
@inline function addPairs(sum: v128, q0: v128, q1: v128, x: usize, mask: v128): v128 {
  const packed = v128.load(x);
  return i16x8.add(sum, i16x8.add(
    i16x8.relaxed_dot_i8x16_i7x16_s(q0, v128.and(packed, mask)), i16x8.relaxed_dot_i8x16_i7x16_s(q1, v128.and(i16x8.shr_u(packed, 4), mask))));
}

/** sum + the products, i32 lanes to be added up, of 32 elements in the order of `spreadSq4Query` with the 32 codes at x. */
// @ts-ignore: decorator
@inline function addProducts(sum: v128, q0: v128, q1: v128, q2: v128, q3: v128, x: usize, mask: v128): v128 {
  const packed = v128.load(x);
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(q0, v128.and(packed, mask)));
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(q1, v128.and(i16x8.shr_u(packed, 4), mask)));
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(q2, v128.and(i16x8.shr_u(packed, 8), mask)));
  return i32x4.add(sum, i32x4.dot_i16x8_s(q3, i16x8.shr_u(packed, 12)));
}

/**
 * Puts the 16-bit elements of a query for SQ4U, 32 at a time, in the order in which a block's codes come out of its 16-bit lanes by shifts: even dimensions of
 * the first half, of the second half, odd ones of either.
 */
export function spreadSq4Query(v: usize, width: u32): void {
  for (const end = v + ((<usize>width) << 1); v < end; v += 64) {
    const a = v128.load(v), b = v128.load(v, 16), c = v128.load(v, 32), d = v128.load(v, 48);
    v128.store(v, v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
    v128.store(v, v128.shuffle<i16>(c, d, 0, 2, 4, 6, 8, 10, 12, 14), 16);
    v128.store(v, v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15), 32);
    v128.store(v, v128.shuffle<i16>(c, d, 1, 3, 5, 7, 9, 11, 13, 15), 48);
  }
}

/** Dot products, i32, of the query at v with four rows. */
// @ts-ignore: decorator
@inline function fourSq4(v: usize, a: usize, b: usize, c: usize, d: usize, stride: u32): v128 {
  const zero = i32x4.splat(0), end = <usize>stride;
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  if (!ASC_FEATURE_RELAXED_SIMD) {
    const mask = v128.load(CONSTANTS, 96);
    for (let i: usize = 0; i < end; i += 16) {
      const q0 = v128.load(v), q1 = v128.load(v, 16), q2 = v128.load(v, 32), q3 = v128.load(v, 48);
      a0 = addProducts(a0, q0, q1, q2, q3, a + i, mask);
      b0 = addProducts(b0, q0, q1, q2, q3, b + i, mask);
      c0 = addProducts(c0, q0, q1, q2, q3, c + i, mask);
      d0 = addProducts(d0, q0, q1, q2, q3, d + i, mask);
      v += 64;
    }
    return sumI32(a0, b0, c0, d0);
  }
  const mask = v128.load(CONSTANTS, 16);
  for (let i: usize = 0; i < end; ) {
    let sa = zero, sb = zero, sc = zero, sd = zero;
    for (const to = min(i + SQ4_BYTES_PER_SUM, end); i < to; i += 16) {
      const q0 = v128.load(v), q1 = v128.load(v, 16);
      sa = addPairs(sa, q0, q1, a + i, mask);
      sb = addPairs(sb, q0, q1, b + i, mask);
      sc = addPairs(sc, q0, q1, c + i, mask);
      sd = addPairs(sd, q0, q1, d + i, mask);
      v += 32;
    }
    const ones = v128.load(CONSTANTS);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(sa, ones));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(sb, ones));
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(sc, ones));
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(sd, ones));
  }
  return sumI32(a0, b0, c0, d0);
}

// @ts-ignore: decorator
@inline function oneSq6(v: usize, x: usize, stride: u32): v128 {
  const ones = v128.load(CONSTANTS), mask = v128.load(CONSTANTS, 32);
  const first = v128.load(CONSTANTS, 48), second = v128.load(CONSTANTS, 64), third = v128.load(CONSTANTS, 80);
  const whole = <usize>(stride / 48) * 48;
  let sum = i32x4.splat(0), sum1 = sum;
  let i: usize = 0;
  for (; i < whole; i += 48) {
    const a = v128.load(x + i), b = v128.load(x + i, 16), c = v128.load(x + i, 32);
    const d = v128.or(v128.or(v128.and(i16x8.shr_u(a, 6), first), v128.and(i16x8.shr_u(b, 4), second)), v128.and(i16x8.shr_u(c, 2), third));
    sum = i32x4.add(sum, dot32(v, v128.and(a, mask), v128.and(b, mask), ones));
    sum1 = i32x4.add(sum1, dot32(v + 2 * GROUP, v128.and(c, mask), d, ones));
    v += 4 * GROUP;
  }
  for (; i < <usize>stride; i += 16) {
    sum = i32x4.add(sum, dot16(v, v128.and(v128.load(x + i), mask), ones));
    v += GROUP;
  }
  return i32x4.add(sum, sum1);
}

// @ts-ignore: decorator
@inline function f32x4Of(a: f32, b: f32, c: f32, d: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(a), 1, b), 2, c), 3, d);
}

/** Entry `code` of a table. */
// @ts-ignore: decorator
@inline function entry(table: usize, code: u32): f32 { return load<f32>(table + ((<usize>code) << 2)); }

/** Sums of the table entries that four rows name, even and odd parts apart. */
// @ts-ignore: decorator
@inline function fourBytes(table: usize, a: usize, b: usize, c: usize, d: usize, parts: u32): v128 {
  let a0: f32 = 0, b0: f32 = 0, c0: f32 = 0, d0: f32 = 0, a1: f32 = 0, b1: f32 = 0, c1: f32 = 0, d1: f32 = 0;
  const whole = <usize>(parts & ~1);
  let i: usize = 0;
  for (; i < whole; i += 2) {
    a0 += entry(table, load<u8>(a + i));
    b0 += entry(table, load<u8>(b + i));
    c0 += entry(table, load<u8>(c + i));
    d0 += entry(table, load<u8>(d + i));
    a1 += entry(table + 1024, load<u8>(a + i, 1));
    b1 += entry(table + 1024, load<u8>(b + i, 1));
    c1 += entry(table + 1024, load<u8>(c + i, 1));
    d1 += entry(table + 1024, load<u8>(d + i, 1));
    table += 2048;
  }
  if (i < <usize>parts) {
    a0 += entry(table, load<u8>(a + i));
    b0 += entry(table, load<u8>(b + i));
    c0 += entry(table, load<u8>(c + i));
    d0 += entry(table, load<u8>(d + i));
  }
  return f32x4Of(a0 + a1, b0 + b1, c0 + c1, d0 + d1);
}

/** The same of codes of half a byte; the number of parts is even. */
// @ts-ignore: decorator
@inline function fourNibbles(table: usize, a: usize, b: usize, c: usize, d: usize, parts: u32): v128 {
  let a0: f32 = 0, b0: f32 = 0, c0: f32 = 0, d0: f32 = 0, a1: f32 = 0, b1: f32 = 0, c1: f32 = 0, d1: f32 = 0;
  for (let i: usize = 0, end = <usize>(parts >> 1); i < end; i++) {
    const x: u32 = load<u8>(a + i), y: u32 = load<u8>(b + i), z: u32 = load<u8>(c + i), w: u32 = load<u8>(d + i);
    a0 += entry(table, x & 15);
    b0 += entry(table, y & 15);
    c0 += entry(table, z & 15);
    d0 += entry(table, w & 15);
    a1 += entry(table + 64, x >> 4);
    b1 += entry(table + 64, y >> 4);
    c1 += entry(table + 64, z >> 4);
    d1 += entry(table + 64, w >> 4);
    table += 128;
  }
  return f32x4Of(a0 + a1, b0 + b1, c0 + c1, d0 + d1);
}

/** The part of `four` for the space Packed: a function of its own, so that each kind is compiled once. */
export function fourPacked(query: usize, data: usize, stride: u32, perRow: usize, a: u32, b: u32, c: u32, d: u32): v128 {
  const head = changetype<CodeQuery>(query);
  const kind = head.kind, width = head.width, v = query + CODE_QUERY_CODES;
  const pa = data + <usize>a * stride, pb = data + <usize>b * stride, pc = data + <usize>c * stride, pd = data + <usize>d * stride;
  if (kind == CODE_F16) {
    if (head.metric == METRIC_L2) return fourHalf<F16L2>(v, pa, pb, pc, pd, width, false);
    return fourHalf<F16Dot>(v, pa, pb, pc, pd, width, false);
  }
  if (kind == CODE_BF16) {
    if (head.metric == METRIC_L2) return fourHalf<BF16L2>(v, pa, pb, pc, pd, width, false);
    return fourHalf<BF16Dot>(v, pa, pb, pc, pd, width, false);
  }
  let dots: v128;
  if (kind == CODE_PQ_BYTES) dots = fourBytes(v, pa, pb, pc, pd, width);
  else if (kind == CODE_PQ_NIBBLES) dots = fourNibbles(v, pa, pb, pc, pd, width);
  else {
    const sums = kind == CODE_SQ4U
      ? fourSq4(v, pa, pb, pc, pd, stride)
      : sumI32(oneSq6(v, pa, stride), oneSq6(v, pb, stride), oneSq6(v, pc, stride), oneSq6(v, pd, stride));
    dots = f32x4.convert_i32x4_s(i32x4.sub(sums, i32x4.splat(head.offset)));
  }
  const distance = f32x4.add(f32x4.mul(dots, f32x4.splat(head.factor)), f32x4.splat(head.base));
  if (!perRow) return distance;
  const terms = column(perRow + ((<usize>a) << 2), perRow + ((<usize>b) << 2), perRow + ((<usize>c) << 2), perRow + ((<usize>d) << 2));
  return head.metric == METRIC_COSINE ? f32x4.mul(distance, terms) : f32x4.add(distance, terms);
}

// ---------------------------------------------------------------- queries

/** Prepares the f32 query at `query` for 16-bit floats or a product quantizer, at `out`. Integers are prepared in codes.ts. */
export function packedQuery(codes: Codes, query: usize, out: usize): void {
  const head = changetype<CodeQuery>(out);
  const dim = <usize>codes.dim, kind = codes.kind, v = out + CODE_QUERY_CODES;
  const isL2 = codes.metric == METRIC_L2;
  if (kind == CODE_F16 || kind == CODE_BF16) {
    const scale: f32 = isL2 ? codes.scale : 1;
    for (let i: usize = 0; i < dim << 2; i += 4) store<f32>(v + i, load<f32>(query + i) * scale);
    head.unit = isL2 ? 1 / (scale * scale) : 1 / codes.scale;
    return;
  }
  const words: u32 = kind == CODE_PQ_BYTES ? 256 : 16;
  const tables = <usize>codes.width * (words << 2), parts = <usize>codes.parts * (words << 2);
  // The query less the centre lies behind the tables.
  const shifted = v + tables, centre = codes.centre;
  let squares: f32 = 0, onCentre: f32 = 0;
  for (let i: usize = 0; i < dim << 2; i += 4) {
    const q = load<f32>(query + i), m = load<f32>(centre + i);
    const x = isL2 ? q - m : q;
    squares += x * x;
    onCentre += q * m;
    store<f32>(shifted + i, x);
  }
  dotTables(shifted, codes.codebooks, codes.parts, codes.stages, words, codes.partDim, v);
  memory.fill(v + parts, 0, tables - parts);
  head.base = isL2 ? squares : -onCentre;
  head.factor = isL2 ? -2 : -1;
  head.unit = 1;
}

// ---------------------------------------------------------------- rows

/** The integer code of x. */
// @ts-ignore: decorator
@inline function codeOf(x: f32, zero: f32, most: f32): u32 { return <u32>min<f32>(max<f32>(nearest(x) + zero, 0), most); }

/** Bits of the half precision number nearest to x, ties to even, finite. */
function halfOf(x: f32): u32 {
  const sign = reinterpret<u32>(x) >> 16 & 0x8000;
  const size = min<f32>(abs(x), 65504);
  // Below the smallest normal number a half counts in units of 2^-24, which adding 1/2 leaves in the lowest bits of the sum.
  if (size < reinterpret<f32>(0x38800000)) return sign | (reinterpret<u32>(size + <f32>0.5) - 0x3f000000);
  const bits = reinterpret<u32>(size);
  return sign | ((bits + 0xfff + (bits >> 13 & 1) - 0x38000000) >> 13);
}

/** The same of bfloat16. */
function bfloatOf(x: f32): u32 {
  const bits = reinterpret<u32>(x);
  return min<u32>(((bits & 0x7fffffff) + 0x7fff + (bits >> 16 & 1)) >> 16, 0x7f7f) | (bits >> 16 & 0x8000);
}

/** Encodes rows [from, to) of f32 vectors as integers of less than 7 bits or as 16-bit floats; see `codesEncode`. */
export function packedEncode(codes: Codes, source: usize, inverseNorms: usize, from: u32, to: u32): void {
  const dim = <usize>codes.dim, kind = codes.kind, scale = codes.scale, stride = <usize>codes.stride, centre = codes.centre;
  const zero = <f32>codes.zero, inverseScale = <f32>1 / scale;
  for (let row = from; row < to; row++) {
    const x = source + <usize>row * (dim << 2), out = codes.ptr + <usize>row * stride;
    const length: f32 = inverseNorms ? load<f32>(inverseNorms + ((<usize>row) << 2)) : 1;
    if (kind == CODE_F16 || kind == CODE_BF16) {
      for (let d: usize = 0; d < dim; d++) {
        const value = load<f32>(x + (d << 2)) * length * scale;
        store<u16>(out + (d << 1), <u16>(kind == CODE_F16 ? halfOf(value) : bfloatOf(value)));
      }
      continue;
    }
    memory.fill(out, 0, stride);
    let squares: i32 = 0, decoded: f64 = 0;
    for (let d: usize = 0; d < dim; d++) {
      const m = load<f32>(centre + (d << 2));
      const code = codeOf((load<f32>(x + (d << 2)) * length - m) * inverseScale, zero, kind == CODE_SQ4U ? 15 : 63);
      const w = <i32>code - codes.zero;
      squares += w * w;
      const value = <f64>m + <f64>scale * <f64>w;
      decoded += value * value;
      const lane = d & 15;
      if (kind == CODE_SQ4U) {
        const at = out + ((d >> 5) << 4) + lane;
        store<u8>(at, <u8>(<u32>load<u8>(at) | code << (d >> 4 & 1 ? 4 : 0)));
      } else {
        const block = out + (d >> 6) * 48 + lane, group = d >> 4 & 3;
        if (group < 3) store<u8>(block + (group << 4), <u8>code);
        else {
          store<u8>(block, <u8>(<u32>load<u8>(block) | code << 6));
          store<u8>(block, <u8>(<u32>load<u8>(block, 16) | (code >> 2) << 6), 16);
          store<u8>(block, <u8>(<u32>load<u8>(block, 32) | (code >> 4) << 6), 32);
        }
      }
    }
    if (!codes.terms) continue;
    const at = codes.terms + ((<usize>row) << 2);
    if (codes.metric != METRIC_COSINE) store<f32>(at, <f32>squares);
    else store<f32>(at, length > 0 && decoded > 0 ? <f32>(1 / Math.sqrt(decoded)) : 0);
  }
}
