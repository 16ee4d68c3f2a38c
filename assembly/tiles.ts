// Many queries against the same rows, so that a row that has been read serves all of them: arithmetic, not memory, is
// the limit. Every query ends with the top-k of a scan of its own, to the last bit.
//
// Queries are packed into panels of eight, shape (panels, dim, 8): four rows times eight queries are eight accumulators
// in registers, a dimension costs two loads and four splats for eight products, and no sum across lanes (the shape of
// nearestCentroids; 92 % of the arithmetic peak). Rows come in blocks that stay in the second cache while all panels
// pass over them. Rows of 16-bit floats are widened to f32 once per block, integers to i16, two dimensions to a lane.
//
// The dot products add in another order than a scan does, and L2 from them loses digits. So they only rule rows out:
//
//   dot < t - n c      the row is farther than the query's k-th nearest so far (distance B), whatever the rounding
//
//             t                               n                    c
//   L2        ((1 - g) |q|^2 - (1 + g) B) / 2   -(1 - g) |x|^2 / 2   1              d = |q|^2 + |x|^2 - 2 q·x
//   IP        -B                              |x|                  g |q|          d = -q·x
//   COSINE    0                               |x|                  (B + g) |q|    d = -q·x / (|q| |x|)
//
// and the few that are left are compared as in a scan. g bounds the rounding errors of both sums, relative to |q| |x|:
// n additions err by at most n 2^-24 (Higham, "Accuracy and stability of numerical algorithms", 3.1), here dim of them,
// dim / 8 in the scan, and a few more for norms and bounds. Lengths beyond 10^18 could overflow: NaN as bound keeps
// everything, and the comparison is the scan's.
import {
  METRIC_COSINE, METRIC_IP, METRIC_L2, PANEL_LANES, ROW_QUERY_DATA, ROWS_BF16, ROWS_BITS, ROWS_F16, ROWS_F32, ROWS_I8, TILE_BLOCK_BYTES,
  TILE_BOUNDS_BYTES, TILE_QUERIES, TILE_ROWS, TOPK_SIZE,
} from "../src/kernels/abi";
import { Code, FastDot, FastL2, four } from "./distance";
import { isAllowed, scanList, scanListAllowed } from "./ivf";
import { CodeQuery, Codes, RowQuery, Tile, TopK } from "./layout";
import { BF16Dot, BF16L2, expandRows, F16Dot, F16L2, Int8, rowBytes, scanRows } from "./rows";
import { scanF32 } from "./scan";
import { bound, push } from "./topk";

/** Fewer queries are scanned one by one. */
const QUERIES_MIN: u32 = 4;
const UNIT_ROUNDOFF: f64 = 1.0 / 16777216;
/** Below it products vanish: more than all that is lost so in 32,768 of them. 2^-120. */
const VANISHING: f64 = 7.52316384526264e-37;
const LENGTH_MAX: f64 = 1e18;

/** What of |q| |x| the rounding of two dot products of this many dimensions can amount to. */
// @ts-ignore: decorator
@inline function errorOf(dim: u32): f64 { return (1.3 * <f64>dim + 64) * UNIT_ROUNDOFF; }

// @ts-ignore: decorator
@inline function topOf(tile: Tile, query: u32): TopK { return changetype<TopK>(tile.tops + <usize>query * TOPK_SIZE); }

// @ts-ignore: decorator
@inline function queryOf(tile: Tile, query: u32): usize { return tile.queries + <usize>query * tile.queryStride; }

/** Dimensions, or pairs of them, that a lane of a panel has one after another. */
// @ts-ignore: decorator
@inline function stepsOf(tile: Tile): u32 { return tile.format == ROWS_I8 ? (tile.dim + 1) >> 1 : tile.dim; }

// ---------------------------------------------------------------- panels of queries

function squaresOf(tile: Tile, query: usize): f64 {
  if (tile.format == ROWS_I8) return <f64>changetype<RowQuery>(query).squares;
  let sum: f64 = 0;
  for (let i: usize = 0, end = (<usize>tile.dim) << 2; i < end; i += 4) {
    const x = <f64>load<f32>(query + i);
    sum += x * x;
  }
  return sum;
}

