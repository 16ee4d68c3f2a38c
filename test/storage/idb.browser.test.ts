import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openIdbStore } from '../../src/storage/idb.ts';
import { sharedSuite } from '../contract/shared.ts';
import { bytesOf, expectBytes, pattern, storeSuite } from '../contract/store.ts';

let counter = 0;
const freshName = (): string => `test-${Date.now()}-${counter++}`;

storeSuite('IndexedDB store', () => {
  const name = freshName();
  return {
    open: (options) => openIdbStore(name, options),
    remove: () => deleteDB(`elanus:${name}`),
  };
});

sharedSuite('IndexedDB store, shared', () => {
  const name = freshName();
  return { open: () => openIdbStore(name), remove: () => deleteDB(`elanus:${name}`) };
});

describe('IndexedDB store, beside the contract', () => {
  let name: string;

  beforeEach(() => {
    name = freshName();
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await deleteDB(`elanus:${name}`);
  });

  test('read-only of a database that is not there is NOT_FOUND and makes none', async () => {
    await expect(openIdbStore(name, { readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await indexedDB.databases()).map((found) => found.name)).not.toContain(`elanus:${name}`);
  });

  test('a database of a newer library is FORMAT_UNSUPPORTED', async () => {
    (await openDB(`elanus:${name}`, 1_000)).close();
    await expect(openIdbStore(name)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });

  test('a newer library in another tab closes this connection with a clear error', async () => {
    const store = await openIdbStore(name);
    (await openDB(`elanus:${name}`, 1_000)).close();
    await expect(store.list()).rejects.toMatchObject({ code: 'CLOSED', message: expect.stringContaining('reload') });
    await expect(store.logs.append('a', bytesOf('x'))).rejects.toMatchObject({ code: 'CLOSED' });
    await store.close();
  });

  test('deleting the database in another tab closes this connection with a clear error', async () => {
    const store = await openIdbStore(name);
    await deleteDB(`elanus:${name}`);
    await expect(store.list()).rejects.toMatchObject({ code: 'CLOSED', message: expect.stringContaining('deleted') });
  });

  test('chunks of a file that was never named are swept with the lock, and those of named files stay', async () => {
    const store = await openIdbStore(name);
    await store.write('kept', [pattern(2_500_000)]);
    const raw = await openDB(`elanus:${name}`, 1);
    for (let i = 0; i < 3; i++) await raw.put('chunks', pattern(10), ['dead', i]);
    expect(await raw.count('chunks')).toBe(6);
    const lock = await store.lock();
    expect(await raw.count('chunks')).toBe(3);
    raw.close();
    expectBytes(await store.read('kept'), pattern(2_500_000));
    await lock.release();
    await store.close();
  });

  test('a lost record is CORRUPT and a short one too', async () => {
    const store = await openIdbStore(name);
    await store.write('a', [pattern(2_500_000)]);
    await store.close();
    const raw = await openDB(`elanus:${name}`, 1);
    const [first, second] = await raw.getAllKeys('chunks');
    await raw.delete('chunks', second);
    await raw.put('chunks', pattern(100), first);
    raw.close();
    const again = await openIdbStore(name);
    await expect(again.read('a', 1_200_000, 1_200_010)).rejects.toMatchObject({ code: 'CORRUPT', detail: { file: 'a' } });
    await expect(again.read('a', 0, 1_000)).rejects.toMatchObject({ code: 'CORRUPT', detail: { file: 'a' } });
    await again.close();
  });

  test('without Web Locks it works as one tab and says so', async () => {
    vi.stubGlobal('navigator', {});
    const warnings: string[] = [];
    const store = await openIdbStore(name, { onWarning: (message) => warnings.push(message) });
    const lock = await store.lock();
    await expect(store.lock()).rejects.toMatchObject({ code: 'LOCKED' });
    await lock.release();
    await (await store.lock()).release();
    expect(warnings).toEqual([expect.stringContaining('Web Locks')]);
    expect((await store.estimate()).quota).toBeNull();
    await store.close();
  });

  test('a full disk is QUOTA, leaves nothing half-written, and what was there stays', async () => {
    const store = await openIdbStore(name);
    await store.logs.append('l', bytesOf('kept'), true);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    const add = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    await expect(store.write('a', [pattern(100)])).rejects.toMatchObject({ code: 'QUOTA' });
    await expect(store.logs.append('l', bytesOf('lost'), true)).rejects.toMatchObject({ code: 'QUOTA' });
    await expect(store.root.swap(null, bytesOf('lost'))).rejects.toMatchObject({ code: 'QUOTA' });
    put.mockRestore();
    add.mockRestore();
    expect(await store.list()).toEqual([]);
    expect(new TextDecoder().decode(await store.logs.read('l'))).toBe('kept');
    expect(await store.root.read()).toBeNull();
    await store.write('a', [pattern(100)]);
    await store.close();
  });
});
