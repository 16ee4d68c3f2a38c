/**
 * The queries of a tile against the lists of an inverted file: first all of them against the centroids, then list by list those that
 * probe it, so that a list is read once for them together. Each query looks into the lists that it looks into alone.
 */
import { IVF_ALL, IVF_CENTROIDS, IVF_FAR, IVF_FAR_EFFORT, IVF_ROW_IDS, IVF_SIZE, IVF_STARTS } from '../../kernels/abi.ts';
import { QueryTile, type Steps } from '../../kernels/query-tile.ts';
import { F32_ROWS } from '../../kernels/rows.ts';
import type { ListTile } from '../../quant/list-code.ts';
import type { IndexContext } from '../index.ts';
import type { ListBlock } from './lists.ts';
import { effortOf } from './effort.ts';
import type { IvfPlan } from './params.ts';

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
  const { least, wanted, probes } = effortOf(plan, rows, lists, allowed, block.code.comparesByList);
  const codes = block.code.startTile!(tile);
  const course: Course = { least, k, wanted, allowed, rowsOf: wanted === IVF_ALL ? null : rowsOfLists(context, block, allow) };
  try {
    tile.begin(null, k);
    if (wanted === IVF_ALL) {
      const membersPtr = kernels.arena.alloc(tile.size * 4);
      try {
        for (let query = 0; query < tile.size; query++) kernels.arena.u32(membersPtr, tile.size)[query] = query;
        yield* scanPositions(context, block, codes, [{ from: 0, to: rows, membersPtr, n: tile.size }], allow);
      } finally {
        kernels.arena.free(membersPtr);
      }
      return;
    }
    let pending = Array.from({ length: tile.size }, (_, query) => query);
    // Where more lists are needed than were put in order, all are, as for one query.
    for (let ordered = probes; ; ordered = lists) {
      const most = Math.max(Math.floor(PROBE_BYTES_MAX / (12 * ordered)), 1);
      const unfinished: number[] = [];
      for (let at = 0; at < pending.length; at += most) unfinished.push(...(yield* probeLists(context, block, tile, codes, pending.slice(at, at + most), ordered, course, allow)));
      if (unfinished.length === 0) return;
      pending = unfinished;
    }
  } finally {
    codes.free();
  }
}

/** How far each query goes. */
interface Course {
  /** Lists at least, */
  readonly least: number;
  /** and until so many rows that match are in them, of so many. */
  readonly k: number;
  readonly wanted: number;
  readonly allowed: number;
  /** Rows of each list that match. Shape (lists); null: all lists are looked into. */
  readonly rowsOf: Uint32Array | null;
}

function rowsOfLists({ kernels, rows }: IndexContext, block: ListBlock, allowPtr: number): Uint32Array {
  const { arena } = kernels;
  const struct = arena.u32(block.ptr, IVF_SIZE / 4), starts = arena.u32(struct[IVF_STARTS / 4]!, block.lists + 1), rowIds = arena.u32(struct[IVF_ROW_IDS / 4]!, rows);
  const counts = Uint32Array.from({ length: block.lists }, (_, list) => starts[list + 1]! - starts[list]!);
  if (allowPtr === 0) return counts;
  const allow = arena.u32(allowPtr, Math.ceil(rows / 32));
  for (let list = 0; list < block.lists; list++) {
    let count = 0;
    for (let position = starts[list]!, end = starts[list + 1]!; position < end; position++) count += (allow[rowIds[position]! >> 5]! >>> (rowIds[position]! & 31)) & 1;
    counts[list] = count;
  }
  return counts;
}

