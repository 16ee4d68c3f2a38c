// Walking a graph towards a query: the greedy descent through the upper levels and the best-first walk of one level
// (Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
// World graphs", algorithms 2 and 5).
//
// What makes it fast: one call per search; the unvisited neighbours of a row are gathered first and their distances
// computed four at a time; candidates and results are one array sorted by distance, with binary insertion, instead of
// two heaps; a row's visited mark is one bit.
import { BEAM_ENTRY, CODE_SQ8, GRAPH_START_ROWS, METRIC_L2, NO_ROW } from "../src/kernels/abi";
import { Code, FastDot, FastL2, four, isCode, isDot, isPacked, Packed, touch } from "./distance";
import { CodeQuery, Codes, Graph, TopK, Walk } from "./layout";
import { push, topkSort } from "./topk";

/** Set in the row of a beam entry whose neighbours have been looked at. */
export const EXPANDED: u32 = 0x80000000;
const NONE: u32 = <u32>NO_ROW;
/** Rows among which a walk of a graph without levels looks for its start. */
const START_ROWS: u32 = GRAPH_START_ROWS;
/** 2^32 divided by the golden ratio. */
const GOLDEN_RATIO: u32 = 0x9e3779b1;
/** Entries of a list that are counted to find a place among them. */
const COUNTED: u32 = 32;
/** Rows of fewer bytes than this are in the cache already: asking for them ahead only costs time. */
export const CACHED_BYTES: u64 = 2 << 20;

/** The f32 per row that `four` needs for this space. */
// @ts-ignore: decorator
@inline export function perRowOf<S>(graph: Graph, query: usize): usize {
  if (isCode<S>() || isPacked<S>()) return changetype<CodeQuery>(query).terms;
  if (isDot<S>()) return graph.inverseNorms;
  return 0;
}

/** What distances of this space are multiplied by to be the metric's. */
// @ts-ignore: decorator
@inline export function unitOf<S>(query: usize): f32 { return isCode<S>() || isPacked<S>() ? changetype<CodeQuery>(query).unit : 1; }

// @ts-ignore: decorator
@inline export function linksOf(graph: Graph, row: u32, level: u32): usize {
  if (level == 0) return graph.baseLinks + <usize>row * (graph.slots << 2);
  return graph.upperLinks + <usize>(load<u32>(graph.upperStarts + ((<usize>row) << 2)) + level - 1) * (graph.m << 2);
}

// @ts-ignore: decorator
@inline export function linksMax(graph: Graph, level: u32): u32 { return level == 0 ? graph.slots : graph.m; }

// @ts-ignore: decorator
@inline export function distanceOf(list: usize, i: u32): f32 { return load<f32>(list + <usize>i * BEAM_ENTRY); }
// @ts-ignore: decorator
@inline export function rowOf(list: usize, i: u32): u32 { return load<u32>(list + <usize>i * BEAM_ENTRY, 4) & ~EXPANDED; }

/**
 * Inserts into a list sorted by distance, behind equal ones; of a full list (size == max) the last entry falls out.
 * Answers the position.
 */
// @ts-ignore: decorator
@inline export function insertSorted(list: usize, size: u32, max: u32, distance: f32, row: u32): u32 {
  // Halves without branches, which nobody could predict, then a count of the nearer ones, four at a time.
  let low: u32 = 0, rest = size;
  while (rest > COUNTED) {
    const half = rest >> 1;
    low += half & -u32(distanceOf(list, low + half - 1) <= distance);
    rest -= half;
  }
  const pivot = f32x4.splat(distance);
  let nearer: u32 = 0;
  for (let i: u32 = 0; i < rest; i += 4) {
    const entries = list + <usize>(low + i) * BEAM_ENTRY;
    const distances = v128.shuffle<f32>(v128.load(entries), v128.load(entries, 16), 0, 2, 4, 6);
    nearer += popcnt(i32x4.bitmask(f32x4.le(distances, pivot)) & ((1 << min(rest - i, 4)) - 1));
  }
  low += nearer;
  const at = list + <usize>low * BEAM_ENTRY;
  let end = list + <usize>(size < max ? size : max - 1) * BEAM_ENTRY;
  while (end >= at + 16) {
    end -= 16;
    v128.store(end, v128.load(end), 8);
  }
  if (end > at) store<u64>(at, load<u64>(at), 8);
  store<f32>(at, distance);
  store<u32>(at, row, 4);
  return low;
}

/** The distance of one row. */
// @ts-ignore: decorator
@inline export function one<S>(graph: Graph, query: usize, perRow: usize, row: u32): f32 {
  return f32x4.extract_lane(four<S>(query, graph.data, graph.stride, graph.dim, perRow, row, row, row, row, false), 0);
}

