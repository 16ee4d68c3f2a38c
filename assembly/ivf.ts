// Search of an inverted file: the lists whose centroids are nearest to the query, row by row, into the top-k. One call
// per query. What a row is (Ivf.kind) decides the loop; the rest is shared.
//
//   F32, BITS       distances as FLAT and BIN_FLAT compute them, bit for bit
//   CODES           7-bit codes by integer dot product
//   BYTES           product quantizer of residuals x - c, 256 words a part, by a table of dot products
//   NIBBLES         the same with 16 words a part; tables in 7 bits, looked up 16 rows at a time by swizzle
//                   (André, Kermarrec, Le Scouarnec: "Cache locality is not enough: high-performance nearest neighbor
//                   search with product quantization fast scan")
//   SIGNS           the signs of the rotated residual (Gao, Long: "RaBitQ: quantizing high-dimensional vectors with a
//                   theoretical error bound for approximate nearest neighbor search"), four dimensions a nibble, so that
//                   the dot product of query and signs is a fast scan too
//
// Residual codes usually need a table per list. Here all lists share one table of the query itself: with x = c + r,
//
//   L2   |q - x|^2 = |q - c|^2 + (|r|^2 + 2 c·r) - 2 q·r       the bracket depends on the row alone and is stored
//   IP      -q·x   =    -q·c   - q·r
//
// and for SIGNS the estimate of (q - c)·r is g (q·s - c·s), s the signs and g = |r|^2 / sum |r_i|, where c·s is stored with
// the row: the variance of the estimator for the residual query at the price of one query for all lists.
//
// With further bits a dimension (Gao, Gou, Xu, Yang, Long, Wong: "Practical and asymptotically optimal quantization of
// high-dimensional vectors in Euclidean space for approximate nearest neighbor search") the estimate by signs, less how far it
// may be off, says which rows can still be hits. Those alone are compared by the whole code v, whose elements are
//   v_i = k_i + 1/2 with the sign of r_i, k_i in 0 .. L - 1    v = (L s - (L - 1)) / 2 + e,   e_i = k_i or L - 1 - k_i
// so that q·v takes q·s by the exact tables, the sum of q, and q·e.
//
// A filter is applied before rows are compared. Which rows of a list it allows is told by the bits of their row numbers, or, where
// so few are allowed that all their positions are marked beforehand (`ivfPositions`), by the bits of their positions: lists and
// blocks without any are then passed by a word at a time.
//
// Tables of 7 bits: two are added in bytes, pairs in 16 bits, at most 258 pairs (65,535 / 254) before a sum is taken out.
import {
  IVF_ALL, IVF_FAR, IVF_FAR_EFFORT, IVF_GATHERED_ROWS, LISTS_BITS, LISTS_BYTES, LISTS_CODES, LISTS_F32, LISTS_NIBBLES, LISTS_SIGNS, METRIC_COSINE, METRIC_IP, METRIC_L2, NIBBLE_ROWS,
} from "../src/kernels/abi";
import { codesQuery } from "./codes";
import { BOUNDED_FROM_DIM, boundedL2, Code, column, FastDot, FastL2, four, isFastL2, touch } from "./distance";
import { CodeQuery, Codes, Ivf, TopK } from "./layout";
import { rotateVectors } from "./rotate";
import { Bits } from "./rows";
import { isInTurn, scan, scanF32 } from "./scan";
import { dotTables } from "./tables";
import { bound, push, topkScale, topkSort } from "./topk";

/** Parts whose table entries are added up in 16 bits. Even. */
const PARTS_PER_SUM: u32 = 512;
/** How far ahead of the row that is compared rows are asked for. */
const ROWS_AHEAD: u32 = 4;
const TABLE_MAX: f32 = 127;
/** Rounding a table's entries is off by no more than so many standard deviations, as far as rows are given up for it. */
const TABLE_DEVIATIONS: f32 = 3;

// @ts-ignore: decorator
@inline export function isAllowed(allow: usize, row: u32): bool {
  return !allow || (load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1) != 0;
}

/** Enters those of four distances that `near` names; `ids` points at the rows' numbers. */
// @ts-ignore: decorator
@inline function enter(top: TopK, distances: v128, near: u32, ids: usize): void {
  near &= i32x4.bitmask(f32x4.le(distances, f32x4.splat(bound(top))));
  if (near) {
    if (near & 1) push(top, f32x4.extract_lane(distances, 0), load<u32>(ids));
    if (near & 2) push(top, f32x4.extract_lane(distances, 1), load<u32>(ids, 4));
    if (near & 4) push(top, f32x4.extract_lane(distances, 2), load<u32>(ids, 8));
    if (near & 8) push(top, f32x4.extract_lane(distances, 3), load<u32>(ids, 12));
  }
}

