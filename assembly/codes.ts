// Quantizing to 7 bits, and what must be computed once per query so that L2, IP and COSINE are one integer dot product.
//
// A row x is stored as codes u in 0..127 with x ≈ m + s (u - z): m per dimension (`centre`), one scale s, one zero z.
// A query is stored as v = round(q' / t) in -127..127, t chosen by its largest element. With w = u - z:
//
//   L2       |q - x|^2 = |q'|^2 + s^2 |w|^2 - 2 s q'·w          q' = q - m      in units of s^2: terms[row] = |w|^2
//   IP       -q·x      = -s q·w                                  q' = q, m = 0
//   COSINE   -q·x      = |q - x|^2 / 2 - 1                       as L2; query and rows at unit length
//
// and q'·w = t (dot(v, u) - z sum(v)). By its distance, COSINE forgives that a decoded row is not quite of unit length, and the query is coded
// without what all rows have in common; a zero row is as far as if it were at a right angle to all (terms + 1 / s^2). A row that stands as the query of a build needs no rounding: v = u - z, and its
// distance to another row is exact up to the rounding of integers above 2^24 to f32. Graphs for COSINE are built by
// L2 between rows at unit length, which has the same order.
import { CODE_F16, CODE_QUERY_CODES, CODE_SQ4U, CODE_SQ8, METRIC_COSINE, METRIC_IP, METRIC_L2 } from "../src/kernels/abi";
import { CodeQuery, Codes } from "./layout";
import { packedEncode, packedQuery, spreadSq4Query } from "./packed";

/** Largest code. */
const CODE_MAX: i32 = 127;

/** Encodes rows [from, to) of f32 vectors without padding; `inverseNorms` scales each row first, 0: not. Not for product quantizers. */
export function codesEncode(codesPtr: usize, source: usize, inverseNorms: usize, from: u32, to: u32): void {
  const codes = changetype<Codes>(codesPtr);
  if (codes.kind != CODE_SQ8) {
    packedEncode(codes, source, inverseNorms, from, to);
    return;
  }
  const dim = codes.dim, zero = codes.zero, centre = codes.centre;
  const inverseScale = <f32>1 / codes.scale;
  const whole = dim & ~3;
  for (let row = from; row < to; row++) {
    const x = source + <usize>row * (dim << 2), out = codes.ptr + <usize>row * codes.stride;
    const length: f32 = inverseNorms ? load<f32>(inverseNorms + ((<usize>row) << 2)) : 1;
    let squares = i32x4.splat(0), sizes = f32x4.splat(0);
    let i: u32 = 0;
    for (; i < whole; i += 4) {
      const at = (<usize>i) << 2;
      const value = f32x4.mul(v128.load(x + at), f32x4.splat(length));
      sizes = f32x4.max(sizes, f32x4.abs(value));
      const scaled = f32x4.mul(f32x4.sub(value, v128.load(centre + at)), f32x4.splat(inverseScale));
      const code = i32x4.min_s(i32x4.max_s(i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled)), i32x4.splat(zero)), i32x4.splat(0)), i32x4.splat(CODE_MAX));
      const w = i32x4.sub(code, i32x4.splat(zero));
      squares = i32x4.add(squares, i32x4.mul(w, w));
      const narrow = i16x8.narrow_i32x4_s(code, code);
      v128.store_lane<u32>(out + i, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    }
    let sum = i32x4.extract_lane(squares, 0) + i32x4.extract_lane(squares, 1) + i32x4.extract_lane(squares, 2) + i32x4.extract_lane(squares, 3);
    for (; i < dim; i++) {
      const at = (<usize>i) << 2;
      const value = load<f32>(x + at) * length;
      sizes = f32x4.max(sizes, f32x4.splat(abs(value)));
      const scaled = (value - load<f32>(centre + at)) * inverseScale;
      const code = min(max(i32x4.extract_lane(i32x4.trunc_sat_f32x4_s(f32x4.splat(nearest(scaled))), 0) + zero, 0), CODE_MAX);
      sum += (code - zero) * (code - zero);
      store<u8>(out + i, <u8>code);
    }
    for (; i < codes.stride; i++) store<u8>(out + i, <u8>zero);
    const isFar = codes.metric == METRIC_COSINE && !v128.any_true(f32x4.gt(sizes, f32x4.splat(0)));
    store<f32>(codes.terms + ((<usize>row) << 2), isFar ? <f32>sum + inverseScale * inverseScale : <f32>sum);
  }
}

// @ts-ignore: decorator
@inline function storeCode(at: usize, i: u32, v: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) store<i8>(at + i, <i8>v);
  else store<i16>(at + ((<usize>i) << 1), <i16>v);
}