/** Distances of rows[i .. i + 3] of a list of n, its last row repeated beyond the end. */
// @ts-ignore: decorator
@inline export function fourOf<S>(graph: Graph, query: usize, perRow: usize, rows: usize, i: u32, n: u32): v128 {
  const at = rows + ((<usize>i) << 2), last = n - 1 - i;
  return four<S>(query, graph.data, graph.stride, graph.dim, perRow,
    load<u32>(at),
    load<u32>(at + ((<usize>min<u32>(1, last)) << 2)),
    load<u32>(at + ((<usize>min<u32>(2, last)) << 2)),
    load<u32>(at + ((<usize>min<u32>(3, last)) << 2)), false);
}

/** The i-th of a sample of rows, spread by the golden ratio: evenly, and out of step with whatever repeats in the order of the rows. */
// @ts-ignore: decorator
@inline function startRow(i: u32, rows: u32): u32 { return <u32>(<f64>(i * GOLDEN_RATIO) * <f64>rows / 4294967296); }

/**
 * Greedy from `row` through the levels from .. to + 1; without levels, the nearest of `row` and a sample. Leaves the nearest row and its distance in beam entry 0, and
 * `row` itself in entry 1 where it is another; answers how many entries that makes.
 */
export function descend<S>(graph: Graph, walk: Walk, query: usize, row: u32, from: u32, to: u32): u32 {
  const perRow = perRowOf<S>(graph, query);
  const distancesAt = changetype<usize>(walk) + offsetof<Walk>("distances");
  let compared: u32 = 1;
  let nearest = row;
  let distance = one<S>(graph, query, perRow, row);
  const first = distance;
  if (!graph.levels) {
    // Without levels nothing leads from one cluster to a far one: the nearest of a sample of rows, of those that have links, is what does.
    const sample = min<u32>(START_ROWS, graph.rows >> 4), rows = graph.rows;
    compared += (sample + 3) & ~3;
    for (let i: u32 = 0; i < sample; i += 4) {
      const r0 = startRow(i, rows), r1 = startRow(i + 1, rows), r2 = startRow(i + 2, rows), r3 = startRow(i + 3, rows);
      v128.store(distancesAt, four<S>(query, graph.data, graph.stride, graph.dim, perRow, r0, r1, r2, r3, false));
      for (let lane: u32 = 0; lane < 4; lane++) {
        const d = load<f32>(distancesAt + ((<usize>lane) << 2)), candidate = startRow(i + lane, rows);
        if (d < distance && load<u32>(linksOf(graph, candidate, 0)) != NONE) {
          distance = d;
          nearest = candidate;
        }
      }
    }
  }
  for (let level = from; level > to; level--) {
    for (let moved = true; moved; ) {
      moved = false;
      const links = linksOf(graph, nearest, level);
      let n: u32 = 0;
      while (n < graph.m && load<u32>(links + ((<usize>n) << 2)) != NONE) n++;
      compared += n;
      for (let i: u32 = 0; i < n; i += 4) {
        const distances = fourOf<S>(graph, query, perRow, links, i, n);
        if (!v128.any_true(f32x4.lt(distances, f32x4.splat(distance)))) continue;
        v128.store(distancesAt, distances);
        for (let lane: u32 = 0; lane < min<u32>(4, n - i); lane++) {
          const d = load<f32>(distancesAt + ((<usize>lane) << 2));
          if (d < distance) {
            distance = d;
            nearest = load<u32>(links + ((<usize>(i + lane)) << 2));
            moved = true;
          }
        }
      }
    }
  }
  walk.compared = compared;
  store<f32>(walk.beam, distance);
  store<u32>(walk.beam, nearest, 4);
  if (nearest == row) return 1;
  store<f32>(walk.beam, first, BEAM_ENTRY);
  store<u32>(walk.beam, row, BEAM_ENTRY + 4);
  return 2;
}

