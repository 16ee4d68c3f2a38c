/**
 * Artworks of the Metropolitan Museum with vectors of CLIP.
 *
 * - `art-N.gz`: JSON, an array per field: `id` (the museum's number of the object), `title`, `artist`, `date` (the museum's
 *   words), `year_from`, `year_to` (numbers read from them, see `museum-date.mjs`; null where none can be), `medium`,
 *   `culture`, `classification`, `department` (null where the museum says nothing), `tags` (arrays of texts).
 * - `art-vectors-N.gz`: n x 512 int8 codes. Element i of a vector is `middle[i] + code / 127 * half[i]`.
 * - `art-ranges.gz`: the 512 middles, then the 512 halves, float32, little-endian: half the width of what element i takes.
 *
 * A row whose vector is all zeros (its picture was not read at the origin) is near nothing and is left out. The rows are in
 * no order at the origin, so the first block is a sample of all.
 */
import { join } from 'node:path';
import { blocksOf, readFvecs, readLines } from './parts.mjs';
import { exactCosine } from '../../web-demo/sample/exact.mjs';
import { readMuseumDate } from './museum-date.mjs';

const FIRST_BLOCK = 500;
const PER_BLOCK = 1_000;
const STEPS = 127;
/** The share of the true 10 nearest that must still be the 10 nearest by the codes. */
const NEIGHBOURS_KEPT = 0.99;
/** Where the museum says nothing there is an empty text at the origin. */
const OPTIONAL = ['date', 'medium', 'culture', 'classification'];

export function makeArt(data, parts) {
  const { rows: allRows, dim, values } = readFvecs(join(data, 'met-clip-512/vectors.fvecs'));
  const entries = readLines(join(data, 'met-clip-512/meta.jsonl.gz'));
  if (entries.length !== allRows) throw new Error(`${entries.length} artworks for ${allRows} vectors`);
  const kept = [...entries.keys()].filter((row) => values.subarray(row * dim, (row + 1) * dim).some((value) => value !== 0));
  const { middle, half } = rangesOf(kept, values, dim);
  const codes = new Int8Array(kept.length * dim);
  for (const [at, row] of kept.entries()) {
    for (let i = 0; i < dim; i++) codes[at * dim + i] = half[i] === 0 ? 0 : Math.round(((values[row * dim + i] - middle[i]) / half[i]) * STEPS);
  }
  const share = neighboursKept(
    Float32Array.from({ length: codes.length }, (_, at) => values[kept[Math.floor(at / dim)] * dim + (at % dim)]),
    Float32Array.from(codes, (code, at) => middle[at % dim] + (code / STEPS) * half[at % dim]),
    kept.length,
    dim,
  );
  console.log(`art: ${(100 * share).toFixed(1)} % of the 10 nearest stay`);
  if (share < NEIGHBOURS_KEPT) throw new Error(`codes keep ${share} of the neighbours, fewer than ${NEIGHBOURS_KEPT}`);
  const ranges = parts.write('art-ranges.gz', new Uint8Array(Float32Array.of(...middle, ...half).buffer));
  const blocks = blocksOf(kept.length, FIRST_BLOCK, PER_BLOCK).map(({ from, to }, i) => ({
    rows: to - from,
    texts: parts.writeJson(`art-${i}.gz`, columnsOf(kept.slice(from, to).map((row) => entries[row]))),
    vectors: parts.write(`art-vectors-${i}.gz`, new Uint8Array(codes.slice(from * dim, to * dim).buffer)),
  }));
  return { rows: kept.length, dim, steps: STEPS, ranges, blocks };
}

/** The middle and half the width of what each element takes. */
function rangesOf(kept, values, dim) {
  const middle = new Float32Array(dim);
  const half = new Float32Array(dim);
  for (let i = 0; i < dim; i++) {
    const column = kept.map((row) => values[row * dim + i]);
    const [least, most] = [Math.min(...column), Math.max(...column)];
    middle[i] = (least + most) / 2;
    half[i] = (most - least) / 2;
  }
  return { middle, half };
}

/** Over every tenth row: the share of its 10 nearest by the vectors that are its 10 nearest by the read back codes. */
function neighboursKept(vectors, readBack, rows, dim) {
  let found = 0;
  let queries = 0;
  for (let row = 0; row < rows; row += 10, queries++) {
    const nearest = (base) => exactCosine(base, rows, dim, base.subarray(row * dim, (row + 1) * dim), 11).rows.filter((other) => other !== row).slice(0, 10);
    const expected = new Set(nearest(vectors));
    found += nearest(readBack).filter((other) => expected.has(other)).length;
  }
  return found / (10 * queries);
}

function columnsOf(entries) {
  const spans = entries.map(({ date }) => readMuseumDate(date));
  const optional = Object.fromEntries(OPTIONAL.map((field) => [field, entries.map((entry) => (entry[field] === '' ? null : entry[field]))]));
  return {
    id: entries.map(({ id }) => id),
    title: entries.map(({ title }) => title),
    artist: entries.map(({ artist }) => artist),
    ...optional,
    year_from: spans.map((span) => span?.from ?? null),
    year_to: spans.map((span) => span?.to ?? null),
    department: entries.map(({ department }) => department),
    tags: entries.map(({ tags }) => tags),
  };
}
