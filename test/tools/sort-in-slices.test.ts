/** Sorting with pauses against the sort of the language. */
import { expect, it } from 'vitest';
import { sortInSlices } from '../../src/tools/sort-in-slices.ts';
import { mulberry32 } from '../../src/util/random.ts';
import { SEED } from '../support/vectors.ts';

it(`sorts as Array.sort does, equal items in their order (seed ${SEED})`, async () => {
  const next = mulberry32(SEED);
  for (const length of [0, 1, 2, 2047, 2048, 2049, 4096, 5000, 20_000]) {
    const list = Array.from({ length }, (_, i) => ({ key: next() % 1000, i }));
    const copy = [...list];
    let pauses = 0;
    const sorted = await sortInSlices(list, (a, b) => a.key - b.key, () => {
      pauses++;
      return pauses % 3 === 0 ? Promise.resolve() : undefined;
    });
    expect(list).toEqual(copy);
    expect(sorted).toEqual(copy.sort((a, b) => a.key - b.key || a.i - b.i));
    expect(pauses).toBeGreaterThanOrEqual(Math.ceil(length / 2048));
  }
});