/** Writes t and c of a lane for the farthest distance that still enters. `lane`: counted over all panels. */
function setBound(tile: Tile, lane: u32, farthest: f32): void {
  const at = tile.bounds + <usize>(lane >> 3) * TILE_BOUNDS_BYTES, place = (<usize>(lane & 7)) << 2;
  const squares = load<f64>(at + (place << 1), 64), length = Math.sqrt(squares), error = errorOf(tile.dim), b = <f64>farthest;
  let t: f64 = 0, c: f64 = 1;
  if (tile.metric == METRIC_L2) t = ((1 - error) * squares - (1 + error) * b) * 0.5 - VANISHING;
  else if (tile.metric == METRIC_IP) {
    t = -b - VANISHING;
    c = error * length;
  } else c = (b + error) * length;
  store<f32>(at + place, length <= LENGTH_MAX ? <f32>t : NaN);
  store<f32>(at + place, <f32>c, 32);
}

/** Packs the queries that n numbers at `members` name, at most TILE_QUERIES, and sets their bounds. */
function pack(tile: Tile, members: usize, n: u32): void {
  const steps = stepsOf(tile), panelBytes = (<usize>steps) * (PANEL_LANES << 2);
  const skip: usize = tile.format == ROWS_I8 ? ROW_QUERY_DATA : 0;
  for (let lane: u32 = 0, lanes = (n + 7) & ~7; lane < lanes; lane++) {
    let out = tile.panels + <usize>(lane >> 3) * panelBytes + ((<usize>(lane & 7)) << 2);
    if (lane >= n) {
      for (let i: u32 = 0; i < steps; i++, out += PANEL_LANES << 2) store<u32>(out, 0);
      const bounds = tile.bounds + <usize>(lane >> 3) * TILE_BOUNDS_BYTES + ((<usize>(lane & 7)) << 2);
      store<f32>(bounds, Infinity);
      store<f32>(bounds, 0, 32);
      continue;
    }
    const number = load<u32>(members + ((<usize>lane) << 2)), query = queryOf(tile, number);
    for (let i: u32 = 0, q = query + skip; i < steps; i++, q += 4, out += PANEL_LANES << 2) store<u32>(out, load<u32>(q));
    store<f64>(tile.bounds + <usize>(lane >> 3) * TILE_BOUNDS_BYTES + ((<usize>(lane & 7)) << 3), squaresOf(tile, query), 64);
    setBound(tile, lane, bound(topOf(tile, number)));
  }
}

// ---------------------------------------------------------------- blocks of rows

/** n of a row: what its length says about the bound. */
// @ts-ignore: decorator
@inline function normOf(tile: Tile, terms: usize, row: u32): f32 {
  const term = terms + ((<usize>row) << 2);
  let length: f64;
  if (tile.format == ROWS_I8) length = Math.sqrt(<f64>load<i32>(term));
  else {
    const inverse = <f64>load<f32>(term);
    length = inverse == 0 ? 0 : 1 / inverse;
    if (inverse != 0 && !(length >= 1 / LENGTH_MAX && length <= LENGTH_MAX)) return NaN;
  }
  return <f32>(tile.metric == METRIC_L2 ? (errorOf(tile.dim) - 1) * length * length * 0.5 : length);
}

/**
 * Lists the rows of [from, to) that are allowed, with their norms, and answers how many. Where all are and rows are f32, they
 * are compared in place; else they are written to the block.
 */
function fillBlock(tile: Tile, data: usize, terms: usize, from: u32, to: u32, allow: usize, rowIds: usize): u32 {
  let n: u32 = 0;
  for (let r = from; r < to; r++) {
    if (!isAllowed(allow, rowIds ? load<u32>(rowIds + ((<usize>r) << 2)) : r)) continue;
    store<u32>(tile.numbers + ((<usize>n) << 2), r);
    store<f32>(tile.norms + ((<usize>n) << 2), normOf(tile, terms, r));
    n++;
  }
  if (tile.format == ROWS_F32 && n == to - from) return n;
  const stride = rowBytes(tile.format, tile.dim), steps = (<usize>stepsOf(tile)) << 2;
  let out = tile.block;
  for (let i: u32 = 0; i < n; i++, out += steps) {
    const row = data + <usize>load<u32>(tile.numbers + ((<usize>i) << 2)) * stride;
    if (tile.format == ROWS_F32) memory.copy(out, row, steps);
    else if (tile.format != ROWS_I8) expandRows(tile.format, row, tile.dim, out);
    // Whole groups of eight: what is behind the row is multiplied by the query's zeros, or written over by the next row.
    else for (let d: usize = 0; d < <usize>tile.dim; d += 8) v128.store(out + (d << 1), v128.load_ext<i8>(row + d));
  }
  return n;
}

// ---------------------------------------------------------------- tiles

