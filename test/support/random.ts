/** Uniform in [0, 1), equal for equal seeds everywhere. */
import { mulberry32 } from '../../src/util/random.ts';

export function random(seed: number): () => number {
  const next = mulberry32(seed);
  return () => next() / 4_294_967_296;
}
