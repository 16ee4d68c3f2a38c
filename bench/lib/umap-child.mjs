/** One run of UMAP for `map.bench.mjs`: prints the seconds of its start, milliseconds of an epoch and peak memory as JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [which, folder, ownPath, kText, epochsText] = process.argv.slice(2);
const [k, epochs] = [Number(kText), Number(epochsText)];
/** @param {string} name */
const bytesOf = (name) => {
  const bytes = readFileSync(join(folder, name));
  return /** @type {const} */ ([bytes.buffer, bytes.byteOffset, bytes.length / 4]);
};
const neighbours = new Int32Array(...bytesOf('neighbours'));
const distances = new Float32Array(...bytesOf('distances'));
const rows = neighbours.length / k;
let state = 1;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;

/** Epochs that are timed: later ones are like them. */
const TIMED = 20;
let step;
const begin = performance.now();
if (which === 'ours') {
  const { fuzzySet, Layout } = await import(pathToFileURL(ownPath).href);
  const positions = Float32Array.from({ length: rows * 2 }, () => 20 * random() - 10);
  const layout = new Layout(fuzzySet({ rows, k, neighbours, distances }), { positions, epochs });
  step = () => layout.step();
} else {
  const { UMAP } = await import('umap-js');
  const lists = (/** @type {Int32Array | Float32Array} */ values) => Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * k, (row + 1) * k)));
  const umap = new UMAP({ nNeighbors: k, nEpochs: epochs, random });
  umap.setPrecomputedKNN(lists(neighbours), lists(distances));
  umap.initializeFit(Array.from({ length: rows }, () => [0, 0]));
  step = () => umap.step();
}
const startSeconds = (performance.now() - begin) / 1000;
const from = performance.now();
for (let i = 0; i < TIMED; i++) step();
console.log(JSON.stringify({ startSeconds, epochMs: (performance.now() - from) / TIMED, peakMb: process.resourceUsage().maxRSS / 1024 }));
