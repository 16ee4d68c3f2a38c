/**
 * Building an inverted file in slices: centroids learned from a sample, the nearest centroid of every row, rows in the order
 * of their lists, then their codes.
 */
import { ROW_FORMATS, ROWS_SLACK_BYTES } from '../../kernels/rows.ts';
import { assignBinary, binaryKmeansWork, trainBinaryKmeans } from '../../quant/binary-kmeans.ts';
import { assignNearest, CentroidPanels, kmeansWork, sampleRows, trainKmeans, type Work } from '../../quant/kmeans.ts';
import type { Centroids, ListCodeType, ListLayout } from '../../quant/list-code.ts';
import { writeRows, type RowCode, type RowCodeType } from '../../quant/row-code.ts';
import type { IndexBuilder, IndexContext, IndexSection } from '../index.ts';
import { refineSections } from '../refine.ts';
import { WorkBuilder, type WorkTotal } from '../work-builder.ts';
import { listSections } from './lists.ts';

/** Rows of the sample per list, and rounds over it. */
const SAMPLE_PER_LIST = 64;
const ITERATIONS = 10;
/** A list has at least this many rows on average: as knowhere does, fewer lists are made of few rows. */
const ROWS_PER_LIST_MIN = 39;
/** Rows encoded at a time. */
const CHUNK_ROWS = 256;

/** Lists that are made of so many rows when `nlist` are asked for. */
export const listsFor = (rows: number, nlist: number): number => Math.max(1, Math.min(nlist, Math.floor(rows / ROWS_PER_LIST_MIN)));

/** Build over f32 rows. `refineType`: the code that candidates are scored again by, if any. */
export function denseBuilder(context: IndexContext, nlist: number, codeType: ListCodeType, refineType: RowCodeType | null, seed: number): IndexBuilder {
  const { rows, dim } = context;
  const lists = listsFor(rows, nlist);
  const work = kmeansWork(sampled(rows, lists), dim, lists, ITERATIONS) + kmeansWork(rows, dim, lists, 1);
  return new WorkBuilder(rows, work, (expected) => buildDense(context, lists, codeType, refineType, seed, expected));
}

/** Build over binary rows. */
export function binaryBuilder(context: IndexContext, nlist: number, codeType: ListCodeType<Uint8Array>, seed: number): IndexBuilder {
  const { rows, dim } = context;
  const lists = listsFor(rows, nlist);
  const work = binaryKmeansWork(sampled(rows, lists), dim, lists, ITERATIONS) + binaryKmeansWork(rows, dim, lists, 1);
  return new WorkBuilder(rows, work, (expected) => buildBinary(context, lists, codeType, seed, expected));
}

const sampled = (rows: number, lists: number): number => Math.min(rows, lists * SAMPLE_PER_LIST);

function* buildDense(
  context: IndexContext, lists: number, codeType: ListCodeType, refineType: RowCodeType | null, seed: number, expected: WorkTotal,
): Work<IndexSection[]> {
  const { kernels, rows, dim, metric, vectors } = context;
  const { arena } = kernels;
  const inverseNormsPtr = metric === 'COSINE' ? vectors!.inverseNormsPtr : 0;
  const gatherUnit: Gather = (rowIds, out) => gatherF32(context, rowIds, out, inverseNormsPtr);

  const sample = sampleRows(rows, sampled(rows, lists), seed);
  const samplePtr = yield* gathered(context, sample, dim * 4, gatherUnit);
  const centroids = rows === 0
    ? new Float32Array(dim)
    : yield* trainKmeans(kernels, { ptr: samplePtr, stride: dim * 4, dim, rows: sample.length, inverseNormsPtr: 0 }, lists, ITERATIONS, seed + 1);
  arena.free(samplePtr);

  const panels = new CentroidPanels(kernels, lists, dim);
  panels.set(centroids);
  const nearestPtr = arena.alloc(rows * 4), scoresPtr = arena.alloc(rows * 4);
  yield* assignNearest(kernels, { ptr: vectors!.ptr, stride: dim * 4, dim, rows, inverseNormsPtr }, panels, 0, rows, nearestPtr, scoresPtr);
  const layout = { kernels, metric, dim, rows, ...inLists(arena.u32(nearestPtr, rows), lists), centroids, vectors, seed };
  panels.free();
  arena.free(nearestPtr);
  arena.free(scoresPtr);
  const sections = yield* encodeRows(layout, codeType, dim * 4, (isUnit) => (isUnit ? gatherUnit : (rowIds, out) => gatherF32(context, rowIds, out, 0)), expected);
  return refineType ? [...sections, ...(yield* refineBy(refineType.create(context, seed), rows, expected))] : sections;
}