/** Adds the products of a lane of all rows' elements: f32, or pairs of i16. */
// @ts-ignore: decorator
@inline function multiplyAdd<T>(x: v128, q: v128, sum: v128): v128 {
  if (isInteger<T>()) return i32x4.add(sum, i32x4.dot_i16x8_s(x, q));
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, q, sum);
  return f32x4.add(sum, f32x4.mul(x, q));
}

// @ts-ignore: decorator
@inline function toFloat<T>(sum: v128): v128 { return isInteger<T>() ? f32x4.convert_i32x4_s(sum) : sum; }

/** Lanes whose dot product is not below the bound of a row; a NaN is not. */
// @ts-ignore: decorator
@inline function ruledOut(dots: v128, t: v128, c: v128, norm: v128): v128 { return f32x4.lt(dots, f32x4.sub(t, f32x4.mul(norm, c))); }

/** Compares a block of n rows, `steps` lanes of 4 bytes each at `rows`, with the panels of `lanes` queries. */
function compareBlock<T>(tile: Tile, rows: usize, n: u32, members: usize, lanes: u32, data: usize, terms: usize, rowIds: usize, rowBase: u32): void {
  const end = (<usize>stepsOf(tile)) << 2, panelBytes = end << 3;
  const dots = tile.dots, norms = tile.norms;
  for (let lane: u32 = 0; lane < lanes; lane += PANEL_LANES) {
    const panel = tile.panels + <usize>(lane >> 3) * panelBytes;
    const bounds = tile.bounds + <usize>(lane >> 3) * TILE_BOUNDS_BYTES;
    for (let r: u32 = 0; r < n; r += 4) {
      const last = n - 1 - r;
      const x0 = rows + <usize>r * end, x1 = x0 + <usize>min<u32>(1, last) * end, x2 = x0 + <usize>min<u32>(2, last) * end, x3 = x0 + <usize>min<u32>(3, last) * end;
      let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let q = panel;
      for (let i: usize = 0; i < end; i += 4) {
        const low = v128.load(q), high = v128.load(q, 16);
        const y0 = v128.load32_splat(x0 + i);
        a0 = multiplyAdd<T>(y0, low, a0);
        b0 = multiplyAdd<T>(y0, high, b0);
        const y1 = v128.load32_splat(x1 + i);
        a1 = multiplyAdd<T>(y1, low, a1);
        b1 = multiplyAdd<T>(y1, high, b1);
        const y2 = v128.load32_splat(x2 + i);
        a2 = multiplyAdd<T>(y2, low, a2);
        b2 = multiplyAdd<T>(y2, high, b2);
        const y3 = v128.load32_splat(x3 + i);
        a3 = multiplyAdd<T>(y3, low, a3);
        b3 = multiplyAdd<T>(y3, high, b3);
        q += PANEL_LANES << 2;
      }
      a0 = toFloat<T>(a0); a1 = toFloat<T>(a1); a2 = toFloat<T>(a2); a3 = toFloat<T>(a3);
      b0 = toFloat<T>(b0); b1 = toFloat<T>(b1); b2 = toFloat<T>(b2); b3 = toFloat<T>(b3);
      const tLow = v128.load(bounds), tHigh = v128.load(bounds, 16), cLow = v128.load(bounds, 32), cHigh = v128.load(bounds, 48);
      const norm = norms + ((<usize>r) << 2);
      const n0 = v128.load32_splat(norm), n1 = v128.load32_splat(norm, 4), n2 = v128.load32_splat(norm, 8), n3 = v128.load32_splat(norm, 12);
      let out = v128.and(ruledOut(a0, tLow, cLow, n0), ruledOut(b0, tHigh, cHigh, n0));
      out = v128.and(out, v128.and(ruledOut(a1, tLow, cLow, n1), ruledOut(b1, tHigh, cHigh, n1)));
      out = v128.and(out, v128.and(ruledOut(a2, tLow, cLow, n2), ruledOut(b2, tHigh, cHigh, n2)));
      out = v128.and(out, v128.and(ruledOut(a3, tLow, cLow, n3), ruledOut(b3, tHigh, cHigh, n3)));
      if (i32x4.all_true(out)) continue;
      v128.store(dots, a0); v128.store(dots, b0, 16);
      v128.store(dots, a1, 32); v128.store(dots, b1, 48);
      v128.store(dots, a2, 64); v128.store(dots, b2, 80);
      v128.store(dots, a3, 96); v128.store(dots, b3, 112);
      settle(tile, r, min<u32>(4, last + 1), members, lane, min<u32>(PANEL_LANES, lanes - lane), data, terms, rowIds, rowBase);
    }
  }
}

