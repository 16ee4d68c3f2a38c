import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIdbStore } from '../../src/storage/idb.ts';
import { openLocalStore } from '../../src/storage/local.ts';
import { openInThread, type ThreadStore } from '../support/thread-store.ts';
import { bytesOf, expectBytes, pattern, storeSuite } from '../contract/store.ts';

let counter = 0;
const freshName = (): string => `test-${Date.now()}-${counter++}`;

async function removeDatabase(name: string): Promise<void> {
  await deleteDB(`elanus:${name}`);
  const root = await navigator.storage.getDirectory();
  const parent = await root.getDirectoryHandle('elanus.local', { create: true });
  await parent.removeEntry(name, { recursive: true }).catch(() => undefined);
}

storeSuite('local store in a worker', () => {
  const name = freshName();
  const opened: ThreadStore[] = [];
  return {
    async open(options) {
      const store = await openInThread(`local:${name}`, options);
      opened.push(store);
      return store;
    },
    async remove() {
      for (const store of opened.splice(0)) store.kill();
      await removeDatabase(name);
    },
  };
});

storeSuite('local store on a page, where it is IndexedDB', () => {
  const name = freshName();
  return {
    open: (options) => openLocalStore(name, { ...options, onWarning: () => undefined }),
    remove: () => removeDatabase(name),
  };
});

describe('local store, beside the contract', () => {
  let name: string;
  const opened: ThreadStore[] = [];
  const open = async (options?: { readOnly?: boolean }): Promise<ThreadStore> => {
    const store = await openInThread(`local:${name}`, options);
    opened.push(store);
    return store;
  };

  beforeEach(() => {
    name = freshName();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) store.kill();
    await removeDatabase(name);
  });

  async function opfsNames(child: string): Promise<string[]> {
    let folder = await navigator.storage.getDirectory();
    for (const part of ['elanus.local', name, child]) folder = await folder.getDirectoryHandle(part);
    const found: string[] = [];
    for await (const key of folder.keys()) found.push(key);
    return found;
  }

  test('files are in the origin private file system, root and logs in IndexedDB', async () => {
    const store = await open();
    expect(store.sharedUrl).toBe(`local:${name}`);
    await store.write('a', [pattern(1_000)]);
    await store.logs.append('l', bytesOf('one'), true);
    await store.root.swap(null, bytesOf('root'));
    expect([await opfsNames('files'), await opfsNames('logs'), await opfsNames('root')]).toEqual([['a'], [], []]);
    const raw = await openDB(`elanus:${name}`, 1);
    expect([await raw.count('names'), await raw.count('chunks'), await raw.count('logs')]).toEqual([0, 0, 1]);
    expect(new TextDecoder().decode(await raw.get('meta', 'root'))).toBe('root');
    raw.close();
    await store.read('a', 0, 1);
    expect(await store.thread.readNow('a', [7], 10)).toEqual({ isThere: true, target: pattern(1_000).subarray(7, 17) });
  });

  test('what was made in a worker is not hidden on a page: NOT_SUPPORTED there, with advice, and INVALID_ARGUMENT as idb:', async () => {
    const store = await open();
    await store.write('a', [pattern(1_000)]);
    await store.root.swap(null, bytesOf('root'));
    await expect(openLocalStore(name)).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining('"mode"') });
    await expect(openIdbStore(name)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('local:') });
    expectBytes(await store.read('a'), pattern(1_000));
  });

  test('what was made on a page stays in IndexedDB, in workers too', async () => {
    const warnings: string[] = [];
    const page = await openLocalStore(name, { onWarning: (message) => warnings.push(message) });
    expect(page.sharedUrl).toBe(`idb:${name}`);
    await page.write('a', [pattern(1_000)]);
    await page.close();
    const store = await open();
    expect(store.sharedUrl).toBe(`idb:${name}`);
    expectBytes(await store.read('a'), pattern(1_000));
    await store.write('b', [pattern(1_000)]);
    await expect(opfsNames('files')).rejects.toMatchObject({ name: 'NotFoundError' });
    // The suite above has opened some on this page already, and a page warns once.
    expect(warnings.length).toBeLessThanOrEqual(1);
  });

  test('read-only of a database that is not there is NOT_FOUND and makes none', async () => {
    await expect(open({ readOnly: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await indexedDB.databases()).map((found) => found.name)).not.toContain(`elanus:${name}`);
    await expect(opfsNames('files')).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  test('destroy leaves nothing in either', async () => {
    const store = await open();
    await store.write('a', [pattern(1_000)]);
    await store.root.swap(null, bytesOf('root'));
    await store.destroy();
    await expect(opfsNames('files')).rejects.toMatchObject({ name: 'NotFoundError' });
    expect((await indexedDB.databases()).map((found) => found.name)).not.toContain(`elanus:${name}`);
  });

  test('half-written files of a thread that died are swept by who takes the lock', async () => {
    const victim = await open();
    let isWritten: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (isWritten = resolve));
    victim
      .write('a', (async function* () {
        yield pattern(2_000_000);
        isWritten();
        await new Promise(() => undefined);
      })())
      .catch(() => undefined);
    await written;
    victim.kill();
    const store = await open();
    expect((await opfsNames('tmp')).length).toBe(1);
    await expect.poll(() => store.lock().then(() => 'held', (error: { code: string }) => error.code)).toBe('held');
    expect(await opfsNames('tmp')).toEqual([]);
  });
});