function* refineBy(code: RowCode, rows: number, expected: WorkTotal): Work<IndexSection[]> {
  try {
    expected.total += code.trainWork + code.encodeWork;
    yield* writeRows(code, rows);
    return refineSections(code);
  } finally {
    code.free();
  }
}

function* buildBinary(context: IndexContext, lists: number, codeType: ListCodeType<Uint8Array>, seed: number, expected: WorkTotal): Work<IndexSection[]> {
  const { kernels, rows, dim, metric, vectors } = context;
  const { arena } = kernels;
  const rowBytes = ROW_FORMATS.BinaryVector.rowBytes(dim);
  const gather: Gather = (rowIds, out) => {
    const target = arena.u8(out, rowIds.length * rowBytes), source = arena.u8(vectors!.ptr, rows * rowBytes);
    for (let i = 0; i < rowIds.length; i++) target.set(source.subarray(rowIds[i] * rowBytes, (rowIds[i] + 1) * rowBytes), i * rowBytes);
  };

  const sample = sampleRows(rows, sampled(rows, lists), seed);
  const samplePtr = yield* gathered(context, sample, rowBytes, gather);
  const centroids = rows === 0
    ? new Uint8Array(rowBytes)
    : yield* trainBinaryKmeans(kernels, metric, { ptr: samplePtr, dim, rows: sample.length }, lists, ITERATIONS, seed + 1);
  arena.free(samplePtr);

  const nearestPtr = arena.alloc(rows * 4);
  yield* assignBinary(kernels, metric, { ptr: vectors!.ptr, dim, rows }, centroids, nearestPtr);
  const layout = { kernels, metric, dim, rows, ...inLists(arena.u32(nearestPtr, rows), lists), centroids, vectors, seed };
  arena.free(nearestPtr);
  return yield* encodeRows(layout, codeType, rowBytes, () => gather, expected);
}

/** Copies rows of the segment, one after another, to kernel memory. */
type Gather = (rowIds: Uint32Array, out: number) => void;

function* gathered({ kernels }: IndexContext, rowIds: Uint32Array, rowBytes: number, gather: Gather): Work<number> {
  const ptr = kernels.arena.alloc(rowIds.length * rowBytes + ROWS_SLACK_BYTES);
  for (let i = 0; i < rowIds.length; i += CHUNK_ROWS) {
    gather(rowIds.subarray(i, i + CHUNK_ROWS), ptr + i * rowBytes);
    yield 0;
  }
  return ptr;
}

/** Trains the code, encodes the rows in the order of their lists; `gatherOf`: their rows, at unit length or as they are. */
function* encodeRows<C extends Centroids>(
  layout: ListLayout<C>, codeType: ListCodeType<C>, rowBytes: number, gatherOf: (isUnit: boolean) => Gather, expected: WorkTotal,
): Work<IndexSection[]> {
  const { kernels, rows, rowIds } = layout;
  const code = codeType.create(layout);
  try {
    expected.total += code.work;
    yield* code.train();
    const gather = gatherOf(code.wantsUnitRows);
    const chunkPtr = kernels.arena.alloc(CHUNK_ROWS * rowBytes);
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, rows);
      gather(rowIds.subarray(from, to), chunkPtr);
      code.encode(chunkPtr, from, to);
      yield (code.work * (to - from)) / rows / 2;
    }
    kernels.arena.free(chunkPtr);
    return listSections(layout, code);
  } finally {
    code.free();
  }
}

/** f32 rows, scaled by their inverse norms unless those are 0. */
function gatherF32({ kernels, rows, dim, vectors }: IndexContext, rowIds: Uint32Array, out: number, inverseNormsPtr: number): void {
  const { arena } = kernels;
  const norms = inverseNormsPtr ? arena.f32(inverseNormsPtr, rows) : null;
  const target = arena.f32(out, rowIds.length * dim), source = arena.f32(vectors!.ptr, rows * dim);
  for (let i = 0; i < rowIds.length; i++) {
    const at = rowIds[i] * dim;
    if (!norms) target.set(source.subarray(at, at + dim), i * dim);
    else for (let d = 0, length = norms[rowIds[i]]; d < dim; d++) target[i * dim + d] = source[at + d] * length;
  }
}

/** Rows by list, in each list ascending. */
function inLists(nearest: Uint32Array, lists: number): { readonly starts: Uint32Array; readonly rowIds: Uint32Array } {
  const starts = new Uint32Array(lists + 1);
  for (const list of nearest) starts[list + 1]++;
  for (let list = 0; list < lists; list++) starts[list + 1] += starts[list];
  const next = starts.slice(0, lists);
  const rowIds = new Uint32Array(nearest.length);
  nearest.forEach((list, row) => {
    rowIds[next[list]++] = row;
  });
  return { starts, rowIds };
}