/** Compares these queries of the tile with the rows of as many of the `ordered` lists nearest to each as it takes. Answers the queries for which they were too few, and which were not compared. */
function* probeLists(
  context: IndexContext, block: ListBlock, tile: QueryTile, codes: ListTile, queries: readonly number[], ordered: number, course: Course, allowPtr: number,
): Generator<void, number[]> {
  const { kernels } = context;
  const { arena } = kernels;
  const { lists } = block;
  const membersPtr = arena.alloc(queries.length * ordered * 4);
  try {
    const { ends, unfinished } = yield* assignLists(kernels, block, tile, queries, ordered, course, membersPtr);
    const starts = arena.u32(arena.u32(block.ptr, IVF_SIZE / 4)[IVF_STARTS / 4]!, lists + 1).slice();
    const parts: Part[] = [];
    for (let list = 0, from = 0; list < lists; from = ends[list++]!) {
      if (ends[list]! > from) parts.push({ from: starts[list]!, to: starts[list + 1]!, membersPtr: membersPtr + from * 4, n: ends[list]! - from });
    }
    yield* scanPositions(context, block, codes, parts, allowPtr);
    return unfinished;
  } finally {
    arena.free(membersPtr);
  }
}

/** Positions [from, to), for the n queries at `membersPtr`. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly membersPtr: number;
  readonly n: number;
}

function* scanPositions({ kernels, dim }: IndexContext, block: ListBlock, codes: ListTile, parts: readonly Part[], allowPtr: number): Steps {
  const rowIdsPtr = kernels.arena.u32(block.ptr, IVF_SIZE / 4)[IVF_ROW_IDS / 4]!;
  let products = 0;
  for (const { from, to, membersPtr, n } of parts) {
    const step = Math.max(Math.floor(PRODUCTS_PER_STEP / (dim * n)), 1);
    for (let position = from; position < to; position += step) {
      const end = Math.min(position + step, to);
      codes.scan(position, end, allowPtr, rowIdsPtr, membersPtr, n);
      products += n * (end - position) * dim;
      if (products < PRODUCTS_PER_STEP) continue;
      products = 0;
      yield;
    }
  }
}

/** How many of the nearest lists a query looks into, as `ivfSearch` has it; -1: more than these. */
function listsNeeded({ lists }: ListBlock, starts: Uint32Array, inOrder: Uint32Array, { least, k, wanted, allowed, rowsOf }: Course): number {
  let seen = 0, passed = 0, needed = Math.max(wanted, k);
  for (let at = 0; ; at++) {
    if (at === least && seen * starts[lists]! * IVF_FAR < passed * allowed) needed = Math.max(wanted * IVF_FAR_EFFORT, k);
    if (at >= least && seen >= needed) return at;
    if (at === inOrder.length) return -1;
    const list = inOrder[at]!;
    seen += rowsOf![list]!;
    passed += starts[list + 1]! - starts[list]!;
  }
}

/** Writes the queries that probe each list, list after list, to `membersPtr`, u32, and answers where each list's end there; without those for which `probes` lists are too few. */
function* assignLists(
  kernels: IndexContext['kernels'], block: ListBlock, tile: QueryTile, queries: readonly number[], probes: number, course: Course, membersPtr: number,
): Generator<void, { readonly ends: Uint32Array; readonly unfinished: number[] }> {
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
    const unfinished: number[] = [];
    const starts = arena.u32(arena.u32(block.ptr, IVF_SIZE / 4)[IVF_STARTS / 4]!, lists + 1);
    const probed = queries.map((query, i) => {
      const inOrder = near.hitRows(i, near.end(i));
      const at = listsNeeded(block, starts, inOrder, course);
      if (at >= 0 || probes === lists) return inOrder.subarray(0, at >= 0 ? at : lists);
      unfinished.push(query);
      return inOrder.subarray(0, 0);
    });
    for (const ofQuery of probed) for (const list of ofQuery) ends[list]!++;
    for (let list = 1; list < lists; list++) ends[list]! += ends[list - 1]!;
    const members = arena.u32(membersPtr, queries.length * probes);
    const places = new Uint32Array(lists);
    places.set(ends.subarray(0, lists - 1), 1);
    queries.forEach((query, i) => {
      for (const list of probed[i]!) members[places[list]!++] = query;
    });
    return { ends, unfinished };
  } finally {
    arena.free(termsPtr);
    near.free();
  }
}