/** Prepares the f32 query at `query` for a search over the codes, at `out`: a CodeQuery, of integer codes with 2 * width bytes behind it. */
export function codesQuery(codesPtr: usize, query: usize, out: usize): void {
  const codes = changetype<Codes>(codesPtr), head = changetype<CodeQuery>(out);
  head.kind = codes.kind;
  head.width = codes.width;
  head.metric = codes.metric;
  head.terms = codes.metric == METRIC_IP ? 0 : codes.terms;
  if (codes.kind >= <u32>CODE_F16) {
    packedQuery(codes, query, out);
    return;
  }
  const dim = codes.dim, scale = codes.scale, centre = codes.centre, v = out + CODE_QUERY_CODES;
  const isCosine = codes.kind == CODE_SQ8 && codes.metric == METRIC_COSINE;
  const isL2 = codes.metric == METRIC_L2 || isCosine;
  const whole = dim & ~3;
  let sizes = f32x4.splat(0);
  let largest: f32 = 0, squares: f32 = 0, onCentre: f32 = 0;
  let largest4 = f32x4.splat(0), squares4 = largest4, onCentre4 = largest4;
  let i: u32 = 0;
  for (; i < whole; i += 4) {
    const at = (<usize>i) << 2;
    const q = v128.load(query + at), m = v128.load(centre + at);
    const x = isL2 ? f32x4.sub(q, m) : q;
    sizes = f32x4.max(sizes, f32x4.abs(q));
    largest4 = f32x4.max(largest4, f32x4.abs(x));
    squares4 = f32x4.add(squares4, f32x4.mul(x, x));
    onCentre4 = f32x4.add(onCentre4, f32x4.mul(q, m));
  }
  for (; i < dim; i++) {
    const at = (<usize>i) << 2;
    const q = load<f32>(query + at), m = load<f32>(centre + at);
    const x = isL2 ? q - m : q;
    sizes = f32x4.max(sizes, f32x4.splat(abs(q)));
    largest = max(largest, abs(x));
    squares += x * x;
    onCentre += q * m;
  }
  largest = max(largest, max(max(f32x4.extract_lane(largest4, 0), f32x4.extract_lane(largest4, 1)), max(f32x4.extract_lane(largest4, 2), f32x4.extract_lane(largest4, 3))));
  squares += f32x4.extract_lane(squares4, 0) + f32x4.extract_lane(squares4, 1) + (f32x4.extract_lane(squares4, 2) + f32x4.extract_lane(squares4, 3));
  onCentre += f32x4.extract_lane(onCentre4, 0) + f32x4.extract_lane(onCentre4, 1) + (f32x4.extract_lane(onCentre4, 2) + f32x4.extract_lane(onCentre4, 3));

  const isZero = largest < <f32>1e-30;
  const step: f32 = isZero ? 0 : largest / <f32>CODE_MAX;
  const inverseStep: f32 = isZero ? 0 : <f32>CODE_MAX / largest;
  let sum: i32 = 0;
  let sum4 = i32x4.splat(0);
  for (i = 0; i < whole; i += 4) {
    const at = (<usize>i) << 2;
    const q = v128.load(query + at);
    const x = isL2 ? f32x4.sub(q, v128.load(centre + at)) : q;
    const code = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, f32x4.splat(inverseStep))));
    sum4 = i32x4.add(sum4, code);
    const narrow = i16x8.narrow_i32x4_s(code, code);
    if (ASC_FEATURE_RELAXED_SIMD) v128.store_lane<u32>(v + i, i8x16.narrow_i16x8_s(narrow, narrow), 0);
    else v128.store_lane<u64>(v + ((<usize>i) << 1), narrow, 0);
  }
  for (; i < dim; i++) {
    const at = (<usize>i) << 2;
    const x = isL2 ? load<f32>(query + at) - load<f32>(centre + at) : load<f32>(query + at);
    const code = <i32>nearest(x * inverseStep);
    sum += code;
    storeCode(v, i, code);
  }
  for (; i < codes.width; i++) storeCode(v, i, 0);
  if (!ASC_FEATURE_RELAXED_SIMD && codes.kind == CODE_SQ4U) spreadSq4Query(v, codes.width);
  sum += i32x4.extract_lane(sum4, 0) + i32x4.extract_lane(sum4, 1) + i32x4.extract_lane(sum4, 2) + i32x4.extract_lane(sum4, 3);

  head.offset = codes.zero * sum;
  if (isL2) {
    head.base = squares / scale / scale;
    head.factor = <f32>-2 * step / scale;
    head.unit = scale * scale;
    if (isCosine) {
      head.base -= <f32>2 / scale / scale;
      head.unit *= 0.5;
      if (!v128.any_true(f32x4.gt(sizes, f32x4.splat(0)))) {
        head.base = 0;
        head.factor = 0;
        head.terms = 0;
      }
    }
  } else {
    head.base = -onCentre;
    head.factor = -step * scale;
    head.unit = 1;
  }
}

/** Prepares a stored row as the query of a build, at `out`: exact, in code units. */
export function codesRowQuery(codesPtr: usize, row: u32, out: usize): void {
  const codes = changetype<Codes>(codesPtr), head = changetype<CodeQuery>(out);
  const source = codes.ptr + <usize>row * codes.stride, v = out + CODE_QUERY_CODES;
  head.kind = codes.kind;
  head.width = codes.width;
  head.metric = codes.metric;
  const zero = i8x16.splat(<i8>codes.zero);
  let sum4 = i32x4.splat(0);
  for (let i: usize = 0; i < <usize>codes.stride; i += 16) {
    const w = i8x16.sub(v128.load(source + i), zero);
    sum4 = i32x4.add(sum4, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(w)));
    if (ASC_FEATURE_RELAXED_SIMD) v128.store(v + i, w);
    else {
      v128.store(v + (i << 1), i16x8.extend_low_i8x16_s(w));
      v128.store(v + (i << 1), i16x8.extend_high_i8x16_s(w), 16);
    }
  }
  const sum = i32x4.extract_lane(sum4, 0) + i32x4.extract_lane(sum4, 1) + i32x4.extract_lane(sum4, 2) + i32x4.extract_lane(sum4, 3);
  head.offset = codes.zero * sum;
  head.unit = 1;
  if (codes.metric == METRIC_IP) {
    head.base = 0;
    head.factor = -1;
    head.terms = 0;
  } else {
    head.base = load<f32>(codes.terms + ((<usize>row) << 2));
    head.factor = -2;
    head.terms = codes.terms;
  }
}