/** Row numbers `r` to `r + rows - 1` of the block against a panel: those that the dot products leave are compared as in a scan. */
function settle(tile: Tile, r: u32, rows: u32, members: usize, lane: u32, lanes: u32, data: usize, terms: usize, rowIds: usize, rowBase: u32): void {
  const bounds = tile.bounds + <usize>(lane >> 3) * TILE_BOUNDS_BYTES;
  const numbers = tile.numbers + ((<usize>r) << 2);
  const r0 = load<u32>(numbers), r1 = rows > 1 ? load<u32>(numbers, 4) : r0, r2 = rows > 2 ? load<u32>(numbers, 8) : r0, r3 = rows > 3 ? load<u32>(numbers, 12) : r0;
  const i0 = idOf(rowIds, r0, rowBase), i1 = idOf(rowIds, r1, rowBase), i2 = idOf(rowIds, r2, rowBase), i3 = idOf(rowIds, r3, rowBase);
  const norms = v128.load(tile.norms + ((<usize>r) << 2));
  for (let l: u32 = 0; l < lanes; l++) {
    const place = (<usize>l) << 2, at = tile.dots + place;
    let dots = v128.load32_zero(at);
    dots = v128.load_lane<u32>(at + 32, dots, 1);
    dots = v128.load_lane<u32>(at + 64, dots, 2);
    dots = v128.load_lane<u32>(at + 96, dots, 3);
    const out = ruledOut(dots, v128.load32_splat(bounds + place), v128.load32_splat(bounds + place, 32), norms);
    let near = ~i32x4.bitmask(out) & ((1 << rows) - 1);
    if (!near) continue;
    const query = load<u32>(members + ((<usize>(lane + l)) << 2)), top = topOf(tile, query);
    const distances = exactly(tile, queryOf(tile, query), data, terms, r0, r1, r2, r3);
    near &= i32x4.bitmask(f32x4.le(distances, f32x4.splat(bound(top))));
    if (!near) continue;
    if (near & 1) push(top, f32x4.extract_lane(distances, 0), i0);
    if (near & 2) push(top, f32x4.extract_lane(distances, 1), i1);
    if (near & 4) push(top, f32x4.extract_lane(distances, 2), i2);
    if (near & 8) push(top, f32x4.extract_lane(distances, 3), i3);
    setBound(tile, lane + l, bound(top));
  }
}

// @ts-ignore: decorator
@inline function idOf(rowIds: usize, row: u32, rowBase: u32): u32 { return rowIds ? load<u32>(rowIds + ((<usize>row) << 2)) : row + rowBase; }

function fourOf<S>(query: usize, data: usize, stride: u32, dim: u32, perRow: usize, a: u32, b: u32, c: u32, d: u32): v128 {
  return four<S>(query, data, stride, dim, perRow, a, b, c, d, false);
}

/** Distances as a scan computes them. */
function exactly(tile: Tile, query: usize, data: usize, terms: usize, a: u32, b: u32, c: u32, d: u32): v128 {
  const format = tile.format, dim = tile.dim, stride = rowBytes(format, dim), isL2 = tile.metric == METRIC_L2;
  const norms = tile.metric == METRIC_COSINE ? terms : 0;
  if (format == ROWS_F32) return isL2 ? fourOf<FastL2>(query, data, stride, dim, 0, a, b, c, d) : fourOf<FastDot>(query, data, stride, dim, norms, a, b, c, d);
  if (format == ROWS_I8) return fourOf<Int8>(query, data, stride, dim, terms, a, b, c, d);
  if (format == ROWS_F16) return isL2 ? fourOf<F16L2>(query, data, stride, dim, 0, a, b, c, d) : fourOf<F16Dot>(query, data, stride, dim, norms, a, b, c, d);
  return isL2 ? fourOf<BF16L2>(query, data, stride, dim, 0, a, b, c, d) : fourOf<BF16Dot>(query, data, stride, dim, norms, a, b, c, d);
}

