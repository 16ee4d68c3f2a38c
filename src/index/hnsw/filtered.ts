/**
 * Whether a filtered search walks the graph over the rows that match or compares them all: by what either costs, in links that are looked at, of
 * which one takes about 1.7 ns. The figures were measured (docs/performance.md, "Filtered search").
 */
import { CODES_KIND, CODES_PARTS, CODES_SIZE, CODES_STAGES, CODES_STRIDE, CODE_PQ_BYTES, CODE_PQ_NIBBLES } from '../../kernels/abi.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { RowCode } from '../../quant/row-code.ts';
import type { MetricType } from '../../schema/types.ts';

export interface Course {
  readonly walks: boolean;
  /** Of the walk: how many rows it keeps. */
  readonly breadth: number;
  /** The same where the query lies outside of the rows that match; 0: they are scanned there. */
  readonly farBreadth: number;
  /** Neighbours that match, of a row in the walk. */
  readonly target: number;
  /** What the walk may cost. */
  readonly budget: number;
  /** It goes on only where the rows around the query match far more often than others. */
  readonly dense: boolean;
}

/** Rows expanded by a walk, for each of its breadth. */
const EXPANDED = 1.2;
/** Rows compared for each that is expanded, in slots of its list, and how much longer one takes than in a scan, because it lies anywhere. */
const COMPARED = 0.4;
const APART = 1.5;
/** How much a walk is broader with hardly any rows that match than with all: the subgraph is not quite as good as the graph. */
const BROADER = 0.3;
/** Around the edge of a far cluster many rows are about equally near. */
const FAR = 8;
/** A subgraph holds together where a row has so many times its target among the neighbours of its neighbours. */
const CONNECTED = 1.5;
/** Where a scan costs so many times what it takes to look around the query, that is tried first. */
const TRIED_FROM = 8;

export function courseOf({ rows, allowed, degree, ef, rowCost, metric }: {
  readonly rows: number; readonly allowed: number; readonly degree: number; readonly ef: number; readonly rowCost: number; readonly metric: MetricType;
}): Course {
  const share = allowed / rows;
  // With few rows left out the lists of links are nearly whole; with few left in a subgraph needs more.
  const target = Math.ceil((degree * (1.5 - share / 2)) / 2);
  const breadth = Math.min(Math.ceil(ef * (1 + BROADER * (1 - share))), rows);
  const behind = Math.min(Math.max(target - share * degree, 0) / share, degree * degree);
  const walk = (EXPANDED * breadth + 4) * (degree + behind + COMPARED * degree * APART * rowCost);
  const scan = allowed * rowCost + rows / 64;
  const isCheap = walk < scan && share * degree * degree >= CONNECTED * target;
  const look = degree * degree + 2 * degree * rowCost;
  return {
    walks: isCheap || scan > TRIED_FROM * look,
    breadth,
    // By IP a graph is entered through its long rows: without those a walk from outside goes astray.
    farBreadth: metric !== 'IP' && FAR * walk < scan ? Math.min(FAR * ef, rows) : 0,
    target,
    budget: Math.min(Math.ceil(scan), 0x7fffffff),
    dense: !isCheap,
  };
}

/** What comparing a row costs: by its bytes, or the table entries that are looked up. */
export function rowCostOf(kernels: Kernels, code: RowCode | null, dim: number): number {
  if (!code) return Math.ceil(2 + (dim * 4) / 64);
  const codes = kernels.arena.u32(code.ptr, CODES_SIZE / 4);
  const kind = codes[CODES_KIND / 4]!;
  const isProduct = kind === CODE_PQ_BYTES || kind === CODE_PQ_NIBBLES;
  return Math.ceil(2 + (isProduct ? (codes[CODES_PARTS / 4]! * Math.max(codes[CODES_STAGES / 4]!, 1)) / 2 : codes[CODES_STRIDE / 4]! / 64));
}
