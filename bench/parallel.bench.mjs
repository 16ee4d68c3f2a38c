/** What more build workers are worth. */
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { loadSet } from './datasets.mjs';
import { cpuMs, median } from './lib/measure.mjs';

/** @type {import('./run.mjs').Bench} */
const build = {
  name: 'build/parallel',
  about: 'createIndex of HNSW_SQ over stored rows, M 16, efConstruction 200: one build worker against two, in turns. The bound is what the processor time allows two cores: 2 x that of one worker / that of two.',
  async run({ library, quick, folder }) {
    const rows = [];
    const figures = [];
    for (const [name, count] of quick ? [['siftsmall', 10_000], ['synthetic', 20_000]] : [['synthetic', 100_000], ['fashion-mnist', 60_000]]) {
      const set = loadSet(name, { rows: count, queries: 10 });
      if (set === null) {
        rows.push([`${name}: not on this machine`, '-', '-', '-', '-', '-']);
        continue;
      }
      const { values, dim } = set.base;
      /** @type {Record<number, { wall: number[], cpu: number[] }>} */
      const taken = { 1: { wall: [], cpu: [] }, 2: { wall: [], cpu: [] } };
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        for (const workers of round % 2 === 0 ? [1, 2] : [2, 1]) {
          const db = await library.connect(`file:${join(folder, `${name}-${workers}-${round}`)}`, { workers });
          const collection = await db.createCollection('rows', library.defineSchema({
            fields: { id: { type: 'Int64', primaryKey: true, autoId: true }, vector: { type: 'FloatVector', dim } },
          }));
          for (let from = 0; from < set.base.rows; from += 10_000) {
            await collection.insert({ vector: values.slice(from * dim, Math.min(from + 10_000, set.base.rows) * dim) });
          }
          // Sealed and merged before the clock starts, so that nothing but the build is timed.
          await collection.createIndex('vector', { type: 'FLAT', metric: 'L2' });
          const wall = performance.now(), cpu = cpuMs();
          await collection.createIndex('vector', { type: 'HNSW_SQ', metric: 'L2', params: { M: 16, efConstruction: 200 } });
          taken[workers].wall.push((performance.now() - wall) / 1000);
          taken[workers].cpu.push((cpuMs() - cpu) / 1000);
          await db.close();
        }
      }
      const [wall1, wall2, cpu1, cpu2] = [median(taken[1].wall), median(taken[2].wall), median(taken[1].cpu), median(taken[2].cpu)];
      rows.push([`${name}, ${set.base.rows} x ${dim}`, `${wall1.toFixed(2)} / ${wall2.toFixed(2)}`, (wall1 / wall2).toFixed(2), `${cpu1.toFixed(2)} / ${cpu2.toFixed(2)}`, ((2 * cpu1) / cpu2).toFixed(2)]);
      figures.push({ name, rows: set.base.rows, dim, ...taken });
    }
    return { head: ['data', 'seconds, 1 / 2 workers', 'ratio', 'processor seconds, 1 / 2', 'bound'], rows, figures };
  },
};

export const benches = [build];
