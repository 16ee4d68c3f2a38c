// Building the graph: rows are inserted one after another (Malkov & Yashunin, algorithm 1), links are chosen by the
// heuristic that keeps a candidate only when it is nearer to the row than to every link kept before (algorithm 4), and
// a list that overflows is chosen anew. Everything is strict or integer arithmetic in a fixed order: equal rows and
// levels give equal links on every machine.
//
// With one level and an entry chosen before, it is a Vamana graph (Subramanya et al., "DiskANN", NeurIPS 2019): alpha
// above 1 lets long links live (their RobustPrune), and rows that are inserted again are linked anew over the whole graph.
import { BEAM_ENTRY, METRIC_L2, NO_ROW } from "../src/kernels/abi";
import { codesRowQuery } from "./codes";
import { Code, Dot, L2, isCode, isDot } from "./distance";
import { Graph, Walk } from "./layout";
import { descend, distanceOf, fourOf, insertSorted, linksMax, linksOf, one, perRowOf, rowOf, Unfiltered, walkLevel } from "./walk";

const NONE: u32 = <u32>NO_ROW;

/** A stored row in the form of a query: in place where it can be, else at `out`. */
// @ts-ignore: decorator
@inline function rowQuery<S>(graph: Graph, row: u32, out: usize): usize {
  if (isCode<S>()) {
    codesRowQuery(graph.codes, row, out);
    return out;
  }
  const source = graph.data + <usize>row * graph.stride;
  if (isDot<S>()) {
    if (graph.inverseNorms) {
      const length = load<f32>(graph.inverseNorms + ((<usize>row) << 2));
      for (let i: usize = 0; i < <usize>graph.stride; i += 4) store<f32>(out + i, load<f32>(source + i) * length);
      return out;
    }
  }
  return source;
}

/**
 * Chooses at most `max` links out of n candidates sorted by their distance to a row, writes them to `links` and ends
 * the list. All are taken when there are no more than `enough`.
 */
function choose<S>(graph: Graph, walk: Walk, candidates: usize, n: u32, links: usize, max: u32, enough: u32): u32 {
  let kept: u32 = 0;
  for (let c: u32 = 0; c < n && kept < max; c++) {
    const candidate = rowOf(candidates, c);
    let isKept = true;
    if (n > enough && kept > 0) {
      const toRow = f32x4.splat(distanceOf(candidates, c)), alpha = f32x4.splat(graph.alpha);
      const query = rowQuery<S>(graph, candidate, walk.rowQuery);
      const perRow = perRowOf<S>(graph, query);
      for (let i: u32 = 0; i < kept && isKept; i += 4) {
        isKept = !v128.any_true(f32x4.lt(f32x4.mul(fourOf<S>(graph, query, perRow, links, i, kept), alpha), toRow));
      }
    }
    if (isKept) {
      store<u32>(links + ((<usize>kept) << 2), candidate);
      kept++;
    }
  }
  for (let i = kept; i < max; i++) store<u32>(links + ((<usize>i) << 2), NONE);
  return kept;
}

/** Adds the link from -> to where it is not there, choosing anew among all when the list is full. */
function addLink<S>(graph: Graph, walk: Walk, from: u32, to: u32, level: u32): void {
  const links = linksOf(graph, from, level), max = linksMax(graph, level);
  let n: u32 = 0;
  while (n < max && load<u32>(links + ((<usize>n) << 2)) != NONE) {
    if (load<u32>(links + ((<usize>n) << 2)) == to) return;
    n++;
  }
  if (n < max) {
    store<u32>(links + ((<usize>n) << 2), to);
    return;
  }
  const query = rowQuery<S>(graph, from, walk.rowQuery);
  const perRow = perRowOf<S>(graph, query);
  const gather = walk.gather, candidates = walk.found;
  const distancesAt = changetype<usize>(walk) + offsetof<Walk>("distances");
  memory.copy(gather, links, (<usize>max) << 2);
  store<u32>(gather + ((<usize>max) << 2), to);
  for (let i: u32 = 0; i <= max; i += 4) {
    v128.store(distancesAt, fourOf<S>(graph, query, perRow, gather, i, max + 1));
    for (let lane: u32 = 0; lane < min<u32>(4, max + 1 - i); lane++) {
      insertSorted(candidates, i + lane, max + 1, load<f32>(distancesAt + ((<usize>lane) << 2)), load<u32>(gather + ((<usize>(i + lane)) << 2)));
    }
  }
  choose<S>(graph, walk, candidates, max + 1, links, max, 0);
}

