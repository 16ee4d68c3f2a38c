/**
 * Makes the sample that travels with the repository, `web-demo/public/sample/`, from the full data sets:
 *
 *     ELANUS_DATA=../shared/data node scripts/make-sample.mjs
 *
 * The outputs are committed, so nobody has to run this to use the project. It needs two data sets under ELANUS_DATA:
 * - `fashion-mnist/` with the four published idx files (gzip);
 * - `arxiv-ml-gte-384/` with `vectors.fvecs` and `docs.jsonl.gz` ({ title, text } per line).
 *
 * What it writes is described in `sample.json` and read by `web-demo/sample/source.mjs`:
 * - `images-N.gz`, `unseen.gz`: gzip of n label bytes, then n x 784 pixel bytes, row-major, 0 (background) to 255.
 *   The images are the first 10,000 of the training set, in blocks of 2,000 so that a page can show the first block
 *   while the others arrive; the unseen ones are the first 300 of the test set, so they are not in the database.
 * - `abstract-vectors.gz`: gzip of n x 384 int16, little-endian, the value times 10,000. The source rounds to four
 *   decimals, so this is exact, and the script refuses data for which it is not.
 * - `abstracts.gz`: gzip of a JSON array of { title, text }, in the order of the vectors.
 */
import { mkdirSync, readFileSync, rmSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const IMAGES = 10_000;
const IMAGES_PER_BLOCK = 2_000;
const UNSEEN = 300;
const SIDE = 28;
const CLASSES = ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const SCALE = 10_000;
const BUDGET = 12 * 1024 * 1024;

const root = fileURLToPath(new URL('..', import.meta.url));
const data = process.env.ELANUS_DATA ?? join(root, '../shared/data');
const out = join(root, 'web-demo/public/sample');

/** @param {string} name an idx file @param {number} magic @param {number} header bytes */
function readIdx(name, magic, header) {
  const bytes = gunzipSync(readFileSync(join(data, 'fashion-mnist', name)));
  if (bytes.readUInt32BE(0) !== magic) throw new Error(`${name}: magic expected ${magic}, got ${bytes.readUInt32BE(0)}`);
  return bytes.subarray(header);
}

/** @param {'train' | 't10k'} set @param {number} from @param {number} to */
function labelledImages(set, from, to) {
  const labels = readIdx(`${set}-labels-idx1-ubyte.gz`, 2049, 8);
  const pixels = readIdx(`${set}-images-idx3-ubyte.gz`, 2051, 16);
  const size = SIDE * SIDE;
  return Buffer.concat([labels.subarray(from, to), pixels.subarray(from * size, to * size)]);
}

/** @returns {{ rows: number, dim: number, scaled: Int16Array }} */
function readAbstractVectors() {
  const bytes = readFileSync(join(data, 'arxiv-ml-gte-384/vectors.fvecs'));
  const dim = bytes.readInt32LE(0);
  const rows = bytes.length / (4 + 4 * dim);
  const scaled = new Int16Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) {
      const value = bytes.readFloatLE(row * (4 + 4 * dim) + 4 + 4 * i);
      const whole = Math.round(value * SCALE);
      if (Math.fround(whole / SCALE) !== value) throw new Error(`row ${row}, element ${i}: ${value} has more than four decimals`);
      scaled[row * dim + i] = whole;
    }
  }
  return { rows, dim, scaled };
}

function readAbstracts() {
  const lines = gunzipSync(readFileSync(join(data, 'arxiv-ml-gte-384/docs.jsonl.gz'))).toString('utf8').trim().split('\n');
  return lines.map((line) => {
    const { title, text } = JSON.parse(line);
    return { title, text };
  });
}

mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) if (name.endsWith('.gz') || name === 'sample.json') rmSync(join(out, name));

let total = 0;
/** @param {string} name @param {Uint8Array} bytes @returns the entry of the file in `sample.json` */
function writePart(name, bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  writeFileSync(join(out, name), packed);
  total += packed.length;
  console.log(`${name.padEnd(22)} ${String(packed.length).padStart(9)} bytes of ${bytes.length}`);
  return { name, bytes: bytes.length, packedBytes: packed.length };
}

const blocks = [];
for (let from = 0; from < IMAGES; from += IMAGES_PER_BLOCK) {
  blocks.push({ rows: IMAGES_PER_BLOCK, ...writePart(`images-${blocks.length}.gz`, labelledImages('train', from, from + IMAGES_PER_BLOCK)) });
}
const unseen = { rows: UNSEEN, ...writePart('unseen.gz', labelledImages('t10k', 0, UNSEEN)) };

const { rows, dim, scaled } = readAbstractVectors();
const abstracts = readAbstracts();
if (abstracts.length !== rows) throw new Error(`${abstracts.length} abstracts for ${rows} vectors`);
const vectors = writePart('abstract-vectors.gz', new Uint8Array(scaled.buffer));
const texts = writePart('abstracts.gz', Buffer.from(JSON.stringify(abstracts)));

const description = {
  version: 1,
  images: { rows: IMAGES, dim: SIDE * SIDE, classes: CLASSES, blocks, unseen },
  abstracts: { rows, dim, scale: SCALE, vectors, texts },
};
writeFileSync(join(out, 'sample.json'), `${JSON.stringify(description, null, 2)}\n`);
console.log(`${(total / 1024 / 1024).toFixed(2)} MB in all`);
if (total > BUDGET) throw new Error(`the sample must stay under ${BUDGET} bytes`);
