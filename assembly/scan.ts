// Exhaustive scans into a top-k, scoring again, norms.
import { CODE_SQ8, METRIC_COSINE, METRIC_L2 } from "../src/kernels/abi";
import { Code, FastDot, FastL2, four, isCode, Packed, touch } from "./distance";
import { CodeQuery, Codes, TopK } from "./layout";
import { bound, heapify, push, topkSort } from "./topk";

/** Enters the first n of four distances; rows of the group are r0 .. r3. */
// @ts-ignore: decorator
@inline function enter(top: TopK, distances: v128, n: u32, r0: u32, r1: u32, r2: u32, r3: u32): void {
  let near = i32x4.bitmask(f32x4.le(distances, f32x4.splat(bound(top)))) & ((1 << n) - 1);
  if (near) {
    if (near & 1) push(top, f32x4.extract_lane(distances, 0), r0);
    if (near & 2) push(top, f32x4.extract_lane(distances, 1), r1);
    if (near & 4) push(top, f32x4.extract_lane(distances, 2), r2);
    if (near & 8) push(top, f32x4.extract_lane(distances, 3), r3);
  }
}

/** Blocks of more bytes than this are read in turn: they are not in the cache that side-by-side reading wants. */
const IN_TURN_BYTES: usize = 1 << 20;
/** Codes of rows shorter than this are read side by side at the memory's speed. */
const IN_TURN_CODE_BYTES: u32 = 256;
/** Four allowed rows within so many are still nearly one stream. */
const NEAR_ROWS: u32 = 8;

/** Whether `bytes` of rows, one after another, are read row after row. */
// @ts-ignore: decorator
@inline export function isInTurn<S>(bytes: usize, stride: u32): bool {
  return bytes > IN_TURN_BYTES && (!isCode<S>() || stride >= IN_TURN_CODE_BYTES);
}

function scanAll<S>(top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, from: u32, to: u32, rowBase: u32): void {
  const last = to - 1;
  const inTurn = isInTurn<S>(<usize>(to - from) * stride, stride);
  for (let r = from; r < to; r += 4) {
    const r1 = min(r + 1, last), r2 = min(r + 2, last), r3 = min(r + 3, last);
    const distances = inTurn
      ? four<S>(query, data, stride, dim, perRow, r, r1, r2, r3, true)
      : four<S>(query, data, stride, dim, perRow, r, r1, r2, r3, false);
    enter(top, distances, min(to - r, 4), r + rowBase, r1 + rowBase, r2 + rowBase, r3 + rowBase);
  }
}

/** Compares the first n of four rows. A function of its own, so that its loops are compiled once. */
function enterFour<S>(
  top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, inTurn: bool, n: u32, r0: u32, r1: u32, r2: u32, r3: u32, rowBase: u32,
): void {
  const distances = inTurn ? four<S>(query, data, stride, dim, perRow, r0, r1, r2, r3, true) : four<S>(query, data, stride, dim, perRow, r0, r1, r2, r3, false);
  enter(top, distances, n, r0 + rowBase, r1 + rowBase, r2 + rowBase, r3 + rowBase);
}

function scanAllowed<S>(top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, from: u32, to: u32, allow: usize, rowBase: u32): void {
  const inTurn = isInTurn<S>(<usize>(to - from) * stride, stride);
  let r0: u32 = 0, r1: u32 = 0, r2: u32 = 0, n: u32 = 0;
  for (let word = from >> 5; word <= (to - 1) >> 5; word++) {
    let bits = load<u32>(allow + ((<usize>word) << 2));
    if (word == from >> 5) bits &= (<u32>-1) << (from & 31);
    if (word == (to - 1) >> 5) bits &= (<u32>-1) >> (31 - ((to - 1) & 31));
    while (bits) {
      const row = (word << 5) + ctz(bits);
      bits &= bits - 1;
      if (n == 0) r0 = row;
      else if (n == 1) r1 = row;
      else if (n == 2) r2 = row;
      else {
        enterFour<S>(top, query, data, stride, dim, perRow, inTurn && row - r0 < NEAR_ROWS, 4, r0, r1, r2, row, rowBase);
        n = 0;
        continue;
      }
      n++;
    }
  }
  if (n) {
    if (n < 2) r1 = r0;
    if (n < 3) r2 = r0;
    enterFour<S>(top, query, data, stride, dim, perRow, false, n, r0, r1, r2, r0, rowBase);
  }
}

