/**
 * `npm run test:faults -- --seeds 5000`: many random workloads over a store with bad luck (`test/faults/`), of which `npm test` runs
 * a few. `--from N` begins at another seed, `--seed N` runs one. Each failure says how to run it again.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './virtual-modules.mjs';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' }, seed: { type: 'string' } } });
const seeds = values.seed === undefined ? Number(values.seeds) : 1;
const first = Number(values.seed ?? values.from);
if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(first) || first < 1) {
  console.error('--seeds, --from and --seed expect whole numbers from 1 on');
  process.exit(2);
}
console.log(`seeds ${first} to ${first + seeds - 1}`);
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const run = spawnSync(process.execPath, [vitest, 'run', '--project', 'node', '--reporter', 'dot', 'test/faults'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SEEDS: String(seeds), FIRST_SEED: String(first) },
});
process.exitCode = run.status ?? 1;
