/** A search that goes on where the first rows were not enough: the plan for more of them, made with the same care. */
import type { SearchPlan } from './index.ts';

/** Of the top-k of the kernels. */
const CANDIDATES_MAX = 32_768;

/**
 * The plan for k hits where `plan` was made for `base`. `depth`: from so many rows on, counted from the nearest, where those before have been
 * taken out. What goes beyond the hits themselves grows with the root: the neighbourhood of ten times as many rows is little wider.
 */
export function deeper<P extends SearchPlan & { readonly rescored?: number; readonly nprobe?: number }>(plan: P, base: number, k: number, depth = k): P {
  const beyond = (n: number, rows: number): number => (n === 0 ? 0 : Math.min(Math.max(n, rows + Math.ceil((n - base) * Math.sqrt(rows / base))), CANDIDATES_MAX));
  const deep: P = { ...plan, candidates: beyond(plan.candidates, k), ef: beyond(plan.ef, depth) };
  return {
    ...deep,
    ...(plan.rescored === undefined ? {} : { rescored: beyond(plan.rescored, k) }),
    ...(plan.nprobe === undefined ? {} : { nprobe: Math.ceil(plan.nprobe * Math.sqrt(Math.max(depth, base) / base)) }),
  };
}
