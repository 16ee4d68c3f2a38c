/** What a first visitor waits for: every collection can be used when its first slice is there, and that is small. */
import { describe, beforeAll, expect, it } from 'vitest';
import { COLLECTIONS, measureFirstSlice } from '../../scripts/first-slice.mjs';
import { buildDemo } from '../../scripts/freshness.mjs';
import { executablePath } from './browser.ts';

const MOST_BYTES = 1_000_000;

/** Rows behind the first ones, and pictures that only ask: the page must do without them. */
const isLater = (path: string): boolean => /^sample\/.*-[1-9]\d*\.gz$/.test(path) || path === 'sample/unseen.gz';

describe.skipIf(executablePath === null)('the first slice', () => {
  beforeAll(buildDemo, 120_000);

  it.each(COLLECTIONS)('of %s is all that it needs, and at most 1 MB', { timeout: 90_000 }, async (collection) => {
    const { ms, bytes, files } = await measureFirstSlice(collection, { withhold: isLater });
    // Not judged: the machine may be busy.
    console.log(`${collection}: usable after ${(ms / 1000).toFixed(2)} s (10 Mbit/s, 40 ms, processor slowed 4 times) and ${Math.round(bytes / 1000)} kB`);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
    // Nothing twice: what was asked for early is what the page then uses.
    const whole = files.filter((file) => file.bytes > 1_000).map(({ path }) => path);
    expect(new Set(whole).size).toBe(whole.length);
  });
});