/** Best-first walk of one level from the first `seeds` entries of the beam, keeping the `ef` nearest rows in the beam; answers how many. */
export function walkLevel<S>(graph: Graph, walk: Walk, query: usize, seeds: u32, ef: u32, level: u32): u32 {
  const perRow = perRowOf<S>(graph, query);
  const data = graph.data, stride = graph.stride, dim = graph.dim;
  const beam = walk.beam, gather = walk.gather, visited = walk.visited;
  const distancesAt = changetype<usize>(walk) + offsetof<Walk>("distances");
  const perList = (<usize>linksMax(graph, level)) << 2;

  let touched: u32 = 0, compared: u32 = 0;
  const isLarge = <u64>graph.rows * stride > CACHED_BYTES;
  let size = min(seeds, ef), next: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const row = rowOf(beam, i);
    store<u32>(beam + <usize>i * BEAM_ENTRY, row, 4);
    const word = visited + ((<usize>(row >> 5)) << 2);
    store<u32>(word, load<u32>(word) | (1 << (row & 31)));
  }
  let bound: f32 = size < ef ? <f32>Infinity : distanceOf(beam, ef - 1);
  while (next < size) {
    const at = beam + <usize>next * BEAM_ENTRY;
    const row = load<u32>(at, 4);
    store<u32>(at, row | EXPANDED, 4);

    let n: u32 = 0;
    const links = linksOf(graph, row, level);
    for (let link = links, end = links + perList; link < end; link += 4) {
      const neighbour = load<u32>(link);
      if (neighbour == NONE) break;
      const word = visited + ((<usize>(neighbour >> 5)) << 2);
      const marks = load<u32>(word), mark: u32 = 1 << (neighbour & 31);
      store<u32>(gather + ((<usize>n) << 2), neighbour);
      n += u32((marks & mark) == 0);
      store<u32>(word, marks | mark);
    }
    if (!n) {
      while (next < size && load<u32>(beam + <usize>next * BEAM_ENTRY, 4) & EXPANDED) next++;
      continue;
    }
    compared += n;
    // Fill the last group of four by repeating its last row.
    const last = load<u32>(gather + ((<usize>(n - 1)) << 2));
    v128.store(gather + ((<usize>n) << 2), i32x4.splat(last));

    // All of these rows are asked for at once, and the links of the row that is next for now.
    if (isLarge) for (let i: u32 = 0; i < n; i++) touched ^= touch(data + <usize>load<u32>(gather + ((<usize>i) << 2)) * stride, stride);
    if (next + 1 < size) touched ^= touch(linksOf(graph, rowOf(beam, next + 1), level), <u32>perList);
    for (let i: u32 = 0; i < n; i += 4) {
      const group = gather + ((<usize>i) << 2);
      const distances = four<S>(query, data, stride, dim, perRow, load<u32>(group), load<u32>(group, 4), load<u32>(group, 8), load<u32>(group, 12), false);
      let near: u32 = i32x4.bitmask(f32x4.lt(distances, f32x4.splat(bound)));
      if (i + 4 > n) near &= (1 << (n - i)) - 1;
      if (!near) continue;
      v128.store(distancesAt, distances);
      do {
        const lane = ctz(near);
        near &= near - 1;
        const distance = load<f32>(distancesAt + ((<usize>lane) << 2));
        const candidate = load<u32>(group + ((<usize>lane) << 2));
        if (!(distance < bound)) continue;
        const position = insertSorted(beam, size, ef, distance, candidate);
        if (size < ef) size++;
        if (size == ef) bound = distanceOf(beam, ef - 1);
        if (position < next) next = position;
      } while (near);
    }
    while (next < size && load<u32>(beam + <usize>next * BEAM_ENTRY, 4) & EXPANDED) next++;
  }
  // Stored, so that no compiler leaves the loads out.
  walk.touched = touched;
  walk.compared += compared;
  memory.fill(visited, 0, (<usize>((graph.rows + 31) >> 5)) << 2);
  return size;
}

/** The first k of a sorted list into the top-k, equal distances by row; `unit` scales the distances. */
export function give(top: TopK, list: usize, size: u32, unit: f32): u32 {
  const k = min(top.k, size);
  let hasTies = false;
  for (let i: u32 = 0; i < k; i++) {
    const distance = distanceOf(list, i);
    store<f32>(top.distances + ((<usize>i) << 2), distance * unit);
    store<u32>(top.rows + ((<usize>i) << 2), rowOf(list, i));
    if (i + 1 < size && distance == distanceOf(list, i + 1)) hasTies = true;
  }
  top.count = k;
  if (hasTies) {
    top.count = 0;
    for (let i: u32 = 0; i < size; i++) push(top, distanceOf(list, i) * unit, rowOf(list, i));
    topkSort(changetype<usize>(top));
  }
  return top.count;
}

// @ts-ignore: decorator
@inline function search<S>(graph: Graph, walk: Walk, top: TopK, query: usize, ef: u32): u32 {
  // The entry is a seed as well: all rows can be reached from it, not from every row.
  const seeds = descend<S>(graph, walk, query, graph.entry, graph.topLevel, 0);
  return give(top, walk.beam, walkLevel<S>(graph, walk, query, seeds, ef, 0), unitOf<S>(query));
}

/**
 * Searches the graph for the query at `query` (f32, or a CodeQuery for a graph over codes); hits go to the top-k, nearest first. `ef`: breadth of the
 * walk. Answers how many hits there are. The graph must not be empty.
 */
export function graphSearch(graphPtr: usize, walkPtr: usize, topPtr: usize, query: usize, ef: u32): u32 {
  const graph = changetype<Graph>(graphPtr), walk = changetype<Walk>(walkPtr), top = changetype<TopK>(topPtr);
  if (graph.codes) {
    if (changetype<Codes>(graph.codes).kind != CODE_SQ8) return search<Packed>(graph, walk, top, query, ef);
    return search<Code>(graph, walk, top, query, ef);
  }
  if (graph.metric == METRIC_L2) return search<FastL2>(graph, walk, top, query, ef);
  return search<FastDot>(graph, walk, top, query, ef);
}
