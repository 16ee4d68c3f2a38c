// Walking a graph over the rows that a filter allows, and no others: only those are compared with the query and enter the beam. Where a
// neighbour is not allowed its own neighbours stand in for it, until as many rows were found as a list of links holds (ACORN-1: Patel,
// Kraft, Guestrin, Zaharia, "ACORN: performant and predicate-agnostic search over vector embeddings and structured data", 2024; nearest to
// Lucene's form of it). So a row of the subgraph has about as many links as one of the graph.
//
// Walks begin where the descent ends, whether that row is allowed or not, and at a sample of the allowed rows: those of a far cluster are then
// found as well.
import { BEAM_ENTRY, CODE_SQ8, GRAPH_SAMPLE_ROWS, METRIC_L2, NO_ROW } from "../src/kernels/abi";
import { Code, FastDot, FastL2, four, Packed, touch } from "./distance";
import { Codes, Graph, TopK, Walk } from "./layout";
import { CACHED_BYTES, descend, distanceOf, EXPANDED, give, insertSorted, linksOf, perRowOf, rowOf, unitOf } from "./walk";

const NONE: u32 = <u32>NO_ROW;
/** Lists of links that are asked for ahead. */
const LISTS_AHEAD: u32 = 8;
const PARTS: u32 = GRAPH_SAMPLE_ROWS;
/** By so much the share of allowed rows around the query is below that of all rows where the query counts as far from them, */
const FAR: u64 = 4;
/** or above it, where it counts as in the middle of them. */
const DENSE: u64 = 8;

// @ts-ignore: decorator
@inline function isAllowed(allow: usize, row: u32): bool { return (load<u32>(allow + ((<usize>(row >> 5)) << 2)) >> (row & 31) & 1) != 0; }

/** Marks a row; answers whether it was not marked before. */
// @ts-ignore: decorator
@inline function visit(visited: usize, row: u32): bool {
  const word = visited + ((<usize>(row >> 5)) << 2), marks = load<u32>(word), mark: u32 = 1 << (row & 31);
  store<u32>(word, marks | mark);
  return (marks & mark) == 0;
}

/** The first allowed row of each of GRAPH_SAMPLE_ROWS parts of the bitset, where it has one, to `out`; answers how many. */
function sampleAllowed(allow: usize, rows: u32, out: usize): u32 {
  const words = (rows + 31) >> 5;
  let n: u32 = 0;
  for (let part: u32 = 0; part < PARTS; part++) {
    let word = <u32>(<u64>words * part / PARTS);
    for (const end = <u32>(<u64>words * (part + 1) / PARTS); word < end; word++) {
      const bits = load<u32>(allow + ((<usize>word) << 2));
      if (!bits) continue;
      const row = (word << 5) + ctz(bits);
      store<u32>(out + ((<usize>n) << 2), row);
      n += u32(row < rows);
      break;
    }
  }
  return n;
}

/**
 * Walks the base level from the first `seeds` entries of the beam, keeping the `ef` nearest allowed rows in the beam; answers how many, or NONE
 * where it was given up. Otherwise as `graphSearchAllowed`.
 */