/** Enters the first n of four distances. */
// @ts-ignore: decorator
@inline function enterRows(top: TopK, distances: v128, n: u32, r0: u32, r1: u32, r2: u32, r3: u32): void {
  const near = i32x4.bitmask(f32x4.le(distances, f32x4.splat(bound(top)))) & ((1 << n) - 1);
  if (near & 1) push(top, f32x4.extract_lane(distances, 0), r0);
  if (near & 2) push(top, f32x4.extract_lane(distances, 1), r1);
  if (near & 4) push(top, f32x4.extract_lane(distances, 2), r2);
  if (near & 8) push(top, f32x4.extract_lane(distances, 3), r3);
}

// ---------------------------------------------------------------- whole vectors and codes

export function scanList<S>(top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, from: u32, to: u32, rowIds: usize, inTurn: bool): void {
  if (from >= to) return;
  const last = to - 1;
  for (let p = from; p < to; p += 4) {
    const p1 = min(p + 1, last), p2 = min(p + 2, last), p3 = min(p + 3, last);
    const distances = inTurn ? four<S>(query, data, stride, dim, perRow, p, p1, p2, p3, true) : four<S>(query, data, stride, dim, perRow, p, p1, p2, p3, false);
    enter(top, distances, (1 << min(to - p, 4)) - 1, rowIds + ((<usize>p) << 2));
  }
}

/** The same for long f32 rows by L2 that are read from memory: what is too far is not read to its end. */
function scanListBounded(top: TopK, query: usize, data: usize, stride: u32, dim: u32, from: u32, to: u32, rowIds: usize, sink: usize): void {
  let seen: u32 = 0;
  for (let p = from; p < to; p++) {
    // The processor reads ahead within a row; where the next ones begin it is told.
    seen ^= touch(data + <usize>min(p + ROWS_AHEAD, to - 1) * stride, stride);
    const distance = boundedL2(query, data + <usize>p * stride, dim, bound(top));
    if (distance <= bound(top)) push(top, distance, load<u32>(rowIds + ((<usize>p) << 2)));
  }
  store<u32>(sink, seen);
}

/** Compares the first n of four rows by position, whose numbers follow. */
function enterFour<S>(
  top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, n: u32, p0: u32, p1: u32, p2: u32, p3: u32, r0: u32, r1: u32, r2: u32, r3: u32,
): void {
  enterRows(top, four<S>(query, data, stride, dim, perRow, p0, p1, p2, p3, false), n, r0, r1, r2, r3);
}

export function scanListAllowed<S>(
  top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, from: u32, to: u32, rowIds: usize, allow: usize,
): void {
  let p0: u32 = 0, p1: u32 = 0, p2: u32 = 0, n: u32 = 0;
  let r0: u32 = 0, r1: u32 = 0, r2: u32 = 0;
  for (let p = from; p < to; p++) {
    const row = load<u32>(rowIds + ((<usize>p) << 2));
    if (!isAllowed(allow, row)) continue;
    if (n == 0) { p0 = p; r0 = row; }
    else if (n == 1) { p1 = p; r1 = row; }
    else if (n == 2) { p2 = p; r2 = row; }
    else {
      enterFour<S>(top, query, data, stride, dim, perRow, 4, p0, p1, p2, p, r0, r1, r2, row);
      n = 0;
      continue;
    }
    n++;
  }
  if (n) enterFour<S>(top, query, data, stride, dim, perRow, n, p0, n > 1 ? p1 : p0, n > 2 ? p2 : p0, p0, r0, r1, r2, r0);
}

/** Rows whose positions are gathered at a time. */
const GATHERED: u32 = IVF_GATHERED_ROWS;

/** Allowed positions from `from` on, below `to`, at most GATHERED of them, to ivf.gathered; answers how many. A call of less is the last. */
function gather(ivf: Ivf, from: u32, to: u32, allow: usize): u32 {
  const out = ivf.gathered;
  let n: u32 = 0;
  if (ivf.positions) {
    for (let word = from >> 5, last = (to - 1) >> 5; word <= last; word++) {
      let bits = load<u32>(ivf.positions + ((<usize>word) << 2));
      if (word == from >> 5) bits &= (<u32>-1) << (from & 31);
      if (word == last) bits &= (<u32>-1) >> (31 - ((to - 1) & 31));
      while (bits) {
        store<u32>(out + ((<usize>n) << 2), (word << 5) + ctz(bits));
        bits &= bits - 1;
        if (++n == GATHERED) return n;
      }
    }
    return n;
  }
  for (let p = from; p < to && n < GATHERED; p++) {
    const row = load<u32>(ivf.rowIds + ((<usize>p) << 2));
    store<u32>(out + ((<usize>n) << 2), p);
    n += load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1;
  }
  return n;
}

// @ts-ignore: decorator
@inline function gathered(ivf: Ivf, i: u32): u32 { return load<u32>(ivf.gathered + ((<usize>i) << 2)); }
// @ts-ignore: decorator
@inline function rowAt(ivf: Ivf, position: u32): u32 { return load<u32>(ivf.rowIds + ((<usize>position) << 2)); }

