/**
 * Abstracts of machine-learning papers with vectors of GTE-small. `paper-vectors-N.gz`: n x 384 int16, little-endian, the
 * value times 10,000: the source rounds to four decimals, so this is exact, and data for which it is not are refused.
 * `papers-N.gz`: a JSON array of { title, text }, in the order of the vectors.
 */
import { join } from 'node:path';
import { blocksOf, readFvecs, readLines } from './parts.mjs';

const FIRST_BLOCK = 300;
const PER_BLOCK = 700;
const SCALE = 10_000;

export function makePapers(data, parts) {
  const { rows, dim, values } = readFvecs(join(data, 'arxiv-ml-gte-384/vectors.fvecs'));
  const scaled = Int16Array.from(values, (value, i) => {
    const whole = Math.round(value * SCALE);
    if (Math.fround(whole / SCALE) !== value) throw new Error(`row ${Math.floor(i / dim)}, element ${i % dim}: ${value} has more than four decimals`);
    return whole;
  });
  const texts = readLines(join(data, 'arxiv-ml-gte-384/docs.jsonl.gz')).map(({ title, text }) => ({ title, text }));
  if (texts.length !== rows) throw new Error(`${texts.length} abstracts for ${rows} vectors`);
  const blocks = blocksOf(rows, FIRST_BLOCK, PER_BLOCK).map(({ from, to }, i) => ({
    rows: to - from,
    texts: parts.writeJson(`papers-${i}.gz`, texts.slice(from, to)),
    vectors: parts.write(`paper-vectors-${i}.gz`, new Uint8Array(scaled.slice(from * dim, to * dim).buffer)),
  }));
  return { rows, dim, scale: SCALE, blocks };
}
