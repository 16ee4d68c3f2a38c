/**
 * `map/umap`: what the demo page's map needs for UMAP of all packages, beside umap-js from the same graph of neighbours.
 * Each runs in a process of its own, so that its memory is its own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { number } from './lib/measure.mjs';

const K = 15;
const DIM = 96;
const EPOCHS = 200;
const CHILD = fileURLToPath(new URL('./lib/umap-child.mjs', import.meta.url));
const VECTORS = join(process.env.ELANUS_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url)), 'debian-packages-text', 'lsa96.i8');

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'map/umap',
    about: '63,436 x 96, 15 neighbours: our UMAP and umap-js, from one graph that an HNSW index gives.',
    async run({ library: { connect, defineSchema }, quick, folder }) {
      if (!existsSync(VECTORS)) return { head: ['skipped'], rows: [[`there is no ${VECTORS}`]], figures: null };
      const codes = readFileSync(VECTORS);
      const values = Float32Array.from(new Int8Array(codes.buffer, codes.byteOffset, quick ? 8000 * DIM : codes.length));
      const rows = values.length / DIM;
      const db = await connect('memory:', { mode: 'inline', workers: 0 });
      const collection = await db.createCollection('packages', defineSchema({ fields: { id: { type: 'Int64', primaryKey: true, as: 'number' }, vector: { type: 'FloatVector', dim: DIM } } }));
      for (let from = 0; from < rows; from += 10_000) {
        const count = Math.min(10_000, rows - from);
        await collection.insert({ id: Array.from({ length: count }, (_, i) => from + i), vector: values.subarray(from * DIM, (from + count) * DIM) });
      }
      await collection.createIndex('vector', { type: 'HNSW', metric: 'COSINE', params: { M: 16, efConstruction: 100 } });
      const neighbours = new Int32Array(rows * K).fill(-1);
      const distances = new Float32Array(rows * K);
      const begin = performance.now();
      for (let from = 0; from < rows; from += 512) {
        const ids = Array.from({ length: Math.min(512, rows - from) }, (_, i) => from + i);
        const found = await collection.search({ ids, limit: K, params: { ef: 3 * K } });
        for (const [i, hits] of found.entries()) {
          for (const [at, { id, score }] of hits.entries()) {
            neighbours[(from + i) * K + at] = id;
            distances[(from + i) * K + at] = Math.max(1 - score, 0);
          }
        }
      }
      const graphSeconds = (performance.now() - begin) / 1000;
      await db.close();
      writeFileSync(join(folder, 'neighbours'), new Uint8Array(neighbours.buffer));
      writeFileSync(join(folder, 'distances'), new Uint8Array(distances.buffer));
      const own = join(folder, 'own.mjs');
      const here = fileURLToPath(new URL('../web-demo/src/views/map/umap/', import.meta.url));
      buildSync({
        stdin: { contents: `export { fuzzySet } from './fuzzy-set.ts';\nexport { Layout } from './optimise.ts';`, resolveDir: here, loader: 'ts' },
        bundle: true,
        format: 'esm',
        outfile: own,
        logLevel: 'error',
      });
      const figures = { rows, graphSeconds, runs: /** @type {Record<string, { startSeconds: number, epochMs: number, peakMb: number }>} */ ({}) };
      for (const which of ['ours', 'umap-js']) {
        figures.runs[which] = JSON.parse(execFileSync(process.execPath, [CHILD, which, folder, own, String(K), String(EPOCHS)], { encoding: 'utf8' }));
      }
      return {
        head: ['', 'start s', 'epoch ms', `start and ${EPOCHS} epochs s`, 'peak MB'],
        rows: Object.entries(figures.runs).map(([which, { startSeconds, epochMs, peakMb }]) => [which, number(startSeconds), number(epochMs), number(startSeconds + (EPOCHS * epochMs) / 1000), Math.round(peakMb)]),
        figures,
        notes: [`${rows} rows; the graph of neighbours took ${number(graphSeconds)} s`],
      };
    },
  },
];