/** Compares the allowed rows at positions [from, to); answers how many. */
function scanGathered<S>(ivf: Ivf, top: TopK, query: usize, data: usize, stride: u32, perRow: usize, from: u32, to: u32, allow: usize): u32 {
  const inTurn = isInTurn<S>(<usize>ivf.rows * stride, 256);
  let total: u32 = 0, seen: u32 = 0;
  while (from < to) {
    const n = gather(ivf, from, to, allow);
    if (!n) break;
    total += n;
    for (let i: u32 = 0; i < n; i += 4) {
      const last = n - 1 - i;
      const p0 = gathered(ivf, i), p1 = gathered(ivf, i + min<u32>(1, last)), p2 = gathered(ivf, i + min<u32>(2, last)), p3 = gathered(ivf, i + min<u32>(3, last));
      // Where rows lie apart the ones after the next are asked for now: the processor does not read ahead.
      if (inTurn && p3 - p0 > 3) for (let next = i + 8, end = min(i + 12, n); next < end; next++) seen ^= touch(data + <usize>gathered(ivf, next) * stride, stride);
      enterFour<S>(top, query, data, stride, ivf.dim, perRow, min<u32>(4, last + 1), p0, p1, p2, p3, rowAt(ivf, p0), rowAt(ivf, p1), rowAt(ivf, p2), rowAt(ivf, p3));
    }
    if (n < GATHERED) break;
    from = gathered(ivf, n - 1) + 1;
  }
  store<u32>(ivf.sums, seen);
  return total;
}

// ---------------------------------------------------------------- how far a search goes

/** Puts the numbers and distances of the `probes` lists nearest to the query into ivf.probes, nearest first if `sorted`. */
function nearLists(ivf: Ivf, q: usize, probes: u32, sorted: bool): void {
  const near = changetype<TopK>(ivf.probes);
  near.k = probes;
  near.count = 0;
  if (ivf.kind == LISTS_BITS) scan<Bits>(near, q, ivf.centroids, ivf.stride, ivf.dim, ivf.norms, 0, ivf.lists, 0, 0);
  else scanF32(ivf.probes, ivf.metric == METRIC_IP ? METRIC_IP : METRIC_L2, q, ivf.centroids, ivf.dim, 0, ivf.lists, 0, 0, 0);
  if (sorted) topkSort(ivf.probes);
}

/** How many lists in a row changed no hit, the one just searched with them: `count` and `farthest` are the hits' before it. */
// @ts-ignore: decorator
@inline function emptyLists(top: TopK, count: u32, farthest: f32, before: u32): u32 {
  return top.count == count && bound(top) == farthest ? before + 1 : 0;
}

/** Whether the i-th nearest list is searched, too. Where more of them are needed than were put in order, all are. */
function goesOn(ivf: Ivf, top: TopK, q: usize, i: u32, least: u32, emptyMax: u32, empty: u32, wanted: u32): bool {
  if (i >= least) {
    if (emptyMax ? empty >= emptyMax : top.count >= top.k && ivf.compared >= wanted) return false;
  }
  const near = changetype<TopK>(ivf.probes);
  if (i == near.count && i < ivf.lists) nearLists(ivf, q, ivf.lists, true);
  return i < near.count;
}

/**
 * Rows that are wanted once the `least` lists have been searched, which hold `passed` rows: more where far fewer of them are allowed than of all rows. The query lies
 * outside of the allowed rows then, about as far from many lists.
 */
function wantedBeyond(ivf: Ivf, passed: u32, wanted: u32, allowed: u32): u32 {
  return <u64>ivf.compared * ivf.rows * IVF_FAR < <u64>passed * allowed ? wanted * IVF_FAR_EFFORT : wanted;
}

function scanVectors<S>(
  ivf: Ivf, top: TopK, q: usize, query: usize, data: usize, stride: u32, perRow: usize, allow: usize, allowed: u32, least: u32, emptyMax: u32, wanted: u32,
): void {
  if (wanted == IVF_ALL) {
    ivf.compared = scanGathered<S>(ivf, top, query, data, stride, perRow, 0, ivf.rows, allow);
    return;
  }
  const near = changetype<TopK>(ivf.probes);
  // A list is as far away as all of them are: whether they fit a cache decides.
  const inTurn = isInTurn<S>(<usize>ivf.rows * stride, stride);
  const isBounded = isFastL2<S>() && inTurn && ivf.dim >= BOUNDED_FROM_DIM;
  let empty: u32 = 0, i: u32 = 0, passed: u32 = 0;
  for (; goesOn(ivf, top, q, i, least, emptyMax, empty, wanted); i++) {
    const starts = ivf.starts + ((<usize>load<u32>(near.rows + ((<usize>i) << 2))) << 2);
    const from = load<u32>(starts), to = load<u32>(starts, 4);
    const count = top.count, farthest = bound(top);
    passed += to - from;
    if (allow) ivf.compared += scanGathered<S>(ivf, top, query, data, stride, perRow, from, to, allow);
    else {
      if (isBounded) scanListBounded(top, query, data, stride, ivf.dim, from, to, ivf.rowIds, ivf.sums);
      else scanList<S>(top, query, data, stride, ivf.dim, perRow, from, to, ivf.rowIds, inTurn);
      ivf.compared += to - from;
    }
    empty = emptyLists(top, count, farthest, empty);
    if (i + 1 == least) wanted = wantedBeyond(ivf, passed, wanted, allowed);
  }
  ivf.probed = i;
}

