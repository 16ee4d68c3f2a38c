/**
 * Pictures of Fashion-MNIST: the first 10,000 of the training set, and the first 300 of the test set, which are not in
 * the database. `images-N.gz`, `unseen.gz`: n label bytes, then n x 784 pixel bytes, row-major, 0 (background) to 255.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { blocksOf } from './parts.mjs';

const IMAGES = 10_000;
const FIRST_BLOCK = 500;
const PER_BLOCK = 1_900;
const UNSEEN = 300;
const SIDE = 28;
const CLASSES = ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];

export function makeImages(data, parts) {
  const train = readSet(data, 'train');
  const test = readSet(data, 't10k');
  const blocks = blocksOf(IMAGES, FIRST_BLOCK, PER_BLOCK).map(({ from, to }, i) => ({ rows: to - from, ...parts.write(`images-${i}.gz`, slice(train, from, to)) }));
  const unseen = { rows: UNSEEN, ...parts.write('unseen.gz', slice(test, 0, UNSEEN)) };
  return { rows: IMAGES, dim: SIDE * SIDE, classes: CLASSES, blocks, unseen };
}

function readSet(data, name) {
  return { labels: readIdx(data, `${name}-labels-idx1-ubyte.gz`, 2049, 8), pixels: readIdx(data, `${name}-images-idx3-ubyte.gz`, 2051, 16) };
}

function slice({ labels, pixels }, from, to) {
  const size = SIDE * SIDE;
  return Buffer.concat([labels.subarray(from, to), pixels.subarray(from * size, to * size)]);
}

/** @param {string} name an idx file @param {number} magic @param {number} header bytes */
function readIdx(data, name, magic, header) {
  const bytes = gunzipSync(readFileSync(join(data, 'fashion-mnist', name)));
  if (bytes.readUInt32BE(0) !== magic) throw new Error(`${name}: magic expected ${magic}, got ${bytes.readUInt32BE(0)}`);
  return bytes.subarray(header);
}
