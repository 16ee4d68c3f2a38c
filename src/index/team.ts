/** How many builders are worth having for one index. */
import { carriedRows } from './base.ts';
import type { BuildJob } from './index.ts';
import { getIndexType } from './registry.ts';

/** Fewer rows are built about as fast as more threads are started. */
const TEAM_ROWS_MIN = 16_384;
/** Every builder has a copy of the vectors and of the index: together they may take this many bytes. */
const TEAM_BYTES_MAX = 2 ** 31;

/** The most builders that may share this job: 1 where it cannot be shared. */
export function teamSizeMax({ typeName, params, rows, dim, base }: BuildJob): number {
  const type = getIndexType(typeName);
  if (!type.sharesBuild || rows - (base ? carriedRows(base) : 0) < TEAM_ROWS_MIN) return 1;
  return Math.max(Math.floor(TEAM_BYTES_MAX / (rows * dim * 4 + type.estimateBytes(rows, dim, params))), 1);
}