// ---------------------------------------------------------------- tables

/** Tables of a product quantizer to floatTables, shape (parts, words). */
// @ts-ignore: decorator
@inline function wordTables(ivf: Ivf, words: u32): void { dotTables(ivf.query, ivf.codebooks, ivf.parts, 1, words, ivf.partDim, ivf.floatTables); }

/** Sums of the query's four dimensions of a part under all 16 patterns of signs (bit set: plus), to floatTables. */
function signTables(ivf: Ivf, parts: u32): void {
  const signs = memory.data<f32>([-1, 1, -1, 1, -1, -1, 1, 1], 16);
  const first = v128.load(signs), second = v128.load(signs, 16);
  for (let part: u32 = 0; part < parts; part++) {
    const q = ivf.query + ((<usize>part) << 4), out = ivf.floatTables + ((<usize>part) << 6);
    const base = f32x4.add(f32x4.mul(v128.load32_splat(q), first), f32x4.mul(v128.load32_splat(q, 4), second));
    const c = v128.load32_splat(q, 8), d = v128.load32_splat(q, 12);
    v128.store(out, f32x4.sub(f32x4.sub(base, c), d));
    v128.store(out, f32x4.sub(f32x4.add(base, c), d), 16);
    v128.store(out, f32x4.add(f32x4.sub(base, c), d), 32);
    v128.store(out, f32x4.add(f32x4.add(base, c), d), 48);
  }
}

// @ts-ignore: decorator
@inline function leastLane(v: v128): f32 {
  return min(min(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), min(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}
// @ts-ignore: decorator
@inline function largestLane(v: v128): f32 {
  return max(max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/**
 * floatTables of 16 words to bytes 0..127, one scale for all: entry = (t - least of the part) / scale. Answers the scale
 * and leaves the sum of the leasts in sums[0].
 */
function quantizeTables(ivf: Ivf): f32 {
  const parts = ivf.parts;
  let reach: f32 = 0, leasts: f32 = 0;
  for (let part: u32 = 0; part < parts; part++) {
    const t = ivf.floatTables + ((<usize>part) << 6);
    const a = v128.load(t), b = v128.load(t, 16), c = v128.load(t, 32), d = v128.load(t, 48);
    const least = leastLane(f32x4.min(f32x4.min(a, b), f32x4.min(c, d)));
    reach = max(reach, largestLane(f32x4.max(f32x4.max(a, b), f32x4.max(c, d))) - least);
    leasts += least;
  }
  const inverse = f32x4.splat(reach > <f32>1e-30 ? TABLE_MAX / reach : 0);
  for (let part: u32 = 0; part < parts; part++) {
    const t = ivf.floatTables + ((<usize>part) << 6);
    const a = v128.load(t), b = v128.load(t, 16), c = v128.load(t, 32), d = v128.load(t, 48);
    const least = f32x4.splat(leastLane(f32x4.min(f32x4.min(a, b), f32x4.min(c, d))));
    const w = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.sub(a, least), inverse)));
    const x = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.sub(b, least), inverse)));
    const y = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.sub(c, least), inverse)));
    const z = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.sub(d, least), inverse)));
    v128.store(ivf.tables + ((<usize>part) << 4), i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(w, x), i16x8.narrow_i32x4_s(y, z)));
  }
  store<f32>(ivf.sums, leasts);
  return reach > <f32>1e-30 ? reach / TABLE_MAX : 0;
}

/** Rounds the query to `bits` bits a dimension, evenly over its range, in place. */
function roundQuery(q: usize, dim: u32, bits: u32): void {
  let largest: f32 = 0;
  for (let d: u32 = 0; d < dim; d++) largest = max(largest, abs(load<f32>(q + ((<usize>d) << 2))));
  if (!(largest > <f32>1e-30)) return;
  const step: f32 = <f32>2 * largest / <f32>((1 << bits) - 1);
  for (let d: u32 = 0; d < dim; d++) {
    const at = q + ((<usize>d) << 2);
    store<f32>(at, nearest((load<f32>(at) + largest) / step) * step - largest);
  }
}

