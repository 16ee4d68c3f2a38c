// Building the graph, batch by batch (Malkov & Yashunin, algorithm 1, in the batch-synchronous form of Manohar et al.,
// "ParlayANN: Scalable and Deterministic Parallel Graph-Based Approximate Nearest Neighbor Search Algorithms", PPoPP
// 2024). The rows of a batch choose their links in the graph as it was before the batch, each by itself; then the lists
// that they chose are given the links back. Within either phase no row or list depends on another of the same phase, so
// that any number of builders may share the work and end with the same graph, a batch of one row being plain insertion.
//
// Links are chosen by the heuristic that keeps a candidate only when it is nearer to the row than to every link kept
// before (algorithm 4), and a list that overflows is chosen anew. Everything is strict or integer arithmetic in a fixed
// order: equal rows, levels and batches give equal links on every machine.
//
// With one level, an entry chosen before and batches of one row it is a Vamana graph (Subramanya et al., "DiskANN",
// NeurIPS 2019): alpha above 1 lets long links live (their RobustPrune), and rows that are inserted again are linked anew
// over the whole graph.
import { BACK_LINK_SIZE, BEAM_ENTRY, METRIC_L2, NO_ROW } from "../src/kernels/abi";
import { codesRowQuery } from "./codes";
import { Code, Dot, L2, isCode, isDot } from "./distance";
import { BackLink, Graph, Walk } from "./layout";
import { descend, distanceOf, fourOf, insertSorted, linksOf, one, perRowOf, rowOf, walkLevel } from "./walk";

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

/** The highest level of a row; graphs of one level have no list of them. */
// @ts-ignore: decorator
@inline function levelOf(graph: Graph, row: u32): u32 { return graph.levels ? load<u8>(graph.levels + row) : 0; }

/** How many of a list's `max` slots are taken. */
// @ts-ignore: decorator
@inline function lengthOf(links: usize, max: u32): u32 {
  let n = max;
  while (n > 0 && load<u32>(links + ((<usize>(n - 1)) << 2)) == NONE) n--;
  return n;
}

/** Whether one of the first n links is to this row. */
function hasLink(links: usize, n: u32, row: u32): bool {
  for (let i: u32 = 0; i < n; i++) if (load<u32>(links + ((<usize>i) << 2)) == row) return true;
  return false;
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

/** Chooses the links of a row that is not in the graph yet, or in one of one level perhaps, and writes them to its own lists. */
function chooseLinks<S>(graph: Graph, walk: Walk, row: u32): void {
  const level = levelOf(graph, row), top = graph.topLevel;
  const query = rowQuery<S>(graph, row, walk.query);
  descend<S>(graph, walk, query, graph.entry, top, level);
  for (let l = min(level, top) + 1; l > 0; l--) {
    const at = l - 1;
    let size = walkLevel<S>(graph, walk, query, 1, graph.efConstruction, at);
    if (!graph.levels) size = withLinks<S>(graph, walk, query, row, size);
    choose<S>(graph, walk, walk.beam, size, linksOf(graph, row, at), graph.m, graph.m);
  }
}

// @ts-ignore: decorator
@inline function chooseLinksOf<S>(graph: Graph, walk: Walk, order: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) chooseLinks<S>(graph, walk, load<u32>(order + ((<usize>i) << 2)));
}

/**
 * Chooses the links of rows order[from .. to - 1] among the rows that are in the graph, of which there is one at least.
 * Their lists must hold NO_ROW, `levels` and `upperStarts` be filled. Nothing else changes. Without levels: of one row,
 * which may have links.
 */
export function graphChooseLinks(graphPtr: usize, walkPtr: usize, order: usize, from: u32, to: u32): void {
  const graph = changetype<Graph>(graphPtr), walk = changetype<Walk>(walkPtr);
  if (graph.codes) chooseLinksOf<Code>(graph, walk, order, from, to);
  else if (graph.metric == METRIC_L2) chooseLinksOf<L2>(graph, walk, order, from, to);
  else chooseLinksOf<Dot>(graph, walk, order, from, to);
}

/** A list of links by its number: the base lists of all rows, then the slots above. */
// @ts-ignore: decorator
@inline function listAt(graph: Graph, list: u32): usize {
  if (list < graph.rows) return graph.baseLinks + <usize>list * (graph.slots << 2);
  return graph.upperLinks + <usize>(list - graph.rows) * (graph.m << 2);
}

// @ts-ignore: decorator
@inline function backLinkAt(backLinks: usize, i: u32): BackLink { return changetype<BackLink>(backLinks + <usize>i * BACK_LINK_SIZE); }

/**
 * Lists what the links that rows order[from .. to - 1] chose ask for: a BackLink each, chained by the list that it
 * belongs to in the order of the rows. `backLinksTo` (u32, shape (lists), NO_ROW between batches) names the first of
 * each list. Answers how many there are.
 */
