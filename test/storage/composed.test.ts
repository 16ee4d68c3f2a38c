import { describe, expect, test } from 'vitest';
import { composeStores, type SweepableStore } from '../../src/storage/composed.ts';
import { MemoryMedium, openMemoryStore } from '../../src/storage/memory.ts';
import { openTab, SharedMemoryMedium } from '../support/shared-memory.ts';
import { sharedSuite } from '../contract/shared.ts';
import { pattern, storeSuite } from '../contract/store.ts';

/** A memory store whose sweeps are counted. */
function sweepable(medium: MemoryMedium, readOnly = false): SweepableStore & { sweeps: number } {
  const store = openMemoryStore({ medium, readOnly }) as SweepableStore & { sweeps: number };
  store.sweeps = 0;
  store.sweep = async () => void store.sweeps++;
  return store;
}

storeSuite('composed store', () => {
  const base = new MemoryMedium();
  const files = new MemoryMedium();
  return {
    open: async ({ readOnly = false } = {}) => composeStores({ sharedUrl: 'both:', base: openMemoryStore({ medium: base, readOnly }), files: sweepable(files, readOnly) }),
    async remove() {
      base.clear();
      files.clear();
    },
  };
});

sharedSuite('shared logs of a composed store', () => {
  const medium = new SharedMemoryMedium();
  medium.now = Date.now();
  return { open: async () => composeStores({ sharedUrl: 'both:', base: openTab(medium).store, files: sweepable(new MemoryMedium()) }), remove: async () => {} };
});

describe('composed store, beside the contract', () => {
  test('files lie in the one, root and logs in the other', async () => {
    const [base, files] = [new MemoryMedium(), new MemoryMedium()];
    const store = composeStores({ sharedUrl: 'both:', base: openMemoryStore({ medium: base }), files: sweepable(files) });
    await store.write('a', [pattern(10)]);
    await store.logs.append('l', pattern(10));
    await store.root.swap(null, pattern(10));
    expect([base.files.size, base.logs.size, base.root?.length, files.files.size, files.logs.size, files.root]).toEqual([0, 1, 10, 1, 0, null]);
  });

  test('half-written files are swept by who takes the lock, or the lease of several tabs', async () => {
    const files = sweepable(new MemoryMedium());
    await composeStores({ sharedUrl: 'both:', base: openMemoryStore(), files }).lock();
    expect(files.sweeps).toBe(1);
    const medium = new SharedMemoryMedium();
    const tab = composeStores({ sharedUrl: 'both:', base: openTab(medium).store, files });
    const lease = await tab.shared!.peers.lead();
    expect(files.sweeps).toBe(2);
    expect(await composeStores({ sharedUrl: 'both:', base: openTab(medium).store, files }).shared!.peers.lead({ ifAvailable: true })).toBeNull();
    expect(files.sweeps).toBe(2);
    await lease!.release();
  });
});