// ---------------------------------------------------------------- product quantizer, a byte a part

// @ts-ignore: decorator
@inline function word(table: usize, code: usize): f32 { return load<f32>(table + ((<usize>load<u8>(code)) << 2)); }

/** Sums of table entries of the codes at a, b, c and d. */
// @ts-ignore: decorator
@inline function fourWords(ivf: Ivf, a: usize, b: usize, c: usize, d: usize): v128 {
  const parts = <usize>ivf.parts;
  let ta: f32 = 0, tb: f32 = 0, tc: f32 = 0, td: f32 = 0;
  let table = ivf.floatTables;
  for (let part: usize = 0; part < parts; part++) {
    ta += word(table, a + part);
    tb += word(table, b + part);
    tc += word(table, c + part);
    td += word(table, d + part);
    table += 1024;
  }
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(ta), 1, tb), 2, tc), 3, td);
}

function scanBytes(ivf: Ivf, top: TopK, from: u32, to: u32, base: f32, factor: f32): void {
  const stride = <usize>ivf.stride, perRow = ivf.perRow;
  for (let p = from; p < to; p += 4) {
    // Beyond the list's end the next list's codes are read, or the room kept behind the last one.
    const a = ivf.data + <usize>p * stride, b = a + stride, c = b + stride;
    let distances = f32x4.add(f32x4.mul(fourWords(ivf, a, b, c, c + stride), f32x4.splat(factor)), f32x4.splat(base));
    if (perRow) distances = f32x4.add(distances, v128.load(perRow + ((<usize>p) << 2)));
    enter(top, distances, (1 << min(to - p, 4)) - 1, ivf.rowIds + ((<usize>p) << 2));
  }
}

/** The same for allowed rows alone; answers how many. */
function scanBytesGathered(ivf: Ivf, top: TopK, from: u32, to: u32, base: f32, factor: f32, allow: usize): u32 {
  const stride = <usize>ivf.stride, data = ivf.data, perRow = ivf.perRow;
  let total: u32 = 0;
  while (from < to) {
    const n = gather(ivf, from, to, allow);
    if (!n) break;
    total += n;
    for (let i: u32 = 0; i < n; i += 4) {
      const last = n - 1 - i;
      const p0 = gathered(ivf, i), p1 = gathered(ivf, i + min<u32>(1, last)), p2 = gathered(ivf, i + min<u32>(2, last)), p3 = gathered(ivf, i + min<u32>(3, last));
      const dots = fourWords(ivf, data + <usize>p0 * stride, data + <usize>p1 * stride, data + <usize>p2 * stride, data + <usize>p3 * stride);
      let distances = f32x4.add(f32x4.mul(dots, f32x4.splat(factor)), f32x4.splat(base));
      if (perRow) distances = f32x4.add(distances, column(perRow + ((<usize>p0) << 2), perRow + ((<usize>p1) << 2), perRow + ((<usize>p2) << 2), perRow + ((<usize>p3) << 2)));
      enterRows(top, distances, min<u32>(4, last + 1), rowAt(ivf, p0), rowAt(ivf, p1), rowAt(ivf, p2), rowAt(ivf, p3));
    }
    if (n < GATHERED) break;
    from = gathered(ivf, n - 1) + 1;
  }
  return total;
}

// ---------------------------------------------------------------- fast scan, half a byte a part

/** Low 4 bits, in all bytes: loaded before the loops. */
const NIBBLE_MASK = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15], 16);

/** Entries of the table at the low 4 bits of each byte. */
// @ts-ignore: decorator
@inline function lookUp(table: v128, codes: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, codes);
  return i8x16.swizzle(table, codes);
}

// @ts-ignore: decorator
@inline function storeSums(out: usize, sums: v128, isFirst: bool): void {
  let low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(sums)), high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(sums));
  if (!isFirst) {
    low = f32x4.add(low, v128.load(out));
    high = f32x4.add(high, v128.load(out, 16));
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/**
 * Sums of table entries of the block's 32 rows, f32, shape (32), to `out`. In a part's 16 bytes row r is in the low half
 * (r < 16) or the high half of byte 2 (r % 8) + (r % 16 >= 8), so that even bytes are eight rows and odd bytes the next.
 */
function blockSums(block: usize, tables: usize, parts: u32, out: usize): void {
  const mask = v128.load(NIBBLE_MASK);
  for (let from: u32 = 0; from < parts; from += PARTS_PER_SUM) {
    const end = (<usize>min(from + PARTS_PER_SUM, parts)) << 4;
    let even0 = i16x8.splat(0), odd0 = even0, even1 = even0, odd1 = even0;
    for (let i = (<usize>from) << 4; i < end; i += 32) {
      const t0 = v128.load(tables + i), t1 = v128.load(tables + i, 16);
      const c0 = v128.load(block + i), c1 = v128.load(block + i, 16);
      const low = i8x16.add(lookUp(t0, v128.and(c0, mask)), lookUp(t1, v128.and(c1, mask)));
      const high = i8x16.add(lookUp(t0, v128.and(i16x8.shr_u(c0, 4), mask)), lookUp(t1, v128.and(i16x8.shr_u(c1, 4), mask)));
      even0 = i16x8.add(even0, low);
      odd0 = i16x8.add(odd0, i16x8.shr_u(low, 8));
      even1 = i16x8.add(even1, high);
      odd1 = i16x8.add(odd1, i16x8.shr_u(high, 8));
    }
    storeSums(out, i16x8.sub(even0, i16x8.shl(odd0, 8)), from == 0);
    storeSums(out + 32, odd0, from == 0);
    storeSums(out + 64, i16x8.sub(even1, i16x8.shl(odd1, 8)), from == 0);
    storeSums(out + 96, odd1, from == 0);
  }
}

/** Loaded before the loops. u8, shape (2, 16): which byte of two a dimension's bit is in, and the bit. */
const BIT_PLACES = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
], 16);

