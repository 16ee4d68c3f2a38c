/**
 * Vector sets for tests and benches: readers of the usual file formats, a seeded synthetic set, exact neighbours and
 * recall. Real sets are found through `ELANUS_DATA` (default `../shared/data` beside the repository); nothing here
 * fetches anything. Computed neighbours are kept in `bench/.cache`, which git ignores.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** @typedef {import('./datasets.d.mts').Matrix} Matrix */
/** @typedef {import('./datasets.d.mts').Neighbours} Neighbours */
/** @typedef {import('./datasets.d.mts').VectorSet} VectorSet */

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const CACHE = join(REPOSITORY, 'bench', '.cache');

/** Folder of the real data sets; it need not exist. */
export function dataFolder() {
  return process.env.ELANUS_DATA ? resolve(process.env.ELANUS_DATA) : resolve(REPOSITORY, '../shared/data');
}

// ---------------------------------------------------------------- formats

/** A copy of a file's bytes that starts at offset 0 of its buffer (`slice` of a Node Buffer would not copy). @param {Uint8Array} bytes */
function aligned(bytes) {
  return new Uint8Array(bytes).buffer;
}

/** Rows of `int32 d, d x 4 bytes`, little-endian, checked. @param {Uint8Array} bytes @param {string} what */
function vecsRows(bytes, what) {
  if (bytes.byteLength < 4) throw new RangeError(`"${what}" expected a vecs file, got ${bytes.byteLength} bytes`);
  const words = new Int32Array(aligned(bytes), 0, bytes.byteLength >> 2);
  const dim = words[0];
  const stride = dim + 1;
  if (dim < 1 || bytes.byteLength % (4 * stride) !== 0) {
    throw new RangeError(`"${what}" expected rows of ${4 * stride} bytes, got ${bytes.byteLength} bytes`);
  }
  const rows = words.length / stride;
  for (let r = 0; r < rows; r++) {
    if (words[r * stride] !== dim) throw new RangeError(`"${what}" expected dimension ${dim} in row ${r}, got ${words[r * stride]}`);
  }
  return { words, dim, rows, stride };
}

/** @param {Uint8Array} bytes @param {string} [what] @returns {Matrix} */
export function parseFvecs(bytes, what = 'fvecs') {
  const { words, dim, rows, stride } = vecsRows(bytes, what);
  const floats = new Float32Array(words.buffer, 0, words.length);
  const values = new Float32Array(rows * dim);
  for (let r = 0; r < rows; r++) values.set(floats.subarray(r * stride + 1, (r + 1) * stride), r * dim);
  return { values, rows, dim };
}

/** @param {Uint8Array} bytes @param {string} [what] @returns {Neighbours} */
export function parseIvecs(bytes, what = 'ivecs') {
  const { words, dim, rows, stride } = vecsRows(bytes, what);
  const values = new Int32Array(rows * dim);
  for (let r = 0; r < rows; r++) values.set(words.subarray(r * stride + 1, (r + 1) * stride), r * dim);
  return { rows: values, queries: rows, k: dim };
}

/** MNIST's idx files of unsigned bytes; header integers are big-endian. @param {Uint8Array} bytes @param {string} [what] */
export function parseIdx(bytes, what = 'idx') {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8 || view.getUint16(0) !== 0 || view.getUint8(2) !== 8) throw new RangeError(`"${what}" expected an idx file of unsigned bytes`);
  const axes = view.getUint8(3);
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const header = 4 + 4 * axes;
  const size = shape.reduce((a, b) => a * b, 1);
  if (bytes.byteLength !== header + size) throw new RangeError(`"${what}" expected ${header + size} bytes, got ${bytes.byteLength}`);
  return { shape, values: bytes.subarray(header) };
}