function walkAllowed<S>(
  graph: Graph, walk: Walk, query: usize, seeds: u32, ef: u32, farEf: u32, allow: usize, allowed: u32, target: u32, rowCost: u32, budget: u32, dense: bool,
): u32 {
  const perRow = perRowOf<S>(graph, query);
  const data = graph.data, stride = graph.stride, dim = graph.dim;
  const beam = walk.beam, gather = walk.gather, visited = walk.visited, others = walk.found;
  const distancesAt = changetype<usize>(walk) + offsetof<Walk>("distances");
  const perList = (<usize>graph.slots) << 2;
  const isLarge = <u64>graph.rows * stride > CACHED_BYTES;
  let touched: u32 = 0, compared: u32 = 0, cost: u32 = 0;
  let size: u32 = 0, next: u32 = 0;
  let bound: f32 = Infinity;
  // Rows from which the walk begins although they are not allowed.
  let seed0 = NONE, seed1 = NONE;
  const first = rowOf(beam, 0), second = seeds > 1 ? rowOf(beam, 1) : NONE;
  visit(visited, first);
  if (second != NONE) visit(visited, second);

  let n: u32 = 0;
  store<u32>(gather, first);
  if (isAllowed(allow, first)) n = 1;
  else seed0 = first;
  if (second != NONE) {
    store<u32>(gather + ((<usize>n) << 2), second);
    if (isAllowed(allow, second)) n++;
    else seed1 = second;
  }
  const sampled = sampleAllowed(allow, graph.rows, others);
  let sample: u32 = 0;
  for (;;) {
    // What was gathered is compared.
    if (n) {
      compared += n;
      cost += n * rowCost;
      v128.store(gather + ((<usize>n) << 2), i32x4.splat(load<u32>(gather + ((<usize>(n - 1)) << 2))));
      if (isLarge) for (let i: u32 = 0; i < n; i++) touched ^= touch(data + <usize>load<u32>(gather + ((<usize>i) << 2)) * stride, stride);
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
          if (!(distance < bound)) continue;
          const position = insertSorted(beam, size, ef, distance, load<u32>(group + ((<usize>lane) << 2)));
          if (size < ef) size++;
          if (size == ef) bound = distanceOf(beam, ef - 1);
          if (position < next) next = position;
        } while (near);
      }
      n = 0;
    }
    if (sample < sampled) {
      for (; sample < sampled && n < target; sample++) {
        const row = load<u32>(others + ((<usize>sample) << 2));
        store<u32>(gather + ((<usize>n) << 2), row);
        n += u32(visit(visited, row));
      }
      continue;
    }

    let row: u32;
    if (seed0 != NONE) {
      row = seed0;
      seed0 = NONE;
    } else if (seed1 != NONE) {
      row = seed1;
      seed1 = NONE;
    } else {
      while (next < size && load<u32>(beam + <usize>next * BEAM_ENTRY, 4) & EXPANDED) next++;
      if (next >= size) break;
      const at = beam + <usize>next * BEAM_ENTRY;
      row = load<u32>(at, 4);
      store<u32>(at, row | EXPANDED, 4);
    }
    if (cost > budget) {
      size = NONE;
      break;
    }

    let via: u32 = 0, looked: u32 = 0, met: u32 = 0;
    const links = linksOf(graph, row, 0);
    for (let link = links, end = links + perList; link < end; link += 4) {
      const neighbour = load<u32>(link);
      if (neighbour == NONE) break;
      looked++;
      if (isAllowed(allow, neighbour)) {
        met++;
        store<u32>(gather + ((<usize>n) << 2), neighbour);
        n += u32(visit(visited, neighbour));
      } else {
        store<u32>(others + ((<usize>via) << 2), neighbour);
        via += u32(visit(visited, neighbour));
      }
    }
    if (met < target) {
      for (let i: u32 = 0, ahead = min(via, LISTS_AHEAD); i < ahead; i++) touched ^= load<u32>(linksOf(graph, load<u32>(others + ((<usize>i) << 2)), 0));
      for (let i: u32 = 0; i < via && met < target; i++) {
        if (i + LISTS_AHEAD < via) touched ^= load<u32>(linksOf(graph, load<u32>(others + ((<usize>(i + LISTS_AHEAD)) << 2)), 0));
        const behind = linksOf(graph, load<u32>(others + ((<usize>i) << 2)), 0);
        for (let link = behind, end = behind + perList; link < end && met < target; link += 4) {
          const neighbour = load<u32>(link);
          if (neighbour == NONE) break;
          looked++;
          if (!isAllowed(allow, neighbour)) continue;
          met++;
          store<u32>(gather + ((<usize>n) << 2), neighbour);
          n += u32(visit(visited, neighbour));
        }
      }
    }
    cost += looked;
    if (row == first) {
      const here = <u64>met * graph.rows, elsewhere = <u64>looked * allowed;
      // The query lies outside of the allowed rows, about as far from many of them.
      const isFar = here * FAR < elsewhere;
      if ((dense && here < elsewhere * DENSE) || (isFar && !farEf)) {
        size = NONE;
        break;
      }
      if (isFar) {
        ef = farEf;
        target = graph.slots;
        if (size < ef) bound = Infinity;
      }
    }
  }
  walk.touched = touched;
  walk.compared += compared;
  memory.fill(visited, 0, (<usize>((graph.rows + 31) >> 5)) << 2);
  return size;
}

// @ts-ignore: decorator
@inline function search<S>(
  graph: Graph, walk: Walk, top: TopK, query: usize, ef: u32, farEf: u32, allow: usize, allowed: u32, target: u32, rowCost: u32, budget: u32, dense: bool,
): u32 {
  const seeds = descend<S>(graph, walk, query, graph.entry, graph.topLevel, 0);
  const size = walkAllowed<S>(graph, walk, query, seeds, ef, farEf, allow, allowed, target, rowCost, budget, dense);
  return size == NONE ? NONE : give(top, walk.beam, size, unitOf<S>(query));
}

/**
 * Searches the graph for the query over the rows of which `allow` has a bit, `allowed` of them; hits go to the top-k, nearest first. `ef`: breadth of
 * the walk; `farEf`: the same where the query lies outside of the allowed rows; 0: it is given up there. `target`: of how many allowed rows a row is a neighbour in the subgraph, at most
 * the slots of a list. `budget`: what the walk may cost, links that are looked at, with `rowCost` of them for each row that is compared; beyond that it is given up;
 * with `dense` also where the rows around the query are not much more often allowed than others. Answers how many hits there are, NO_ROW where it
 * was given up. The graph must not be empty.
 */
export function graphSearchAllowed(
  graphPtr: usize, walkPtr: usize, topPtr: usize, query: usize, ef: u32, farEf: u32, allow: usize, allowed: u32, target: u32, rowCost: u32, budget: u32, dense: bool,
): u32 {
  const graph = changetype<Graph>(graphPtr), walk = changetype<Walk>(walkPtr), top = changetype<TopK>(topPtr);
  if (graph.codes) {
    if (changetype<Codes>(graph.codes).kind != CODE_SQ8) return search<Packed>(graph, walk, top, query, ef, farEf, allow, allowed, target, rowCost, budget, dense);
    return search<Code>(graph, walk, top, query, ef, farEf, allow, allowed, target, rowCost, budget, dense);
  }
  if (graph.metric == METRIC_L2) return search<FastL2>(graph, walk, top, query, ef, farEf, allow, allowed, target, rowCost, budget, dense);
  return search<FastDot>(graph, walk, top, query, ef, farEf, allow, allowed, target, rowCost, budget, dense);
}