/** Dot product of the query and the whole code of the row at position p, whose nibbles are those of `row` (0 to 31) of `block`. `sum`: of the query. */
function wholeDot(ivf: Ivf, block: usize, row: u32, p: u32, sum: f32): f32 {
  const bits = ivf.furtherBits, shift: u32 = row < 16 ? 0 : 4;
  let nibbles = block + (((row & 7) << 1) | ((row >> 3) & 1));
  let table = ivf.floatTables, signs0: f32 = 0, signs1: f32 = 0;
  for (let part: u32 = 0; part < ivf.parts; part += 2) {
    signs0 += load<f32>(table + ((<usize>((<u32>load<u8>(nibbles) >> shift) & 15)) << 2));
    signs1 += load<f32>(table + ((<usize>((<u32>load<u8>(nibbles, 16) >> shift) & 15)) << 2), 64);
    nibbles += 32;
    table += 128;
  }
  const places = v128.load(BIT_PLACES), masks = v128.load(BIT_PLACES, 16);
  const blocks = (ivf.dim + 15) >> 4;
  let plane = ivf.further + <usize>p * ((blocks * bits) << 1), q = ivf.query;
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let i: u32 = 0; i < blocks; i++) {
    let e = i8x16.splat(0);
    for (let bit: u32 = 0; bit < bits; bit++) {
      const set = i8x16.eq(v128.and(lookUp(v128.load16_splat(plane), places), masks), masks);
      e = i8x16.sub(i8x16.add(e, e), set);
      plane += 2;
    }
    const low = i16x8.extend_low_i8x16_u(e), high = i16x8.extend_high_i8x16_u(e);
    a = f32x4.add(a, f32x4.mul(v128.load(q), f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low))));
    b = f32x4.add(b, f32x4.mul(v128.load(q, 16), f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low))));
    c = f32x4.add(c, f32x4.mul(v128.load(q, 32), f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high))));
    d = f32x4.add(d, f32x4.mul(v128.load(q, 48), f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high))));
    q += 64;
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const further = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
  const levels = <f32>(1 << bits);
  return <f32>0.5 * (levels * (signs0 + signs1) - (levels - 1) * sum) + further;
}

/** Compares the rows at positions p + i, i of the bits of `near`, by their whole codes; `row`: of the first in its block. */
function enterWhole(ivf: Ivf, top: TopK, block: usize, row: u32, p: u32, near: u32, base: f32, sum: f32): void {
  while (near) {
    const i = ctz(near);
    near &= near - 1;
    const factors = ivf.furtherFactors + ((<usize>(p + i)) << 3);
    const distance = base + load<f32>(factors) * wholeDot(ivf, block, row + i, p + i, sum) + load<f32>(factors, 4);
    if (distance <= bound(top)) push(top, distance, rowAt(ivf, p + i));
  }
}

/** Which of the rows at positions from .. from + n - 1, at most 32, are allowed: a bit each. */
function allowedOf(ivf: Ivf, from: u32, n: u32, allow: usize): u32 {
  if (!allow) return (<u32>-1) >> (32 - n);
  if (ivf.positions) {
    const words = ivf.positions + ((<usize>(from >> 5)) << 2);
    return <u32>(load<u64>(words) >> (from & 31)) & ((<u32>-1) >> (32 - n));
  }
  let bits: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const row = rowAt(ivf, from + i);
    bits |= (load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1) << i;
  }
  return bits;
}

/**
 * distance(row) = (sum * scale + offset) * factors[row] + perRow[row] + base; without factors their product is `scale` and
 * `base` already. With further bits that is an estimate. `reach`: the query's distance from the centroid (IP: its length). `querySum`: of its values.
 * Answers how many rows are allowed.
 */
