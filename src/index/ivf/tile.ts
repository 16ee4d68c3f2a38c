/**
 * The queries of a tile against the lists of an inverted file: first all of them against the centroids, then list by list those that
 * probe it, so that a list is read once for them together. Each query looks into the lists that it looks into alone.
 */
import { IVF_CENTROIDS, IVF_ROW_IDS, IVF_SIZE, IVF_STARTS } from '../../kernels/abi.ts';
import { QueryTile, type Steps } from '../../kernels/query-tile.ts';
import { F32_ROWS } from '../../kernels/rows.ts';
import type { ListTile } from '../../quant/list-code.ts';
import type { IndexContext } from '../index.ts';
import type { ListBlock } from './lists.ts';
import type { IvfPlan } from './params.ts';

/** What is added when a search found too few: that many times the lists of before. */
export const PROBE_GROWTH = 4;
/** Of the numbers of lists that queries probe, at 12 bytes each. */
const PROBE_BYTES_MAX = 4 << 20;
/** Products of elements between two steps: about 4 ms. */
const PRODUCTS_PER_STEP = 1e8;

export function* searchLists(context: IndexContext, block: ListBlock, tile: QueryTile, plan: IvfPlan, allowPtr: number): Steps {
  const { kernels, rows } = context;
  const { lists } = block;
  if (rows === 0) return;
  const allowed = allowPtr === 0 ? rows : kernels.countBits(allowPtr, rows);
  const k = Math.min(plan.candidates, allowed);
  if (k === 0) return;
  const allow = allowed === rows ? 0 : allowPtr;
  const codes = block.code.startTile!(tile);
  try {
    let pending = Array.from({ length: tile.size }, (_, query) => query);
    for (let probes = Math.min(Math.ceil((plan.nprobe * rows) / allowed), lists); ; probes = Math.min(probes * PROBE_GROWTH, lists)) {
      for (const query of pending) tile.beginQuery(query, null, k);
      const most = Math.max(Math.floor(PROBE_BYTES_MAX / (12 * probes)), 1);
      for (let at = 0; at < pending.length; at += most) yield* probeLists(context, block, tile, codes, pending.slice(at, at + most), probes, allow);
      if (probes === lists) return;
      pending = pending.filter((query) => tile.count(query) < k);
      if (pending.length === 0) return;
    }
  } finally {
    codes.free();
  }
}

/** Compares these queries of the tile with the rows of the `probes` lists nearest to each. */
function* probeLists({ kernels, dim }: IndexContext, block: ListBlock, tile: QueryTile, codes: ListTile, queries: readonly number[], probes: number, allowPtr: number): Steps {
  const { arena } = kernels;
  const { lists } = block;
  const membersPtr = arena.alloc(queries.length * probes * 4);
  try {
    const ends = yield* assignLists(kernels, block, tile, queries, probes, membersPtr);
    const starts = arena.u32(arena.u32(block.ptr, IVF_SIZE / 4)[IVF_STARTS / 4]!, lists + 1).slice();
    const rowIdsPtr = arena.u32(block.ptr, IVF_SIZE / 4)[IVF_ROW_IDS / 4]!;
    let products = 0;
    for (let list = 0, from = 0; list < lists; list++) {
      const n = ends[list]! - from;
      const step = Math.max(Math.floor(PRODUCTS_PER_STEP / (dim * Math.max(n, 1))), 1);
      for (let position = starts[list]!; n > 0 && position < starts[list + 1]!; position += step) {
        const to = Math.min(position + step, starts[list + 1]!);
        codes.scan(position, to, allowPtr, rowIdsPtr, membersPtr + from * 4, n);
        products += n * (to - position) * dim;
        if (products < PRODUCTS_PER_STEP) continue;
        products = 0;
        yield;
      }
      from = ends[list]!;
    }
  } finally {
    arena.free(membersPtr);
  }
}

/** Writes the queries that probe each list, list after list, to `membersPtr`, u32, and answers where each list's end there. */
function* assignLists(kernels: IndexContext['kernels'], block: ListBlock, tile: QueryTile, queries: readonly number[], probes: number, membersPtr: number): Generator<void, Uint32Array> {
  const { arena } = kernels;
  const { lists } = block;
  const near = new QueryTile(kernels, F32_ROWS, tile.metric === 'IP' ? 'IP' : 'L2', tile.dim, queries.length, probes);
  const termsPtr = arena.alloc(lists * 4);
  try {
    const ptr = arena.u32(block.ptr, IVF_SIZE / 4)[IVF_CENTROIDS / 4]!;
    kernels.inverseNorms(ptr, lists, tile.dim, termsPtr);
    near.copyQueries(tile, queries);
    near.begin();
    yield* near.scan({ ptr, from: 0, to: lists, termsPtr, allowPtr: 0, rowBase: 0, rowIdsPtr: 0 });
    const ends = new Uint32Array(lists);
    const probed = queries.map((_, i) => near.hitRows(i, near.count(i)));
    for (const ofQuery of probed) for (const list of ofQuery) ends[list]!++;
    for (let list = 1; list < lists; list++) ends[list]! += ends[list - 1]!;
    const members = arena.u32(membersPtr, queries.length * probes);
    const places = new Uint32Array(lists);
    places.set(ends.subarray(0, lists - 1), 1);
    queries.forEach((query, i) => {
      for (const list of probed[i]!) members[places[list]!++] = query;
    });
    return ends;
  } finally {
    arena.free(termsPtr);
    near.free();
  }
}
