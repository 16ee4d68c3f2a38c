/**
 * What a first `connect` downloads in a browser, minified and gzipped. The files are those that the last build found
 * in the static graph of the entry.
 */
import { readFileSync } from 'node:fs';

const { entry, worker, wasm } = JSON.parse(readFileSync(new URL('build/size/budgets.json', import.meta.url), 'utf8'));

export default [
  { name: 'entry, static graph', path: entry, limit: '15 kB', gzip: true },
  { name: 'worker', path: worker, limit: '90 kB', gzip: true },
  { name: 'one wasm build (plain SIMD)', path: wasm[0], limit: '60 kB', gzip: true },
  { name: 'one wasm build (relaxed SIMD)', path: wasm[1], limit: '60 kB', gzip: true },
];
