/** `size`: what a user downloads, min + gzip and brotli, per file of `dist` and for the static graph of each entry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { number } from './lib/measure.mjs';
import { DIST } from './lib/setup.mjs';

/** Files that an ES module imports statically, itself first. @param {string} file @param {Set<string>} [seen] @returns {Set<string>} */
function staticGraph(file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return seen;
  seen.add(file);
  const code = readFileSync(file, 'utf8');
  // Built output only: "from" and bare side-effect imports with a relative path, never `import(...)`.
  for (const [, path] of code.matchAll(/(?:\bfrom|\bimport)\s*["'](\.{1,2}\/[^"']+)["']/g)) staticGraph(join(file, '..', path), seen);
  return seen;
}

const kilobytes = (/** @type {number} */ n) => `${number(n / 1024)} KB`;

/** @param {Uint8Array} bytes */
const sizes = (bytes) => ({ raw: bytes.byteLength, gzip: gzipSync(bytes, { level: 9 }).byteLength, brotli: brotliCompressSync(bytes).byteLength });

/** @type {import('./run.mjs').Bench[]} */
export const benches = [
  {
    name: 'size',
    about: 'Bytes of the built package: each file, and the static import graph of each entry (what is downloaded before the first dynamic import).',
    async run() {
      const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(js|wasm)$/.test(entry.name))
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
        .sort();
      const each = files.map((file) => ({ name: relative(DIST, file).split(sep).join('/'), ...sizes(readFileSync(file)) }));
      const entries = ['browser.js', 'node.js', 'worker.js', 'engine-worker.js', 'build-worker.js'].filter((name) => existsSync(join(DIST, name)));
      const graphs = entries.map((name) => {
        const graph = [...staticGraph(join(DIST, name))];
        const parts = graph.map((file) => sizes(readFileSync(file)));
        const sum = (/** @type {'raw' | 'gzip' | 'brotli'} */ key) => parts.reduce((total, part) => total + part[key], 0);
        return { name: `static graph of ${name} (${graph.length} files)`, raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') };
      });
      return {
        head: ['what', 'raw', 'gzip', 'brotli'],
        rows: [...graphs, ...each].map(({ name, raw, gzip, brotli }) => [name, kilobytes(raw), kilobytes(gzip), kilobytes(brotli)]),
        figures: { graphs, files: each },
      };
    },
  },
];
