/**
 * The queries of a batch, a tile of them at a time, against one segment: by scan, or by an index that searches for many
 * together. What a tile takes of memory has a bound, whatever the number of queries is.
 */
import type { TileSearch } from '../index/index.ts';
import type { DistanceRange, Kernels, RowValues } from '../kernels/kernels.ts';
import { QueryTile, type Steps } from '../kernels/query-tile.ts';
import { F32_ROWS, ROW_FORMATS } from '../kernels/rows.ts';
import type { Field, MetricType } from '../schema/types.ts';
import type { QueryVectors } from '../schema/vector-types/index.ts';
import type { VectorSnapshot } from '../segment/vector-snapshot.ts';
import type { Slices } from './slices.ts';

const TILE_BYTES_MAX = 8 << 20;
/** Enough that an inverted file's lists are probed by several of them each. */
const TILE_QUERIES_MAX = 1024;
/** Panels have so many. */
const TILE_QUERIES_MULTIPLE = 8;

/** Queries first .. first + size - 1 of a batch. */
export interface BatchPart {
  readonly field: Field;
  readonly metric: MetricType;
  /** In the form of the field's column. */
  readonly queries: QueryVectors;
  readonly first: number;
  readonly size: number;
}

/** Hits of one query, closest first. */
export interface TileHits {
  readonly rows: Uint32Array;
  readonly distances: Float32Array;
}

/** How many queries make a tile, if a segment is asked for at most `hits` rows per query. */
export function tileSize({ type, dim }: Field, nq: number, hits: number): number {
  const format = ROW_FORMATS[type as keyof typeof ROW_FORMATS] ?? F32_ROWS;
  const bytes = Math.max(QueryTile.queryBytes(format, dim ?? 1, hits), QueryTile.queryBytes(F32_ROWS, dim ?? 1, hits));
  const most = Math.min(Math.floor(TILE_BYTES_MAX / bytes), TILE_QUERIES_MAX);
  return Math.max(1, Math.min(nq, most > TILE_QUERIES_MULTIPLE ? most - (most % TILE_QUERIES_MULTIPLE) : most));
}

/** The k best of all rows that the snapshot sees, per query, within a range. Vectors must be resident, and stay so. */
export function scanTile(kernels: Kernels, seen: VectorSnapshot, part: BatchPart, k: number, range: DistanceRange | null, slices: Slices): Promise<TileHits[]> {
  const format = seen.format!;
  const tile = new QueryTile(kernels, format, part.metric, part.field.dim!, part.size, Math.min(k, Math.max(seen.rows, 1)));
  return run(tile, part, (work) => seen.scanTile(work), range, slices, () => true).then((hits) => hits!);
}

/** What the index finds per query; null where `isCurrent` says after a pause that the index is gone. */
export function searchTile(
  kernels: Kernels, search: TileSearch, seen: VectorSnapshot, part: BatchPart, slices: Slices, isCurrent: () => boolean,
): Promise<TileHits[] | null> {
  const tile = new QueryTile(kernels, F32_ROWS, part.metric, part.field.dim!, part.size, search.hits);
  return run(tile, part, (work) => search.run(work, seen.allowIn(kernels)), null, slices, isCurrent);
}

async function run(
  tile: QueryTile, part: BatchPart, work: (tile: QueryTile) => Steps, range: DistanceRange | null, slices: Slices, isCurrent: () => boolean,
): Promise<TileHits[] | null> {
  try {
    tile.setQueries(ROW_FORMATS[part.field.type as keyof typeof ROW_FORMATS], part.queries as RowValues, part.first);
    tile.begin(range);
    // Leaving the loop early ends the work, and gives back what it holds.
    for (const _ of work(tile)) {
      if (!slices.isOver) continue;
      await slices.pause();
      if (!isCurrent()) return null;
    }
    return Array.from({ length: part.size }, (_, query) => {
      const n = tile.end(query);
      return { rows: tile.hitRows(query, n).slice(), distances: tile.hitDistances(query, n).slice() };
    });
  } finally {
    tile.free();
  }
}