function scanNibbles(
  ivf: Ivf, top: TopK, list: u32, from: u32, to: u32, base: f32, scale: f32, offset: f32, reach: f32, querySum: f32, allow: usize,
): u32 {
  const parts = ivf.parts, blockBytes = (<usize>parts) << 4, sums = ivf.sums, perRow = ivf.perRow, factors = ivf.factors, isEstimate = ivf.furtherBits != 0;
  let block = ivf.data + <usize>load<u32>(ivf.blocks + ((<usize>list) << 2)) * blockBytes;
  const base4 = f32x4.splat(base), scale4 = f32x4.splat(scale), offset4 = f32x4.splat(offset);
  const reach4 = f32x4.splat(reach), tableError = f32x4.splat(isEstimate ? TABLE_DEVIATIONS * scale * <f32>Math.sqrt(<f64>parts / 12) : 0);
  let total: u32 = 0;
  for (let start = from; start < to; start += NIBBLE_ROWS, block += blockBytes) {
    let allowed = allowedOf(ivf, start, min<u32>(NIBBLE_ROWS, to - start), allow);
    if (!allowed) continue;
    total += popcnt(allowed);
    blockSums(block, ivf.tables, parts, sums);
    for (let p = start; allowed; p += 4, allowed >>= 4) {
      const rows = allowed & 15;
      if (!rows) continue;
      const at = (<usize>p) << 2;
      let distances = f32x4.mul(v128.load(sums + ((<usize>(p - start)) << 2)), scale4);
      if (factors) distances = f32x4.mul(f32x4.add(distances, offset4), v128.load(factors + at));
      distances = f32x4.add(distances, base4);
      if (perRow) distances = f32x4.add(distances, v128.load(perRow + at));
      if (isEstimate) {
        const error = f32x4.add(f32x4.mul(v128.load(ivf.errors + at), reach4), f32x4.mul(f32x4.abs(v128.load(factors + at)), tableError));
        const near = i32x4.bitmask(f32x4.le(f32x4.sub(distances, error), f32x4.splat(bound(top)))) & rows;
        if (near) enterWhole(ivf, top, block, p - start, p, near, base, querySum);
      } else enter(top, distances, rows, ivf.rowIds + at);
    }
  }
  return total;
}

function scanResiduals(ivf: Ivf, top: TopK, squares: f32, allow: usize, allowed: u32, queryBits: u32, least: u32, emptyMax: u32, wanted: u32): void {
  const kind = ivf.kind, isL2 = ivf.metric == METRIC_L2;
  let factor: f32 = isL2 ? -2 : -1, scale: f32 = 0, offset: f32 = 0, querySum: f32 = 0;
  if (kind == LISTS_BYTES) wordTables(ivf, 256);
  else {
    if (kind == LISTS_SIGNS) {
      if (queryBits) roundQuery(ivf.query, ivf.dim, queryBits);
      signTables(ivf, ivf.parts);
    } else wordTables(ivf, 16);
    scale = quantizeTables(ivf);
    offset = load<f32>(ivf.sums);
  }
  if (ivf.furtherBits) for (let i: usize = 0, end = (<usize>ivf.dim) << 2; i < end; i += 4) querySum += load<f32>(ivf.query + i);
  const near = changetype<TopK>(ivf.probes);
  let empty: u32 = 0, i: u32 = 0, passed: u32 = 0;
  for (; goesOn(ivf, top, ivf.query, i, least, emptyMax, empty, wanted); i++) {
    const at = (<usize>i) << 2;
    const list = load<u32>(near.rows + at);
    const starts = ivf.starts + ((<usize>list) << 2);
    const from = load<u32>(starts), to = load<u32>(starts, 4);
    const count = top.count, farthest = bound(top);
    passed += to - from;
    let base = load<f32>(near.distances + at);
    const reach = ivf.furtherBits ? <f32>Math.sqrt(<f64>(ivf.metric == METRIC_IP ? squares : base)) : 0;
    // -q·c from |q - c|^2
    if (ivf.metric == METRIC_COSINE) base = (base - squares - load<f32>(ivf.norms + ((<usize>list) << 2))) * 0.5;
    if (kind == LISTS_BYTES) {
      if (allow) ivf.compared += scanBytesGathered(ivf, top, from, to, base, factor, allow);
      else {
        scanBytes(ivf, top, from, to, base, factor);
        ivf.compared += to - from;
      }
    } else if (kind == LISTS_SIGNS) ivf.compared += scanNibbles(ivf, top, list, from, to, base, scale, offset, reach, querySum, allow);
    else ivf.compared += scanNibbles(ivf, top, list, from, to, base + factor * offset, factor * scale, 0, 0, 0, allow);
    empty = emptyLists(top, count, farthest, empty);
    if (i + 1 == least) wanted = wantedBeyond(ivf, passed, wanted, allowed);
  }
  ivf.probed = i;
}