/** Whether one of the first n entries of a list is this row. */
function hasRow(list: usize, n: u32, row: u32): bool {
  for (let i: u32 = 0; i < n; i++) if (rowOf(list, i) == row) return true;
  return false;
}

/**
 * For a row that may be in the graph already: takes it out of the beam, and puts its links of now there, which the walk
 * may not have met. Answers the number of candidates.
 */
function withLinks<S>(graph: Graph, walk: Walk, query: usize, row: u32, size: u32): u32 {
  const beam = walk.beam, links = linksOf(graph, row, 0), most = graph.efConstruction + graph.slots;
  const perRow = perRowOf<S>(graph, query);
  let n: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    if (rowOf(beam, i) == row) continue;
    store<u64>(beam + <usize>n * BEAM_ENTRY, load<u64>(beam + <usize>i * BEAM_ENTRY));
    n++;
  }
  for (let i: u32 = 0; i < graph.slots; i++) {
    const link = load<u32>(links + ((<usize>i) << 2));
    if (link == NONE) break;
    if (hasRow(beam, n, link)) continue;
    insertSorted(beam, n, most, one<S>(graph, query, perRow, link), link);
    n++;
  }
  return n;
}

function insertRow<S>(graph: Graph, walk: Walk, row: u32): void {
  if (row == graph.entry) return;
  const level: u32 = graph.levels ? load<u8>(graph.levels + row) : 0;
  if (graph.entry == NONE) {
    graph.entry = row;
    graph.topLevel = level;
    return;
  }
  const query = rowQuery<S>(graph, row, walk.query);
  const top = graph.topLevel;
  descend<S>(graph, walk, query, graph.entry, top, level);
  for (let l = min(level, top) + 1; l > 0; l--) {
    const at = l - 1;
    let size = walkLevel<S, Unfiltered>(graph, walk, query, 1, graph.efConstruction, at, 0, 0);
    if (!graph.levels) size = withLinks<S>(graph, walk, query, row, size);
    const links = linksOf(graph, row, at);
    const kept = choose<S>(graph, walk, walk.beam, size, links, graph.m, graph.m);
    for (let i: u32 = 0; i < kept; i++) addLink<S>(graph, walk, load<u32>(links + ((<usize>i) << 2)), row, at);
  }
  if (level > top) {
    graph.entry = row;
    graph.topLevel = level;
  }
}

// @ts-ignore: decorator
@inline function insertRows<S>(graph: Graph, walk: Walk, from: u32, to: u32): void {
  for (let row = from; row < to; row++) insertRow<S>(graph, walk, row);
}

/**
 * Inserts rows [from, to), the rows before them being in the graph already. Link lists must hold NO_ROW, `levels` and
 * `upperStarts` be filled; entry is NO_ROW before the first row. Without levels: in any order, the entry being chosen
 * before, and again, which links them anew.
 */
export function graphInsert(graphPtr: usize, walkPtr: usize, from: u32, to: u32): void {
  const graph = changetype<Graph>(graphPtr), walk = changetype<Walk>(walkPtr);
  if (graph.codes) insertRows<Code>(graph, walk, from, to);
  else if (graph.metric == METRIC_L2) insertRows<L2>(graph, walk, from, to);
  else insertRows<Dot>(graph, walk, from, to);
}
