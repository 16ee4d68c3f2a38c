/**
 * Random workloads over a store with bad luck; see `workload.ts`. `npm run test:faults -- --seeds 5000` runs more of them, and
 * `-- --seed N` one again.
 */
import { describe, it } from 'vitest';
import { runWorkload } from './workload.ts';

const SEEDS = Number(process.env.SEEDS ?? 60);
const FIRST = Number(process.env.FIRST_SEED ?? 1);

describe('a random workload over a store with bad luck', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, () => runWorkload(seed));
});