/** One query after another, as without a tile. */
function scanEach(tile: Tile, data: usize, terms: usize, from: u32, to: u32, allow: usize, rowIds: usize, rowBase: u32, members: usize, n: u32): void {
  const metric = tile.metric, dim = tile.dim;
  for (let i: u32 = 0; i < n; i++) {
    const number = load<u32>(members + ((<usize>i) << 2)), query = queryOf(tile, number), top = topOf(tile, number);
    if (rowIds) {
      const isL2 = metric == METRIC_L2, norms = metric == METRIC_COSINE ? terms : 0, stride = dim << 2;
      if (allow) {
        if (isL2) scanListAllowed<FastL2>(top, query, data, stride, dim, 0, from, to, rowIds, allow);
        else scanListAllowed<FastDot>(top, query, data, stride, dim, norms, from, to, rowIds, allow);
      } else if (isL2) scanList<FastL2>(top, query, data, stride, dim, 0, from, to, rowIds, false);
      else scanList<FastDot>(top, query, data, stride, dim, norms, from, to, rowIds, false);
    } else if (tile.format == ROWS_F32) scanF32(changetype<usize>(top), metric, query, data, dim, from, to, terms, allow, rowBase);
    else scanRows(changetype<usize>(top), tile.format, metric, query, data, dim, from, to, terms, allow, rowBase);
  }
}

/** Rows of a block: a multiple of four. */
// @ts-ignore: decorator
@inline function blockRows(dim: u32): u32 { return min<u32>(max<u32>((TILE_BLOCK_BYTES / (dim << 2)) & ~3, 4), TILE_ROWS); }

/**
 * Rows [from, to) of the data against the n queries of the tile that `members` (u32) names, into the top-k of each, as
 * row + rowBase, or where rowIds (u32, by row) is given as what it says; of f32 rows only. `terms`: as for scanRows, for f32 the
 * inverse norms, whatever the metric. `allow`: bitset over what is reported, without rowBase, or 0.
 */
export function tileScan(
  tilePtr: usize, data: usize, terms: usize, from: u32, to: u32, allow: usize, rowIds: usize, rowBase: u32, members: usize, n: u32,
): void {
  const tile = changetype<Tile>(tilePtr), format = tile.format, step = blockRows(tile.dim);
  for (let m: u32 = 0; m < n; m += TILE_QUERIES) {
    const lanes = min<u32>(TILE_QUERIES, n - m), chunk = members + ((<usize>m) << 2);
    if (lanes < QUERIES_MIN) {
      scanEach(tile, data, terms, from, to, allow, rowIds, rowBase, chunk, lanes);
      continue;
    }
    // Counting bits leaves nothing for panels to save: the block is read from the cache, that is all.
    if (format == ROWS_BITS) {
      const rows = TILE_BLOCK_BYTES / max<u32>(tile.dim >> 3, 1) + 1;
      for (let r = from; r < to; r += rows) scanEach(tile, data, terms, r, min(r + rows, to), allow, 0, rowBase, chunk, lanes);
      continue;
    }
    pack(tile, chunk, lanes);
    for (let r = from; r < to; r += step) {
      const end = min(r + step, to);
      const count = fillBlock(tile, data, terms, r, end, allow, rowIds);
      if (!count) continue;
      const rows = format == ROWS_F32 && count == end - r ? data + <usize>r * (tile.dim << 2) : tile.block;
      if (format == ROWS_I8) compareBlock<i16>(tile, rows, count, chunk, lanes, data, terms, rowIds, rowBase);
      else compareBlock<f32>(tile, rows, count, chunk, lanes, data, terms, rowIds, rowBase);
    }
  }
}

/**
 * Positions [from, to) of 7-bit codes against the n queries of the tile that `members` names, into the top-k of each, as rowIds
 * says, in code units. One query after another: a tile of codes would spare loads, not arithmetic; the codes are read from
 * the cache. `queries`: CodeQuery of each query of the tile, queryStride bytes apart. `allow`: bitset over what is reported, or 0.
 */
export function tileCodes(
  tilePtr: usize, codesPtr: usize, queries: usize, queryStride: u32, from: u32, to: u32, allow: usize, rowIds: usize, members: usize, n: u32,
): void {
  const tile = changetype<Tile>(tilePtr), codes = changetype<Codes>(codesPtr);
  const rows = max<u32>(TILE_BLOCK_BYTES / codes.stride, 4);
  for (let p = from; p < to; p += rows) {
    const end = min(p + rows, to);
    for (let i: u32 = 0; i < n; i++) {
      const number = load<u32>(members + ((<usize>i) << 2)), query = queries + <usize>number * queryStride, top = topOf(tile, number);
      const terms = changetype<CodeQuery>(query).terms;
      if (allow) scanListAllowed<Code>(top, query, codes.ptr, codes.stride, codes.dim, terms, p, end, rowIds, allow);
      else scanList<Code>(top, query, codes.ptr, codes.stride, codes.dim, terms, p, end, rowIds, false);
    }
  }
}