/** One JSON object per line. @param {Uint8Array} bytes @returns {any[]} */
export function parseJsonl(bytes) {
  return new TextDecoder().decode(bytes).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** A file of the data folder, unpacked when its name ends in .gz. @param {string} name */
export function readData(name) {
  const bytes = readFileSync(join(dataFolder(), name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** @param {string} name */
export const readFvecs = (name) => parseFvecs(readData(name), name);
/** @param {string} name */
export const readIvecs = (name) => parseIvecs(readData(name), name);
/** @param {string} name */
export const readIdx = (name) => parseIdx(readData(name), name);
/** @param {string} name */
export const readJsonl = (name) => parseJsonl(readData(name));

/** Raw signed bytes, row-major. @param {string} name @param {number} dim */
export function readI8(name, dim) {
  const bytes = readData(name);
  if (bytes.byteLength % dim !== 0) throw new RangeError(`"${name}" expected rows of ${dim} bytes, got ${bytes.byteLength} bytes`);
  return { values: new Int8Array(aligned(bytes)), rows: bytes.byteLength / dim, dim };
}

// ---------------------------------------------------------------- which sets there are

/** One file per set whose presence stands for the whole folder. */
const MARKERS = {
  siftsmall: 'siftsmall/siftsmall_base.fvecs',
  'fashion-mnist': 'fashion-mnist/train-images-idx3-ubyte.gz',
  'bge-cqadupstack-768': 'bge-cqadupstack-768/base.fvecs',
  'met-clip-512': 'met-clip-512/vectors.fvecs',
  'arxiv-ml-gte-384': 'arxiv-ml-gte-384/vectors.fvecs',
  'word-vectors': 'word-vectors/glove-6B-2251x300.fvecs',
  'debian-packages-text': 'debian-packages-text/lsa96.i8',
  'splade-msmarco-sparse': 'splade-msmarco-sparse/vectors.jsonl.gz',
  cranfield: 'cranfield/corpus.jsonl.gz',
};

/** Which real sets were found. @returns {{ folder: string, found: string[], absent: string[] }} */
export function datasets() {
  const folder = dataFolder();
  const names = Object.keys(MARKERS);
  const found = names.filter((name) => existsSync(join(folder, MARKERS[/** @type {keyof typeof MARKERS} */ (name)])));
  return { folder, found, absent: names.filter((name) => !found.includes(name)) };
}

/** Is this real set on this machine? @param {string} name */
export const hasDataset = (name) => datasets().found.includes(name);

/** One sentence for a test's or bench's output. */
export function describeDatasets() {
  const { folder, found, absent } = datasets();
  const where = `${relative(process.cwd(), folder) || '.'}${process.env.ELANUS_DATA ? '' : ' (set ELANUS_DATA to look elsewhere)'}`;
  return `real data in ${where}: found ${found.length ? found.join(', ') : 'none'}; absent ${absent.length ? absent.join(', ') : 'none'}`;
}

// ---------------------------------------------------------------- randomness

/** mulberry32: uniform in [0, 1), the same everywhere for one seed. @param {number} seed */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * About normal: a sum of twelve uniforms. Only additions, so that equal seeds give equal bits on every engine, which
 * `Math.log` and `Math.cos` do not promise.
 * @param {() => number} uniform
 */
export function normal(uniform) {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform();
  return sum;
}

// ---------------------------------------------------------------- sets

/**
 * Clustered points that look like image descriptors: `clusters` centres in `latent` dimensions, normal noise around
 * them, mixed linearly into `dim` dimensions and rounded to whole numbers 0-255 (std 32). Queries come from the same
 * mixture and are not in the base. `spread`: std of a cluster against the std of the centres.
 * @param {{ rows?: number, queries?: number, dim?: number, latent?: number, clusters?: number, spread?: number, seed?: number }} [options]
 */
export function syntheticVectors({ rows = 100_000, queries = 1_000, dim = 128, latent = 24, clusters = 200, spread = 0.75, seed = 1 } = {}) {
  const uniform = random(seed);
  const centres = Float64Array.from({ length: clusters * latent }, () => normal(uniform));
  const mix = Float64Array.from({ length: latent * dim }, () => normal(uniform) / Math.sqrt(latent));
  const scale = 32 / Math.sqrt(1 + spread * spread);
  const point = new Float64Array(latent);
  const mixed = new Float64Array(dim);
  /** @param {number} n */
  const draw = (n) => {
    const values = new Float32Array(n * dim);
    for (let r = 0; r < n; r++) {
      const centre = Math.floor(uniform() * clusters) * latent;
      for (let i = 0; i < latent; i++) point[i] = centres[centre + i] + spread * normal(uniform);
      mixed.fill(0);
      for (let i = 0; i < latent; i++) {
        const p = point[i];
        for (let j = 0, m = i * dim; j < dim; j++, m++) mixed[j] += p * mix[m];
      }
      for (let j = 0; j < dim; j++) values[r * dim + j] = Math.min(255, Math.max(0, Math.round(128 + scale * mixed[j])));
    }
    return { values, rows: n, dim };
  };
  return { base: draw(rows), queries: draw(queries) };
}

/**
 * Rows of unit length, seeded, from the same clustered mixture: a stand-in for text embeddings of any dimension.
 * @param {{ rows: number, queries?: number, dim: number, seed?: number }} options
 */
export function syntheticUnitVectors({ rows, queries = 100, dim, seed = 1 }) {
  const set = syntheticVectors({ rows, queries, dim, seed, latent: Math.min(dim, 48) });
  for (const { values } of [set.base, set.queries]) {
    for (let r = 0; r < values.length; r += dim) {
      let norm = 0;
      for (let j = r; j < r + dim; j++) norm += (values[j] - 128) ** 2;
      const inverse = norm > 0 ? 1 / Math.sqrt(norm) : 0;
      for (let j = r; j < r + dim; j++) values[j] = (values[j] - 128) * inverse;
    }
  }
  return set;
}

export const SET_NAMES = ['siftsmall', 'bge-cqadupstack-768', 'fashion-mnist', 'synthetic'];

/**
 * A set to compare engines on, with exact neighbours by its metric. `rows` takes the first rows only (their neighbours are
 * then computed); `dim` is for the synthetic set alone. Real sets that are not on this machine answer null.
 * @param {string} name one of SET_NAMES
 * @param {{ rows?: number, queries?: number, k?: number, seed?: number, dim?: number }} [options]
 * @returns {VectorSet | null}
 */
export function loadSet(name, { rows, queries, k = 10, seed = 1, dim = 128 } = {}) {
  if (name === 'synthetic') {
    const shape = { rows: rows ?? 100_000, queries: queries ?? 1_000, dim, seed };
    const set = syntheticVectors(shape);
    return complete({ name, seed, metric: 'L2', ...set }, k, `synthetic-${shape.rows}-${shape.queries}-s${seed}${dim === 128 ? '' : `-d${dim}`}`);
  }
  const files = REAL_SETS[/** @type {keyof typeof REAL_SETS} */ (name)];
  if (files === undefined) throw new RangeError(`"name" expected one of ${SET_NAMES.join(', ')}, got ${name}`);
  if (!hasDataset(name)) return null;
  const base = head(files.read(files.base), rows);
  const set = { name, seed: null, metric: files.metric, base, queries: head(files.read(files.queries), queries ?? 1_000) };
  return complete(set, k, `${name}-${base.rows}-${set.queries.rows}`);
}

/**
 * The rows of the COSINE set have unit length, so that its neighbours by L2, which recall is judged by, are those by COSINE and IP.
 */
const REAL_SETS = {
  siftsmall: { metric: /** @type {const} */ ('L2'), read: readFvecs, base: 'siftsmall/siftsmall_base.fvecs', queries: 'siftsmall/siftsmall_query.fvecs' },
  'fashion-mnist': { metric: /** @type {const} */ ('L2'), read: images, base: 'fashion-mnist/train-images-idx3-ubyte.gz', queries: 'fashion-mnist/t10k-images-idx3-ubyte.gz' },
  'bge-cqadupstack-768': { metric: /** @type {const} */ ('COSINE'), read: readFvecs, base: 'bge-cqadupstack-768/base.fvecs', queries: 'bge-cqadupstack-768/query.fvecs' },
};

/** @param {string} name @returns {Matrix} */
function images(name) {
  const { shape, values } = readIdx(name);
  return { values: Float32Array.from(values), rows: shape[0], dim: shape[1] * shape[2] };
}

/** @param {Matrix} matrix @param {number} [rows] @returns {Matrix} */
function head(matrix, rows) {
  if (rows === undefined || rows >= matrix.rows) return matrix;
  return { values: matrix.values.slice(0, rows * matrix.dim), rows, dim: matrix.dim };
}

/** @param {Omit<VectorSet, 'limits' | 'k'>} set @param {number} k @param {string} key @returns {VectorSet} */
function complete(set, k, key) {
  const file = join(CACHE, `${key}-k${k}.ivecs`);
  let truth = existsSync(file) ? parseIvecs(readFileSync(file), file) : null;
  if (truth === null || truth.queries !== set.queries.rows || !isTruthOf(truth, set)) {
    truth = exactNeighbours(set.base, set.queries, k);
    const words = new Int32Array(truth.queries * (truth.k + 1));
    for (let q = 0; q < truth.queries; q++) {
      words[q * (truth.k + 1)] = truth.k;
      words.set(truth.rows.subarray(q * truth.k, (q + 1) * truth.k), q * (truth.k + 1) + 1);
    }
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(`${file}.part`, new Uint8Array(words.buffer));
    renameSync(`${file}.part`, file);
  }
  return { ...set, k, limits: kthDistances(set, truth) };
}

/**
 * Does a cached answer belong to these vectors? Two queries are searched again: enough to catch a changed generator.
 * @param {Neighbours} truth @param {{ base: Matrix, queries: Matrix }} set
 */
function isTruthOf(truth, set) {
  const { dim } = set.queries;
  for (const q of [0, set.queries.rows - 1]) {
    const one = exactNeighbours(set.base, { values: set.queries.values.slice(q * dim, (q + 1) * dim), rows: 1, dim }, truth.k);
    for (let i = 0; i < truth.k; i++) if (one.rows[i] !== truth.rows[q * truth.k + i]) return false;
  }
  return true;
}

// ---------------------------------------------------------------- exact neighbours and recall

/** Squared Euclidean distance of row `a` of one matrix and row `b` of another. @param {Matrix} x @param {number} a @param {Matrix} y @param {number} b */
export function squaredDistance(x, a, y, b) {
  const { dim } = x;
  const xs = x.values;
  const ys = y.values;
  let sum = 0;
  for (let i = 0, p = a * dim, q = b * dim; i < dim; i++) {
    const d = xs[p + i] - ys[q + i];
    sum += d * d;
  }
  return sum;
}

/**
 * Exact L2 neighbours by comparing everything, in double precision; ties go to the smaller row. The oracle: kept plain.
 * @param {Matrix} base @param {Matrix} queries @param {number} k @returns {Neighbours}
 */
export function exactNeighbours(base, queries, k) {
  const { dim } = base;
  const kept = Math.min(k, base.rows);
  const out = new Int32Array(queries.rows * kept);
  const distances = new Float64Array(kept);
  const rows = new Int32Array(kept);
  const values = base.values;
  const query = new Float32Array(dim);
  for (let q = 0; q < queries.rows; q++) {
    query.set(queries.values.subarray(q * dim, (q + 1) * dim));
    let n = 0;
    for (let r = 0, p = 0; r < base.rows; r++, p += dim) {
      const bound = n === kept ? distances[n - 1] : Infinity;
      let sum = 0;
      // Partial sums only grow, so a row may be given up as soon as it is behind the k-th.
      for (let from = 0; from < dim && sum < bound; from += 32) {
        const to = Math.min(dim, from + 32);
        for (let i = from; i < to; i++) {
          const d = values[p + i] - query[i];
          sum += d * d;
        }
      }
      if (n === kept && sum >= bound) continue;
      let at = n < kept ? n++ : n - 1;
      for (; at > 0 && distances[at - 1] > sum; at--) {
        distances[at] = distances[at - 1];
        rows[at] = rows[at - 1];
      }
      distances[at] = sum;
      rows[at] = r;
    }
    out.set(rows, q * kept);
  }
  return { rows: out, queries: queries.rows, k: kept };
}

/** Distance of the k-th neighbour of each query. Shape (queries). @param {{ base: Matrix, queries: Matrix }} set @param {Neighbours} truth */
function kthDistances(set, truth) {
  return Float64Array.from({ length: truth.queries }, (_, q) => squaredDistance(set.base, truth.rows[(q + 1) * truth.k - 1], set.queries, q));
}

/**
 * Recall at k by distance: a returned row counts when it is no farther than the exact k-th neighbour (with a relative
 * slack of 1e-6), so that ties are no misses. Rows are counted once however often they are returned.
 * @param {VectorSet} set
 * @param {(query: number) => ArrayLike<number>} rowsOf rows returned for a query
 */
export function recall(set, rowsOf) {
  let good = 0;
  for (let q = 0; q < set.queries.rows; q++) {
    const limit = set.limits[q] * (1 + 1e-6);
    const seen = new Set(Array.prototype.slice.call(rowsOf(q), 0, set.k));
    for (const row of seen) if (squaredDistance(set.base, row, set.queries, q) <= limit) good++;
  }
  return good / (set.queries.rows * Math.min(set.k, set.base.rows));
}