// @ts-ignore: decorator
@inline export function scan<S>(top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, from: u32, to: u32, allow: usize, rowBase: u32): void {
  if (from >= to) return;
  if (allow) scanAllowed<S>(top, query, data, stride, dim, perRow, from, to, allow, rowBase);
  else scanAll<S>(top, query, data, stride, dim, perRow, from, to, rowBase);
}

/** Rows [from, to) of f32 vectors without padding into the top-k, as row + rowBase. `allow`: bitset over rows, or 0. */
export function scanF32(
  topPtr: usize, metric: u32, query: usize, data: usize, dim: u32, from: u32, to: u32, inverseNorms: usize, allow: usize, rowBase: u32,
): void {
  const top = changetype<TopK>(topPtr);
  if (metric == METRIC_L2) scan<FastL2>(top, query, data, dim << 2, dim, 0, from, to, allow, rowBase);
  else scan<FastDot>(top, query, data, dim << 2, dim, metric == METRIC_COSINE ? inverseNorms : 0, from, to, allow, rowBase);
}

/** Rows [from, to) of codes into the top-k, in code units (CodeQuery.unit turns them into distances). */
export function scanCodes(topPtr: usize, codesPtr: usize, query: usize, from: u32, to: u32, allow: usize): void {
  const codes = changetype<Codes>(codesPtr), top = changetype<TopK>(topPtr), terms = changetype<CodeQuery>(query).terms;
  if (codes.kind == CODE_SQ8) scan<Code>(top, query, codes.ptr, codes.stride, codes.dim, terms, from, to, allow, 0);
  else scan<Packed>(top, query, codes.ptr, codes.stride, codes.dim, terms, from, to, allow, 0);
}

export function rescore<S>(top: TopK, query: usize, data: usize, stride: u32, dim: u32, perRow: usize, n: u32): void {
  // The distances are written over below: until then their place takes what the touched rows held.
  let seen: u32 = 0;
  for (let i: u32 = 0; i < n; i++) seen ^= touch(data + <usize>load<u32>(top.rows + ((<usize>i) << 2)) * stride, stride);
  store<u32>(top.distances, seen);
  for (let i: u32 = 0; i < n; i += 4) {
    const at = top.rows + ((<usize>i) << 2), last = n - 1 - i;
    const distances = four<S>(query, data, stride, dim, perRow,
      load<u32>(at), load<u32>(at + ((<usize>min<u32>(1, last)) << 2)), load<u32>(at + ((<usize>min<u32>(2, last)) << 2)), load<u32>(at + ((<usize>min<u32>(3, last)) << 2)), false);
    const out = top.distances + ((<usize>i) << 2);
    f32.store(out, f32x4.extract_lane(distances, 0));
    if (last > 0) f32.store(out, f32x4.extract_lane(distances, 1), 4);
    if (last > 1) f32.store(out, f32x4.extract_lane(distances, 2), 8);
    if (last > 2) f32.store(out, f32x4.extract_lane(distances, 3), 12);
  }
}

/**
 * Replaces the distances of the first n hits by those of the f32 rows at `data`, keeps the `keep` (1 to n) nearest of them
 * and sorts those.
 */
export function rescoreF32(
  topPtr: usize, metric: u32, query: usize, data: usize, dim: u32, inverseNorms: usize, n: u32, keep: u32,
): void {
  const top = changetype<TopK>(topPtr);
  if (!n) return;
  if (metric == METRIC_L2) rescore<FastL2>(top, query, data, dim << 2, dim, 0, n);
  else rescore<FastDot>(top, query, data, dim << 2, dim, metric == METRIC_COSINE ? inverseNorms : 0, n);
  heapify(top, n, keep);
  topkSort(topPtr);
}

