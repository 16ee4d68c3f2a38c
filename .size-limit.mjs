/**
 * What a first `connect` downloads in a browser, minified and gzipped. Which files those are the last build has found
 * out: the static graph of the entry, the chunks that `connect` imports, the worker and one of the wasm builds. Apart from that, what only some import.
 */
import { readFileSync } from 'node:fs';

const { entry, connect, worker, io, wasm } = JSON.parse(readFileSync(new URL('build/size/budgets.json', import.meta.url), 'utf8'));

export default [
  { name: 'entry, static graph', path: entry, limit: '15 kB', gzip: true },
  { name: 'entry and what it needs to speak to the worker', path: connect, limit: '21 kB', gzip: true },
  { name: 'worker', path: worker, limit: '126 kB', gzip: true },
  { name: 'what the worker imports on demand', path: 'build/size/worker-on-demand.js', limit: '55 kB', gzip: true },
  { name: 'elanus/filter', path: 'build/size/filter.js', limit: '2 kB', gzip: true },
  { name: 'elanus/io, with the first import or export: CSV and JSON', path: io, limit: '28 kB', gzip: true },
  { name: 'one wasm build (plain SIMD)', path: wasm[0], limit: '60 kB', gzip: true },
  { name: 'one wasm build (relaxed SIMD)', path: wasm[1], limit: '60 kB', gzip: true },
];
