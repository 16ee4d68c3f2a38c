/** The files of the sample as they are written, and the data sets as they are read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

/** Writes packed files into a folder, and counts their bytes. */
export class Parts {
  total = 0;

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** @param {string} name @param {Uint8Array} bytes @returns the entry of the file in `sample.json` */
  write(name, bytes) {
    const packed = gzipSync(bytes, { level: 9 });
    writeFileSync(join(this.folder, name), packed);
    this.total += packed.length;
    console.log(`${name.padEnd(22)} ${String(packed.length).padStart(9)} bytes of ${bytes.length}`);
    return { name, bytes: bytes.length, packedBytes: packed.length };
  }

  /** @param {string} name @param {unknown} value */
  writeJson(name, value) {
    return this.write(name, Buffer.from(JSON.stringify(value)));
  }
}

/** Cuts rows into blocks: the first one is small, so that a page can be used when it is there. @returns {{ from: number, to: number }[]} */
export function blocksOf(rows, first, others) {
  const blocks = [];
  for (let from = 0; from < rows; ) {
    const to = Math.min(rows, from + (from === 0 ? first : others));
    blocks.push({ from, to });
    from = to;
  }
  return blocks;
}

/** @param {string} path of an fvecs file @returns {{ rows: number, dim: number, values: Float32Array }} */
export function readFvecs(path) {
  const bytes = readFileSync(path);
  const dim = bytes.readInt32LE(0);
  const rows = bytes.length / (4 + 4 * dim);
  const values = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) for (let i = 0; i < dim; i++) values[row * dim + i] = bytes.readFloatLE(row * (4 + 4 * dim) + 4 + 4 * i);
  return { rows, dim, values };
}

/** @param {string} path of a gzip file with a JSON object per line */
export function readLines(path) {
  return gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n').map((line) => JSON.parse(line));
}