export function graphListBackLinks(graphPtr: usize, order: usize, from: u32, to: u32, backLinksTo: usize, backLinks: usize): u32 {
  const graph = changetype<Graph>(graphPtr);
  let n: u32 = 0;
  for (let i = from; i < to; i++) {
    const row = load<u32>(order + ((<usize>i) << 2));
    for (let level: u32 = 0, top = levelOf(graph, row); level <= top; level++) {
      const links = linksOf(graph, row, level);
      for (let link = links, end = links + ((<usize>graph.m) << 2); link < end; link += 4) {
        const target = load<u32>(link);
        if (target == NONE) break;
        const backLink = backLinkAt(backLinks, n++);
        backLink.list = level == 0 ? target : graph.rows + load<u32>(graph.upperStarts + ((<usize>target) << 2)) + level - 1;
        backLink.owner = target;
        backLink.row = row;
      }
    }
  }
  for (let i = n; i > 0; i--) {
    const backLink = backLinkAt(backLinks, i - 1);
    const first = backLinksTo + ((<usize>backLink.list) << 2);
    backLink.next = load<u32>(first);
    store<u32>(first, i - 1);
  }
  return n;
}

/** Chooses a list anew among its own links and those of the chain; of so many that they have no room, among the nearest. */
function chooseAnew<S>(graph: Graph, walk: Walk, backLinks: usize, first: u32, links: usize, length: u32, max: u32): void {
  const query = rowQuery<S>(graph, backLinkAt(backLinks, first).owner, walk.rowQuery);
  const perRow = perRowOf<S>(graph, query);
  const gather = walk.gather, candidates = walk.found, most = max << 1;
  const distancesAt = changetype<usize>(walk) + offsetof<Walk>("distances");
  let size: u32 = 0, next = first;
  for (let i: u32 = 0; i < length || next != NONE; ) {
    let n: u32 = 0;
    for (; n < 4 && i < length; n++, i++) store<u32>(gather + ((<usize>n) << 2), load<u32>(links + ((<usize>i) << 2)));
    for (; n < 4 && next != NONE; n++) {
      const backLink = backLinkAt(backLinks, next);
      store<u32>(gather + ((<usize>n) << 2), backLink.row);
      next = backLink.next;
    }
    v128.store(distancesAt, fourOf<S>(graph, query, perRow, gather, 0, n));
    for (let lane: u32 = 0; lane < n; lane++) {
      const distance = load<f32>(distancesAt + ((<usize>lane) << 2));
      if (size == most && !(distance < distanceOf(candidates, most - 1))) continue;
      insertSorted(candidates, size, most, distance, load<u32>(gather + ((<usize>lane) << 2)));
      if (size < most) size++;
    }
  }
  choose<S>(graph, walk, candidates, size, links, max, 0);
}

function addBackLinks<S>(
  graph: Graph, walk: Walk, backLinksTo: usize, backLinks: usize, from: u32, to: u32, ownFrom: u32, ownTo: u32, changed: usize, count: u32,
): u32 {
  for (let i = from; i < to; i++) {
    const backLink = backLinkAt(backLinks, i);
    const list = backLink.list;
    const firstAt = backLinksTo + ((<usize>list) << 2);
    // The whole chain is dealt with at its first.
    if (load<u32>(firstAt) != i) continue;
    store<u32>(firstAt, NONE);
    const links = listAt(graph, list), max = list < graph.rows ? graph.slots : graph.m;
    const length = lengthOf(links, max);
    // A row that is inserted again may be there.
    if (!graph.levels && hasLink(links, length, backLink.row)) continue;
    let end = length;
    for (let next = i; next != NONE && end <= max; next = backLinkAt(backLinks, next).next) end++;
    if (end <= max) {
      let at = links + ((<usize>length) << 2);
      for (let next = i; next != NONE; at += 4) {
        store<u32>(at, backLinkAt(backLinks, next).row);
        next = backLinkAt(backLinks, next).next;
      }
    } else if (i >= ownFrom && i < ownTo) {
      chooseAnew<S>(graph, walk, backLinks, i, links, length, max);
      store<u32>(changed + ((<usize>count) << 2), list);
      count++;
    }
  }
  return count;
}

/**
 * Gives lists the links that BackLinks [from, to) ask for. A list with room for them has them appended. One without is
 * chosen anew if the first BackLink of its chain is one of [ownFrom, ownTo), and left to another builder otherwise; those
 * chosen anew are noted in `changed` (u32) behind the first `count`. Answers how many are noted now.
 */
export function graphAddBackLinks(
  graphPtr: usize, walkPtr: usize, backLinksTo: usize, backLinks: usize, from: u32, to: u32, ownFrom: u32, ownTo: u32, changed: usize, count: u32,
): u32 {
  const graph = changetype<Graph>(graphPtr), walk = changetype<Walk>(walkPtr);
  if (graph.codes) return addBackLinks<Code>(graph, walk, backLinksTo, backLinks, from, to, ownFrom, ownTo, changed, count);
  if (graph.metric == METRIC_L2) return addBackLinks<L2>(graph, walk, backLinksTo, backLinks, from, to, ownFrom, ownTo, changed, count);
  return addBackLinks<Dot>(graph, walk, backLinksTo, backLinks, from, to, ownFrom, ownTo, changed, count);
}
