/** Seeded vectors and hashes for tests. */
import { mulberry32 } from '../../src/index/hnsw/levels.ts';

/** Seed of a run: `SEED` of the environment, or a fixed one; print it in a failure's message. */
export const SEED = Number(process.env['SEED'] ?? 20_240_229);

/** f32, shape (rows, dim), normal with mean 0 and deviation 1 (sum of twelve uniforms). */
export function randomVectors(rows: number, dim: number, seed: number): Float32Array {
  const next = mulberry32(SEED + seed * 7919);
  const values = new Float32Array(rows * dim);
  for (let i = 0; i < values.length; i++) {
    let sum = -6;
    for (let j = 0; j < 12; j++) sum += next() / 0x1_0000_0000;
    values[i] = sum;
  }
  return values;
}

/** FNV-1a over the bytes, in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}