/** Marks the positions of the rows that `allow` names in ivf.positions, for the searches that follow. `positionOf`: u32, shape (rows). */
export function ivfPositions(ivfPtr: usize, allow: usize, positionOf: usize): void {
  const ivf = changetype<Ivf>(ivfPtr), rows = ivf.rows, marks = ivf.positions;
  memory.fill(marks, 0, ((<usize>((rows + 31) >> 5)) << 2) + 4);
  for (let word: u32 = 0, last = (rows - 1) >> 5; word <= last; word++) {
    let bits = load<u32>(allow + ((<usize>word) << 2));
    if (word == last) bits &= (<u32>-1) >> (31 - ((rows - 1) & 31));
    while (bits) {
      const position = load<u32>(positionOf + ((<usize>((word << 5) + ctz(bits))) << 2));
      bits &= bits - 1;
      const at = marks + ((<usize>(position >> 5)) << 2);
      store<u32>(at, load<u32>(at) | (1 << (position & 31)));
    }
  }
}

/**
 * Searches the lists nearest to the query (f32, unit length for COSINE; BITS: a RowQuery), nearest first; hits go to the top-k, nearest first if
 * `sorted`. The search ends after at least `least` lists: where `emptyMax` in a row changed no hit, or, where that is 0, when `wanted` rows have been
 * compared and the top-k is full. `wanted` IVF_ALL: all allowed rows are compared. `probes`: lists that are put in order before the search begins, at most ivf.lists;
 * where more are needed, all are. `allow`: bitset over the segment's rows with `allowed` bits, or 0; with ivf.positions, marked for it. `queryBits`: SIGNS: bits a dimension of the query, 0: as many as
 * the tables hold. Answers how many hits there are; how many lists were searched and rows compared is left in `ivf`.
 */
export function ivfSearch(
  ivfPtr: usize, topPtr: usize, query: usize, probes: u32, least: u32, emptyMax: u32, wanted: u32, allow: usize, allowed: u32, queryBits: u32, sorted: u32,
): u32 {
  const ivf = changetype<Ivf>(ivfPtr), top = changetype<TopK>(topPtr);
  const dim = ivf.dim, kind = ivf.kind, bytes = (<usize>dim) << 2;
  const isResidual = kind == LISTS_BYTES || kind == LISTS_NIBBLES || kind == LISTS_SIGNS, isAll = wanted == IVF_ALL;
  ivf.compared = 0;
  ivf.probed = 0;
  let q = query;
  if (isResidual) {
    q = ivf.query;
    memory.copy(q, query, bytes);
    if (ivf.rotation) rotateVectors(q, 1, dim, ivf.rotation);
    // Parts may reach beyond the last dimension.
    const reach = (<usize>ivf.parts * ivf.partDim) << 2;
    if (reach > bytes) memory.fill(q + bytes, 0, reach - bytes);
  }
  // A query that is rounded later would put lists in another order.
  if (isAll || queryBits) probes = ivf.lists;
  if (isAll) least = ivf.lists;
  if (isResidual || !isAll) nearLists(ivf, q, probes, !isAll);

  if (kind == LISTS_F32) {
    if (ivf.metric == METRIC_L2) scanVectors<FastL2>(ivf, top, q, q, ivf.data, ivf.stride, 0, allow, allowed, least, emptyMax, wanted);
    else scanVectors<FastDot>(ivf, top, q, q, ivf.data, ivf.stride, ivf.metric == METRIC_COSINE ? ivf.perRow : 0, allow, allowed, least, emptyMax, wanted);
  } else if (kind == LISTS_BITS) {
    scanVectors<Bits>(ivf, top, q, q, ivf.data, ivf.stride, ivf.perRow, allow, allowed, least, emptyMax, wanted);
  } else if (kind == LISTS_CODES) {
    const codes = changetype<Codes>(ivf.codes), prepared = changetype<CodeQuery>(ivf.query);
    codesQuery(ivf.codes, q, ivf.query);
    // In code units.
    const min = top.min, max = top.max;
    top.min /= prepared.unit;
    top.max /= prepared.unit;
    scanVectors<Code>(ivf, top, q, ivf.query, codes.ptr, codes.stride, prepared.terms, allow, allowed, least, emptyMax, wanted);
    top.min = min;
    top.max = max;
    if (sorted) return topkScale(topPtr, prepared.unit);
    for (let i: u32 = 0; i < top.count; i++) {
      const at = top.distances + ((<usize>i) << 2);
      store<f32>(at, load<f32>(at) * prepared.unit);
    }
  } else {
    let squares: f32 = 0;
    for (let i: usize = 0; i < bytes; i += 4) squares += load<f32>(q + i) * load<f32>(q + i);
    scanResiduals(ivf, top, squares, allow, allowed, queryBits, least, emptyMax, wanted);
  }
  return sorted ? topkSort(topPtr) : top.count;
}