/** Replaces the distances of the first n hits by those of the codes, keeps the `keep` (1 to n) nearest and sorts those. In the metric's units. */
export function rescoreCodes(topPtr: usize, codesPtr: usize, query: usize, n: u32, keep: u32): void {
  if (!n) return;
  const codes = changetype<Codes>(codesPtr), top = changetype<TopK>(topPtr), head = changetype<CodeQuery>(query);
  if (codes.kind == CODE_SQ8) rescore<Code>(top, query, codes.ptr, codes.stride, codes.dim, head.terms, n);
  else rescore<Packed>(top, query, codes.ptr, codes.stride, codes.dim, head.terms, n);
  for (let at = top.distances, end = at + ((<usize>n) << 2); at < end; at += 4) store<f32>(at, load<f32>(at) * head.unit);
  heapify(top, n, keep);
  topkSort(topPtr);
}

/** 1 / |row| in double precision, so that no finite f32 row overflows or vanishes; 0 for a zero row. */
export function inverseNorm(ptr: usize, dim: u32): f64 {
  let even = f64x2.splat(0), odd = even;
  let i: usize = 0;
  const end4 = (<usize>(dim & ~3)) << 2, end = (<usize>dim) << 2;
  for (; i < end4; i += 16) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(ptr + i)), high = f64x2.promote_low_f32x4(v128.load64_zero(ptr + i, 8));
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
  }
  even = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
  for (; i < end; i += 4) {
    const x = <f64>load<f32>(ptr + i);
    sum += x * x;
  }
  return sum > 0 ? 1 / Math.sqrt(sum) : 0;
}

/** f32, shape (rows): 1 / |row|, 0 for a zero row. */
export function inverseNorms(ptr: usize, rows: u32, dim: u32, out: usize): void {
  for (let r: u32 = 0; r < rows; r++) {
    store<f32>(out + ((<usize>r) << 2), <f32>min(inverseNorm(ptr + <usize>r * (dim << 2), dim), <f64>f32.MAX_VALUE));
  }
}

/** Scales one vector to unit length in place; a zero vector stays zero. */
export function normalize(ptr: usize, dim: u32): void {
  const inverse = inverseNorm(ptr, dim);
  for (let i: usize = 0, end = (<usize>dim) << 2; i < end; i += 4) store<f32>(ptr + i, <f32>(<f64>load<f32>(ptr + i) * inverse));
}

/** Puts the rows that `allow` names, at most the top-k's k, into the top-k as they come, at distance 0; answers how many. */
export function allowedRows(topPtr: usize, allow: usize, rows: u32): u32 {
  const top = changetype<TopK>(topPtr);
  let n: u32 = 0;
  for (let word: u32 = 0, words = (rows + 31) >> 5; word < words; word++) {
    for (let bits = load<u32>(allow + ((<usize>word) << 2)); bits && n < top.k; bits &= bits - 1) {
      const row = (word << 5) + ctz(bits), at = (<usize>n) << 2;
      if (row >= rows) break;
      store<u32>(top.rows + at, row);
      store<f32>(top.distances + at, 0);
      n++;
    }
  }
  top.count = n;
  return n;
}

/** Bits set among the first n of a bitset. */
export function countBits(ptr: usize, n: u32): u32 {
  let counts = i32x4.splat(0);
  const whole = (n >> 7) << 4;
  for (let i: usize = 0; i < <usize>whole; i += 16) {
    counts = i32x4.add(counts, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(v128.load(ptr + i)))));
  }
  let count: u32 = i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) + i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3);
  for (let i = whole << 3; i < n; i += 32) {
    let word = load<u32>(ptr + ((<usize>(i >> 5)) << 2));
    if (n - i < 32) word &= (1 << (n - i)) - 1;
    count += popcnt(word);
  }
  return count;
}
